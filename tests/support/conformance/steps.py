"""Reads the steps of `steps.yaml`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import yaml

from tests.support.conformance import DIRECTORY

Manifest = dict[str, Any]
Operation = Literal["preview", "up", "refresh", "destroy"]


@dataclass(frozen=True, kw_only=True)
class Foreign:
    """A kubectl command, as another client of the cluster."""

    kubectl: tuple[str, ...]
    stdin: Manifest | None


@dataclass(frozen=True, kw_only=True)
class Step:
    """A change, and the engine's operations on it."""

    name: str
    foreign: tuple[Foreign, ...]
    providers: Mapping[str, Manifest]
    """Options of all providers that the program declares in this step."""
    objects: Mapping[str, Manifest]
    """All objects that it declares."""
    operations: tuple[Operation, ...]


def load() -> tuple[Step, ...]:
    """Return all steps in order, each with everything that its program declares."""
    document = yaml.safe_load((DIRECTORY / "steps.yaml").read_text())
    lasting: Manifest = {"providers": document["providers"], "objects": document["objects"]}
    steps = []
    for entry in document["steps"]:
        declared = merge(lasting, {key: entry[key] for key in ("providers", "objects") if key in entry})
        if not entry.get("passing"):
            lasting = declared
        foreign = tuple(
            Foreign(kubectl=tuple(action["kubectl"]), stdin=action.get("stdin")) for action in entry.get("foreign", ())
        )
        steps.append(Step(name=entry["name"], foreign=foreign, operations=tuple(entry["run"]), **declared))
    return tuple(steps)


def merge(target: Any, patch: Any) -> Any:
    """Apply an RFC 7386 merge patch: `null` removes, maps merge, everything else replaces."""
    if not isinstance(patch, dict):
        return patch
    base = target if isinstance(target, dict) else {}
    merged = {key: merge(base.get(key), value) for key, value in patch.items() if value is not None}
    return {key: value for key, value in base.items() if key not in patch} | merged
