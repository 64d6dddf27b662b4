"""Reads what a stack deployed from its exported state (`pulumi stack export --show-secrets`)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from kube.comparison import overlay
from kube.json_text import UnreadableError, document
from kube.manifest import Key, Manifest, at, items, key_of, mapping, text
from kube.masking import contains_secret, revealed
from kube.urn import parse_urn
from tenants.objects import may_hold_secrets

PAYLOAD = ("data", "stringData", "binaryData")


@dataclass(frozen=True, kw_only=True)
class Declared:
    """One declared object."""

    manifest: Manifest
    is_patch: bool
    """Whether the stack declares only these fields, and not the object: a `NodePatch`, a `ConfigMapPatch`."""
    uid: str
    """Of the object that existed when the stack was last updated."""
    secret_fields: frozenset[str]
    """Top-level fields whose values must not be shown."""

    @property
    def key(self) -> Key:
        return key_of(self.manifest)


@dataclass(frozen=True, kw_only=True)
class DeployedStack:
    """A stack's objects in the cluster."""

    stack: str
    context: str | None
    """The kubeconfig context of the stack's provider; `None` is the current one."""
    objects: tuple[Declared, ...]


def parse(raw: bytes) -> DeployedStack:
    """Parse an exported state; raises `UnreadableError` if it is not one, or if its secrets are encrypted."""
    deployment = at(document(raw), "deployment")
    if not isinstance(deployment, dict):
        raise UnreadableError("no `deployment`: this is not the output of `pulumi stack export`")
    # Resources pending deletion are no longer declared, and external ones never were.
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


def by_object(declared: Iterable[Declared]) -> tuple[Declared, ...]:
    """Merge what a stack declares of each object: the object, and its patches, a VIP in a node's ConfigMap each."""
    found: dict[Key, Declared] = {}
    for each in sorted(declared, key=lambda each: each.is_patch):
        first = found.get(each.key, each)
        found[each.key] = replace(
            first,
            manifest=mapping(overlay(first.manifest, each.manifest)),
            secret_fields=first.secret_fields | each.secret_fields,
        )
    return tuple(found.values())


def _declared(resource: Manifest) -> Declared:
    urn = parse_urn(text(resource.get("urn")))
    # The plugin adds fields of its own to the inputs: `__fieldManager` and others.
    inputs = {key: value for key, value in mapping(resource.get("inputs")).items() if not key.startswith("__")}
    secret_fields = {key for key, value in inputs.items() if contains_secret(value)}
    if may_hold_secrets(urn):
        secret_fields |= set(PAYLOAD)
    manifest = {key: revealed(value) for key, value in inputs.items()}
    namespace = text(at(resource, "outputs", "metadata", "namespace"))
    if namespace:
        manifest["metadata"] = {"namespace": namespace, **mapping(manifest.get("metadata"))}
    return Declared(
        manifest=manifest,
        is_patch=urn.kind.endswith("Patch"),
        uid=text(at(resource, "outputs", "metadata", "uid")),
        secret_fields=frozenset(secret_fields),
    )
