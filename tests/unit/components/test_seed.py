"""Compares tenant3's declared objects with the seed: its Java service's JSON and its live cluster's YAML.

`tests/data/seed/` contains both unchanged; `differences.yaml` lists each field that differs today, and why.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.support.fleets import CONFIG
from tests.support.program import ROOT, Manifest, Program, run_program

SEED = ROOT / "tests" / "data" / "seed"
SEED_OBJECTS = sorted([*(SEED / "java").glob("*.json"), *(SEED / "live").glob("*.yaml")])
DIFFERENCES: dict[str, dict[str, str]] = yaml.safe_load((SEED / "differences.yaml").read_text())
"""By seed object (`java/…`, `live/…`): path of the field -> why it differs."""


@pytest.fixture(scope="module")
def tenant3() -> Program:
    return run_program(CONFIG)


def declared_object(program: Program, seed: Manifest) -> Manifest:
    """Return the declared object for a seed object; for a live pod, its controller's template."""
    name = seed["metadata"]["name"]
    if seed["kind"] != "Pod":
        return program.manifest(seed["kind"], name)
    owner = seed["metadata"]["generateName"].removesuffix("-")
    kind = "StatefulSet" if seed["metadata"]["labels"].get("app") == "adb" else "ReplicationController"
    template: Manifest = program.manifest(kind, owner)["spec"]["template"]
    return {"apiVersion": "v1", "kind": "Pod", **template}


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, object]]:
    """Yield `(path, value)` of every scalar; list items are named by their name, key or mount path."""
    match value:
        case dict():
            for key, child in value.items():
                yield from leaves(child, f"{path}.{key}" if path else str(key))
            if not value:
                yield path, {}
        case list():
            for index, child in enumerate(value):
                label = index
                if isinstance(child, dict):
                    label = child.get("mountPath") or child.get("name") or child.get("key") or index
                yield from leaves(child, f"{path}[{label}]")
        case _:
            yield path, value


@pytest.mark.parametrize("path", SEED_OBJECTS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_difference_from_the_seed_is_explained(path: Any, tenant3: Program) -> None:
    seed = yaml.safe_load(path.read_text())
    today = dict(leaves(declared_object(tenant3, seed)))
    different = {field for field, value in leaves(seed) if today.get(field) != value}
    explained = set(DIFFERENCES.get(f"{path.parent.name}/{path.stem}", {}))
    assert different == explained, (
        f"not declared as in the seed and not explained: {sorted(different - explained)}; "
        f"explained but not different: {sorted(explained - different)}"
    )


def test_differences_name_only_seed_objects() -> None:
    assert set(DIFFERENCES) <= {f"{path.parent.name}/{path.stem}" for path in SEED_OBJECTS}
