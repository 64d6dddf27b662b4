import json
from pathlib import Path
from typing import Any

import yaml

from dev.bench import fleets, objects
from dev.bench.objects import Objects
from tests.support.program import run_program

SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}


def state(*resources: dict[str, Any]) -> str:
    return json.dumps({"version": 3, "deployment": {"resources": resources}})


def test_other_tools_get_the_objects_that_the_program_declares(tmp_path: Path) -> None:
    declared = run_program(fleets.fleet(2)).manifests()
    made = Objects.of_state(state(*({"type": "kubernetes:any:Kind", "inputs": inputs} for inputs in declared)))

    assert [*made.node_labels, *made.owned] == sorted(declared, key=lambda manifest: manifest["kind"] != "Node")
    assert {manifest["metadata"]["name"] for manifest in made.node_labels} == {
        node.name for node in fleets.nodes(fleets.fleet(2))
    }
    file = objects.write(made.owned, tmp_path / "chart" / "templates" / "fleet.yaml")
    assert [document for document in yaml.safe_load_all(file.read_text()) if document] == made.owned
    # Helm would run it as a template.
    assert "{{" not in file.read_text()


def test_secrets_are_decoded_and_external_resources_left_out() -> None:
    secret = {"kind": "Secret", "data": {**SECRET, "plaintext": json.dumps({"user": "YWRi"})}, "__note": "own"}
    made = Objects.of_state(
        state(
            {"type": "pulumi:providers:kubernetes", "inputs": {"context": "prod"}},
            {"type": "adb:tenants:Tenant"},
            {"type": "kubernetes:core/v1:Node", "inputs": {"kind": "Node"}, "external": True},
            {"type": "kubernetes:core/v1:Secret", "inputs": secret},
        )
    )
    assert made == Objects(node_labels=[], owned=[{"kind": "Secret", "data": {"user": "YWRi"}}])
