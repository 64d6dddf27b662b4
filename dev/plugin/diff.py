"""Compares new inputs with the deployed object, in the engine's terms, and determines what forces a replacement."""

from collections.abc import Container, Iterable, Iterator
from typing import Any, TypeAlias

from pulumi.runtime.proto import provider_pb2

from dev.plugin.ignored_fields import hides
from dev.plugin.manifest import CLUSTER_ROLE_BINDING, CONFIG_MAP, JOB, SECRET, SERVICE, STATEFUL_SET, ResourceKind
from dev.plugin.property_values import UNKNOWN, Manifest

Path = tuple[str | int, ...]
PropertyDiff: TypeAlias = provider_pb2.PropertyDiff
Sort: TypeAlias = "provider_pb2.PropertyDiff.Kind.ValueType"

_IDENTITY: tuple[Path, ...] = (("metadata", "name"), ("metadata", "namespace"))
_FORCE_NEW: dict[ResourceKind, tuple[Path, ...]] = {
    STATEFUL_SET: (
        ("spec", "podManagementPolicy"),
        ("spec", "revisionHistoryLimit"),
        ("spec", "selector"),
        ("spec", "serviceName"),
        ("spec", "volumeClaimTemplates"),
    ),
    JOB: (("spec", "completions"), ("spec", "parallelism"), ("spec", "selector"), ("spec", "template")),
    SERVICE: (("spec", "clusterIP"),),
    CLUSTER_ROLE_BINDING: (("roleRef",),),
    SECRET: (("type",),),
}


_PAYLOAD: dict[ResourceKind, tuple[Path, ...]] = {
    CONFIG_MAP: (("binaryData",), ("data",)),
    SECRET: (("stringData",), ("data",)),
}


def force_new(
    kind: ResourceKind, inputs: Manifest, mutable: Container[ResourceKind], *, is_patch: bool
) -> tuple[Path, ...]:
    """Return the paths whose change forces a replacement; the payload of a mutable kind is changed in place."""
    if is_patch:
        return _IDENTITY
    is_mutable = kind in mutable and not inputs.get("immutable")
    return _IDENTITY + _FORCE_NEW.get(kind, ()) + (() if is_mutable else _PAYLOAD.get(kind, ()))


def detailed_diff(
    old: Manifest, new: Manifest, replacing: Iterable[Path], ignored: Iterable[str] = ()
) -> dict[str, PropertyDiff]:
    """Return the differences by property path. `old` is the live object, pruned to the shape of its inputs."""
    differences, ignored = {}, tuple(ignored)
    for path, sort, value in _walk((), old, new):
        spelled = spell(path)
        if hides(ignored, spelled, path):
            continue
        replaces_it = any(_touches(path, value, target) for target in replacing)
        kind = _REPLACING[sort] if replaces_it else sort
        differences[spelled] = PropertyDiff(kind=kind, inputDiff=sort == PropertyDiff.DELETE)
    return differences


_REPLACING: dict[Sort, Sort] = {
    PropertyDiff.ADD: PropertyDiff.ADD_REPLACE,
    PropertyDiff.DELETE: PropertyDiff.DELETE_REPLACE,
    PropertyDiff.UPDATE: PropertyDiff.UPDATE_REPLACE,
}


def replaces(differences: dict[str, PropertyDiff]) -> list[str]:
    """Return the property paths that force a replacement."""
    return [path for path, difference in differences.items() if difference.kind in _REPLACING.values()]


def _walk(path: Path, old: Any, new: Any) -> Iterator[tuple[Path, Sort, Any]]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in new:
            if key in old:
                yield from _walk((*path, key), old[key], new[key])
            else:
                yield (*path, key), PropertyDiff.ADD, new[key]
        for key in old.keys() - new.keys():
            yield (*path, key), PropertyDiff.DELETE, None
    elif isinstance(old, list) and isinstance(new, list):
        for i, (before, after) in enumerate(zip(old, new, strict=False)):
            yield from _walk((*path, i), before, after)
        for i in range(len(old), len(new)):
            yield (*path, i), PropertyDiff.ADD, new[i]
        for i in range(len(new), len(old)):
            yield (*path, i), PropertyDiff.DELETE, None
    elif new is UNKNOWN or old != new or isinstance(old, bool) != isinstance(new, bool):
        yield path, PropertyDiff.UPDATE, new


def _touches(path: Path, value: Any, target: Path) -> bool:
    """Whether a change at `path`, to `value`, also changes the path `target` above or below it."""
    if path[: len(target)] == target:
        return True
    if target[: len(path)] != path:
        return False
    for key in target[len(path) :]:
        if not isinstance(value, dict) or key not in value:
            return False
        value = value[key]
    return True


def spell(path: Path) -> str:
    """Write a property path as the engine does: `data["rm.addr"]`, `spec.ports[0].port`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif any(character in step for character in '."[]'):
            text += '["' + step.replace('"', '\\"') + '"]'
        else:
            text += f".{step}" if text else step
    return text
