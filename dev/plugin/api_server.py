"""Requests to the API server, by verb."""

from collections.abc import Iterator
from typing import Any, Protocol

from dev.plugin.manifest import ResourceKind, name_of, namespace_of
from dev.plugin.property_values import Manifest

FIELD_MANAGER = "pulumi-kubernetes"
"""The field manager of creations; the first update transfers the fields to the resource's own manager."""


class ApiError(Exception):
    """The API server returned an error; the text is its message."""

    def __init__(self, status: Manifest) -> None:
        super().__init__(status.get("message", ""))
        self.reason = str(status.get("reason", ""))
        self.details: Manifest = status.get("details") or {}


class UnreachableError(Exception):
    """The API server cannot be reached; the text says why."""


class Transport(Protocol):
    """Sends the requests: `connection.Connection`."""

    def send(self, method: str, path: str, body: Any = None, **options: Any) -> Manifest:
        """Send a request and return its JSON response; raises `ApiError` or `UnreachableError`."""

    def stream(self, path: str, **options: Any) -> Iterator[Manifest]:
        """Send a GET and yield the JSON documents of its response, one per line."""


class ApiServer:
    """One API server."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get(self, kind: ResourceKind, namespace: str, name: str) -> Manifest:
        return self._transport.send("get", kind.path(namespace, name))

    def listing(self, kind: ResourceKind, namespace: str) -> Manifest:
        return self._transport.send("get", kind.path(namespace))

    def watch(self, kind: ResourceKind, namespace: str, resource_version: str) -> Iterator[Manifest]:
        """Yield events since `resource_version`, until the server ends the stream."""
        path = kind.path(namespace)
        return self._transport.stream(path, watch=True, resource_version=resource_version, allow_watch_bookmarks=True)

    def create(self, kind: ResourceKind, manifest: Manifest, namespace: str, *, dry_run: bool) -> Manifest:
        """Create an object by a POST; an existing object is an error."""
        path, dry = kind.path(namespace), "All" if dry_run else None
        return self._transport.send("post", path, manifest, field_manager=FIELD_MANAGER, dry_run=dry)

    def apply(
        self, kind: ResourceKind, manifest: Manifest, target: Manifest, manager: str, *, force: bool, dry_run: bool
    ) -> Manifest:
        """Apply a manifest server-side to the object `target`; without force, other managers cause conflicts."""
        return self._transport.send(
            "patch",
            kind.path(namespace_of(target), name_of(target)),
            manifest,
            content_type="application/apply-patch+yaml",  # JSON is YAML.
            field_manager=manager,
            force_conflicts=force,
            dry_run="All" if dry_run else None,
        )

    def json_patch(self, kind: ResourceKind, live: Manifest, operations: list[Manifest]) -> Manifest:
        """Send an RFC 6902 patch."""
        path = kind.path(namespace_of(live), name_of(live))
        return self._transport.send("patch", path, operations, content_type="application/json-patch+json")

    def delete(self, kind: ResourceKind, namespace: str, name: str, propagation: str) -> None:
        """Delete an object, which finalizers may delay."""
        self._transport.send("delete", kind.path(namespace, name), propagation_policy=propagation)
