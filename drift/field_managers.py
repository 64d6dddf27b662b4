"""Finds the field managers of a field of a live object (`managedFields`)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from kube.comparison import FieldPath
from kube.manifest import Json, Manifest, at, items, mapping, text

PULUMI = "pulumi-kubernetes"
"""The prefix of the plugin's own field managers."""


@dataclass(frozen=True, kw_only=True)
class FieldManager:
    """A client that has set fields of an object."""

    name: str
    """As the client calls itself: `kubectl-edit`."""
    time: str
    """When it last changed a field of the object."""
    applies: bool
    """Whether it used server-side apply, as opposed to a plain write."""


def latest_manager(live: Manifest, field_path: FieldPath) -> FieldManager | None:
    """Return the latest manager other than Pulumi that set the field. Removals and moves are not recorded."""
    others = (each for each in _managers(live, field_path) if not each.name.startswith(PULUMI))
    return max(others, key=lambda each: each.time, default=None)


def is_applied_by_pulumi(live: Manifest, field_path: FieldPath) -> bool:
    """Whether a stack, this one or another, declares the field."""
    return any(each.applies and each.name.startswith(PULUMI) for each in _managers(live, field_path))


def is_original(live: Manifest, field_path: FieldPath) -> bool:
    """Whether another client created the object with this field, before it was adopted, and has not changed it since.

    Adoption keeps fields that are not declared. Times have a resolution of one second.
    """
    created = text(at(live, "metadata", "creationTimestamp"))
    creators = [each for each in _managers(live, ()) if each.time == created]
    original_managers = {each for each in creators if not each.applies and not each.name.startswith(PULUMI)}
    found = set(_managers(live, field_path))
    return original_managers == set(creators) and bool(found) and found <= original_managers


def _managers(live: Manifest, field_path: FieldPath) -> Iterator[FieldManager]:
    for entry in map(mapping, items(at(live, "metadata", "managedFields"))):
        if entry.get("subresource") != "status" and _covers(entry.get("fieldsV1"), live, field_path):
            yield FieldManager(
                name=text(entry.get("manager")),
                time=text(entry.get("time")),
                applies=entry.get("operation") == "Apply",
            )


def _covers(fields: Json, value: Json, field_path: FieldPath) -> bool:
    """Whether a `fieldsV1` contains the field or, like a selector's, the whole of which it is a part."""
    for step in field_path:
        if not fields:
            return True
        value = _child(value, step)
        found = next((child for key, child in mapping(fields).items() if _matches(key, step, value)), None)
        if found is None:
            return False
        fields = found
    return True


def _child(value: Json, step: str | int) -> Json:
    if isinstance(step, int):
        return value[step] if isinstance(value, list) and step < len(value) else None
    return mapping(value).get(step)


def _matches(key: str, step: str | int, value: Json) -> bool:
    """Whether `f:image`, `k:{"name":"db"}`, `v:"get"` or `i:0` denotes this step, whose value is given."""
    sort, _, rest = key.partition(":")
    if sort == "f":
        return rest == step
    if not isinstance(step, int):
        return False
    if sort == "i":
        return rest == str(step)
    identity = json.loads(rest) if sort in ("k", "v") else None
    if isinstance(identity, dict):
        return all(mapping(value).get(field) == each for field, each in identity.items())
    return sort == "v" and identity == value
