"""Reads JSON that others wrote: a missing key and a wrong type are the same as nothing there, never an exception."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import TypeAlias

Json: TypeAlias = object
"""Whatever `json.loads` returned."""
Manifest: TypeAlias = Mapping[str, Json]
"""A Kubernetes object, or a part of one."""

Key: TypeAlias = tuple[str, str, str]
"""Kind, namespace (empty for what has none) and name of an object."""

NOTHING: Manifest = {}


def key_of(manifest: Manifest) -> Key:
    """Kind, namespace and name of an object."""
    metadata = mapping(manifest.get("metadata"))
    return text(manifest.get("kind")), text(metadata.get("namespace")), text(metadata.get("name"))


def mapping(value: Json) -> Manifest:
    """Take the value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else NOTHING


def text(value: Json) -> str:
    """Take the value if it is a string, else an empty one."""
    return value if isinstance(value, str) else ""


def number(value: Json) -> int | None:
    """Take the value if it is a whole number; Pulumi writes 1 as `1` or `1.0`."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
        return None
    return int(value)


def items(value: Json) -> Iterator[Json]:
    """Walk a list; what is none has no items."""
    return iter(value) if isinstance(value, list) else iter(())


def at(value: Json, *keys: str) -> Json:
    """Follow keys into nested objects; `None` where the way ends."""
    for key in keys:
        value = mapping(value).get(key)
    return value


def named(value: Json, name: str) -> Manifest:
    """The object of a list whose `name` is this one: a container, a volume, a variable."""
    return next((entry for entry in map(mapping, items(value)) if entry.get("name") == name), NOTHING)


def joined(path: str, key: str) -> str:
    """Spell a path as Pulumi does: `data["rm.addr"]`."""
    if not re.fullmatch(r"[A-Za-z_][\w-]*", key):
        return f"{path}[{json.dumps(key, ensure_ascii=False)}]"
    return f"{path}.{key}" if path else key
