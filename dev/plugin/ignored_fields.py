"""Applies `ignore_changes` as the official plugin does, in an update and in a diff."""

import copy
import re
from collections.abc import Iterable, Sequence
from typing import Any

from dev.plugin.manifest import pluck
from dev.plugin.property_values import Manifest


def as_live(inputs: Manifest, live: Manifest, manager: str, ignored: Iterable[str]) -> Manifest:
    """Return the inputs with the live values of the ignored fields, without those that only other managers own."""
    adjusted = copy.deepcopy(inputs)
    entries = live["metadata"].get("managedFields") or []
    for written in ignored:
        *parents, name = path = written.split(".")
        ours = any(_manages(entry, path) for entry in entries if entry["manager"] == manager)
        theirs = any(_manages(entry, path) for entry in entries if entry["manager"] != manager)
        value = pluck(live, *path)
        if theirs and not ours:
            (pluck(adjusted, *parents) or {}).pop(name, None)
        elif value is not None:
            parent = adjusted
            for key in parents:
                parent = parent.setdefault(key, {})
            parent[name] = copy.deepcopy(value)
    return adjusted


def _manages(entry: Manifest, path: Sequence[str]) -> bool:
    fields: Any = entry["fieldsV1"]
    for key in path:
        fields = fields.get(f"f:{key}")
        if fields is None:
            return False
    return True


def hides(ignored: Iterable[str], spelled: str, path: Sequence[str | int]) -> bool:
    """Whether a difference is in an ignored field; `spelled` is its path in the engine's spelling.

    The official plugin compares another spelling, which quotes a key with a hyphen (`labels["job-name"]`): such a key
    does not match, and remains a difference.
    """
    if any(isinstance(step, str) and _is_quoted_only_there(step) for step in path):
        return False
    return any(spelled == prefix or spelled.startswith((f"{prefix}.", f"{prefix}[")) for prefix in ignored)


def _is_quoted_only_there(key: str) -> bool:
    return re.search(r"\W", key, re.ASCII) is not None and re.search(r'[."\[\]]', key) is None
