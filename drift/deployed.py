"""Reads what a stack deployed, from its state: `pulumi stack export --show-secrets`."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from kube.json_text import UnreadableError, document
from kube.manifest import Json, Key, Manifest, at, items, key_of, mapping, text
from kube.masking import SECRET_SIGNATURE
from kube.urn import parse_urn

HELD = ("data", "stringData", "binaryData")


@dataclass(frozen=True, kw_only=True)
class Declared:
    """One object as it was declared."""

    manifest: Manifest
    in_part: bool
    """Whether only these fields of it were declared, the object being somebody else's: a `NodePatch`."""
    uid: str
    """Of the object that was there when the stack was last brought up."""
    secret_fields: frozenset[str]
    """Top-level fields whose values must not be shown."""

    @property
    def key(self) -> Key:
        """By which it is found again in the cluster."""
        return key_of(self.manifest)


@dataclass(frozen=True, kw_only=True)
class DeployedStack:
    """Everything of a stack that is in the cluster."""

    stack: str
    context: str | None
    """The kubeconfig's context that it was brought up with; `None` is the current one."""
    objects: tuple[Declared, ...]


def parse(raw: bytes) -> DeployedStack:
    """Read an exported state.

    Raises:
        UnreadableError: It is none, or its secrets are encrypted.
    """
    deployment = at(document(raw), "deployment")
    if not isinstance(deployment, dict):
        raise UnreadableError("it has no `deployment`: it is not what `pulumi stack export` prints")
    # What is about to be deleted is no longer declared, and what is only read never was.
    resources = [
        resource
        for resource in map(mapping, items(deployment.get("resources")))
        if not resource.get("delete") and not resource.get("external")
    ]
    providers = [resource for resource in resources if resource.get("type") == "pulumi:providers:kubernetes"]
    return DeployedStack(
        stack=next((text(resource.get("urn")).split("::")[0].rpartition(":")[2] for resource in resources), ""),
        context=next((text(at(provider, "inputs", "context")) for provider in providers), "") or None,
        objects=tuple(
            _declared(resource) for resource in resources if text(resource.get("type")).startswith("kubernetes:")
        ),
    )


def _declared(resource: Manifest) -> Declared:
    urn = parse_urn(text(resource.get("urn")))
    # Beside what is declared, the plugin keeps its own books there: `__fieldManager` and others.
    inputs = {key: value for key, value in mapping(resource.get("inputs")).items() if not key.startswith("__")}
    secret_fields = {key for key, value in inputs.items() if _holds_secret(value)}
    if urn.kind == "Secret" or any(kind.endswith(":Platform") for kind in urn.types):
        secret_fields |= set(HELD)
    manifest = {key: _in_plain_words(value) for key, value in inputs.items()}
    namespace = text(at(resource, "outputs", "metadata", "namespace"))
    if namespace:
        manifest["metadata"] = {"namespace": namespace, **mapping(manifest.get("metadata"))}
    return Declared(
        manifest=manifest,
        in_part=urn.kind.endswith("Patch"),
        uid=text(at(resource, "outputs", "metadata", "uid")),
        secret_fields=frozenset(secret_fields),
    )


def _holds_secret(value: Json) -> bool:
    return any(SECRET_SIGNATURE in found for found in _objects_in(value))


def _objects_in(value: Json) -> Iterator[Mapping[str, Json]]:
    if isinstance(value, dict):
        yield value
        for child in value.values():
            yield from _objects_in(child)
    for member in items(value):
        yield from _objects_in(member)


def _in_plain_words(value: Json) -> Json:
    if isinstance(value, dict):
        if SECRET_SIGNATURE not in value:
            return {key: _in_plain_words(child) for key, child in value.items()}
        try:
            return _in_plain_words(json.loads(text(value.get("plaintext"))))
        except ValueError as error:
            raise UnreadableError("its secrets are encrypted: export it with `--show-secrets`") from error
    return [_in_plain_words(member) for member in items(value)] if isinstance(value, list) else value
