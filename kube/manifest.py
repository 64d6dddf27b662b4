"""Reads JSON of unknown shape: a missing key and a value of the wrong type count as absent, and raise no exception."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import TypeAlias

Json: TypeAlias = object
"""Whatever `json.loads` returned."""
Manifest: TypeAlias = Mapping[str, Json]
"""A Kubernetes object, or a part of one."""

Key: TypeAlias = tuple[str, str, str]
"""Kind, namespace (empty for a cluster-scoped object) and name of an object."""

NOTHING: Manifest = {}


def key_of(manifest: Manifest) -> Key:
    """Return kind, namespace and name of an object."""
    metadata = mapping(manifest.get("metadata"))
    return text(manifest.get("kind")), text(metadata.get("namespace")), text(metadata.get("name"))


def mapping(value: Json) -> Manifest:
    """Return the value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else NOTHING


def text(value: Json) -> str:
    """Return the value if it is a string, else an empty one."""
    return value if isinstance(value, str) else ""


def number(value: Json) -> int | None:
    """Return the value if it is a whole number; Pulumi writes 1 as `1` or `1.0`."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
        return None
    return int(value)


def items(value: Json) -> Iterator[Json]:
    """Iterate over the value if it is a list, else over nothing."""
    return iter(value) if isinstance(value, list) else iter(())


def at(value: Json, *keys: str) -> Json:
    """Return the value at a path of keys, or `None`."""
    for key in keys:
        value = mapping(value).get(key)
    return value


def named(value: Json, name: str) -> Manifest:
    """Return the list member with this `name`: a container, a volume, a variable."""
    return next((entry for entry in map(mapping, items(value)) if entry.get("name") == name), NOTHING)


def joined(path: str, key: str) -> str:
    """Append a key to a path, spelled as Pulumi does: `data["rm.addr"]`."""
    if not re.fullmatch(r"[A-Za-z_][\w-]*", key):
        return f"{path}[{json.dumps(key, ensure_ascii=False)}]"
    return f"{path}.{key}" if path else key
