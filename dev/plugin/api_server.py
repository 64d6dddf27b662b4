"""Requests to the API server, in its own verbs."""

from collections.abc import Iterator
from typing import Any, Protocol

from dev.plugin.manifest import ServedKind, name_of, namespace_of
from dev.plugin.property_values import Manifest

FIELD_MANAGER = "pulumi-kubernetes"
"""The manager under which objects are created; the first update hands them over to the resource's own."""


class ApiError(Exception):
    """The API server said no; the text is its message."""

    def __init__(self, status: Manifest) -> None:
        super().__init__(status.get("message", ""))
        self.reason = str(status.get("reason", ""))
        self.details: Manifest = status.get("details") or {}


class UnreachableError(Exception):
    """There is no API server to ask; the text says why."""


class Transport(Protocol):
    """What carries the requests: `connection.Connection`."""

    def send(self, method: str, path: str, body: Any = None, **options: Any) -> Manifest:
        """One request and its JSON answer. Raises `ApiError` or `UnreachableError`."""

    def stream(self, path: str, **options: Any) -> Iterator[Manifest]:
        """A GET whose answer is one JSON document a line."""


class ApiServer:
    """One API server."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get(self, kind: ServedKind, namespace: str, name: str) -> Manifest:
        """The live object."""
        return self._transport.send("get", kind.path(namespace, name))

    def listing(self, kind: ServedKind, namespace: str) -> Manifest:
        """All objects of a kind in a namespace."""
        return self._transport.send("get", kind.path(namespace))

    def watch(self, kind: ServedKind, namespace: str, resource_version: str) -> Iterator[Manifest]:
        """Events since `resource_version`, until the server ends the stream."""
        path = kind.path(namespace)
        return self._transport.stream(path, watch=True, resource_version=resource_version, allow_watch_bookmarks=True)

    def create(self, kind: ServedKind, manifest: Manifest, namespace: str, *, dry_run: bool) -> Manifest:
        """A plain POST: an existing object is an error."""
        path, dry = kind.path(namespace), "All" if dry_run else None
        return self._transport.send("post", path, manifest, field_manager=FIELD_MANAGER, dry_run=dry)

    def apply(
        self, kind: ServedKind, manifest: Manifest, place: Manifest, manager: str, *, force: bool, dry_run: bool
    ) -> Manifest:
        """A server-side apply: creates what is missing, conflicts with other managers unless forced."""
        return self._transport.send(
            "patch",
            kind.path(namespace_of(place), name_of(place)),
            manifest,
            content_type="application/apply-patch+yaml",  # JSON is YAML.
            field_manager=manager,
            force_conflicts=force,
            dry_run="All" if dry_run else None,
        )

    def json_patch(self, kind: ServedKind, live: Manifest, operations: list[Manifest]) -> Manifest:
        """An RFC 6902 patch."""
        path = kind.path(namespace_of(live), name_of(live))
        return self._transport.send("patch", path, operations, content_type="application/json-patch+json")

    def delete(self, kind: ServedKind, namespace: str, name: str, propagation: str) -> None:
        """A deletion, which finalizers may delay."""
        self._transport.send("delete", kind.path(namespace, name), propagation_policy=propagation)
