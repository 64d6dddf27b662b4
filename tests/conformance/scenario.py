"""The steps that every plugin is put through, as `steps.yaml` has them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

Manifest = dict[str, Any]
Operation = Literal["preview", "up", "refresh", "destroy"]


@dataclass(frozen=True, kw_only=True)
class Foreign:
    """What somebody else does to the cluster, by kubectl."""

    kubectl: tuple[str, ...]
    stdin: Manifest | None


@dataclass(frozen=True, kw_only=True)
class Step:
    """One change, and the engine's operations upon it."""

    name: str
    foreign: tuple[Foreign, ...]
    providers: Mapping[str, Manifest]
    """Options of the providers that the program declares from here on."""
    objects: Mapping[str, Manifest]
    """The objects that it declares."""
    operations: tuple[Operation, ...]


def load() -> tuple[Step, ...]:
    """All steps in order, each with the whole of what its program declares."""
    document = yaml.safe_load((Path(__file__).parent / "steps.yaml").read_text())
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
    """An RFC 7386 merge patch: `null` removes, maps merge, everything else replaces."""
    if not isinstance(patch, dict):
        return patch
    base = target if isinstance(target, dict) else {}
    merged = {key: merge(base.get(key), value) for key, value in patch.items() if value is not None}
    return {key: value for key, value in base.items() if key not in patch} | merged
