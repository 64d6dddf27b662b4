"""Who set a field of a live object, and when, as far as the API server keeps count of it (`managedFields`)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from kube.comparison import FieldPath
from kube.manifest import Json, Manifest, at, items, mapping, text

PULUMI = "pulumi-kubernetes"
"""What the names of the plugin's field managers begin with."""


@dataclass(frozen=True, kw_only=True)
class Author:
    """Whoever sets fields under one name."""

    manager: str
    """What the client calls itself: `kubectl-edit`."""
    time: str
    """When it last set something of this object anew."""
    applies: bool
    """Whether it declares the object (server-side apply), rather than writing it."""


def author(live: Manifest, place: FieldPath) -> Author | None:
    """Name the last but us who set a field; nobody keeps count of who took one out, or put it in another place."""
    others = (each for each in _authors(live, place) if not each.manager.startswith(PULUMI))
    return max(others, key=lambda each: each.time, default=None)


def left_by_its_maker(live: Manifest, place: FieldPath) -> bool:
    """Whether somebody else made the object with this field, before this stack took it over, and left it alone since.

    An adopted object keeps what its maker put there and we do not declare. Times have a resolution of one second.
    """
    made = text(at(live, "metadata", "creationTimestamp"))
    makers = [each for each in _authors(live, ()) if each.time == made]
    there_from_the_start = {each for each in makers if not each.applies and not each.manager.startswith(PULUMI)}
    found = set(_authors(live, place))
    return there_from_the_start == set(makers) and bool(found) and found <= there_from_the_start


def _authors(live: Manifest, place: FieldPath) -> Iterator[Author]:
    for entry in map(mapping, items(at(live, "metadata", "managedFields"))):
        if entry.get("subresource") != "status" and _covers(entry.get("fieldsV1"), live, place):
            yield Author(
                manager=text(entry.get("manager")),
                time=text(entry.get("time")),
                applies=entry.get("operation") == "Apply",
            )


def _covers(fields: Json, value: Json, place: FieldPath) -> bool:
    """Follow a place into a set of fields; what ends early there is owned as a whole, a selector for instance."""
    for step in place:
        if not fields:
            return True
        value = _inside(value, step)
        child = next((child for key, child in mapping(fields).items() if _leads_to(key, step, value)), None)
        if child is None:
            return False
        fields = child
    return True


def _inside(value: Json, step: str | int) -> Json:
    if isinstance(step, int):
        return value[step] if isinstance(value, list) and step < len(value) else None
    return mapping(value).get(step)


def _leads_to(key: str, step: str | int, value: Json) -> bool:
    """Whether `f:image`, `k:{"name":"db"}`, `v:"get"` or `i:0` speaks of this step, which leads to the value."""
    sort, _, spelled = key.partition(":")
    if sort == "f":
        return spelled == step
    if not isinstance(step, int):
        return False
    if sort == "i":
        return spelled == str(step)
    known_by = json.loads(spelled) if sort in ("k", "v") else None
    if isinstance(known_by, dict):
        return all(mapping(value).get(field) == each for field, each in known_by.items())
    return sort == "v" and known_by == value
