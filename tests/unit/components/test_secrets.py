"""Encrypted configuration values are secret for the engine in every object."""

import base64
import json
from typing import Any

from tests.support.fleets import CONFIG
from tests.support.program import Program, run_program

CANARY = "canary-5f3a"


def with_canaries() -> dict[str, Any]:
    """The seed's tenant; each value of each shared object is a canary."""
    platform = {
        key: {"data": {name: f"{CANARY} {key} {name}" for name in shared["data"]}}
        for key, shared in CONFIG["platform"].items()
    }
    return {**CONFIG, "platform": platform}


def open_texts(program: Program) -> str:
    """Return everything that the engine receives as not secret."""
    found = program.resources.values()
    plain = [
        (each.urn, each.read_id, *(pair for pair in each.inputs.items() if pair[0] not in each.secret_inputs))
        for each in found
    ]
    return json.dumps([plain, program.exports])


def test_encrypted_values_are_secret_in_every_object() -> None:
    program = run_program(with_canaries(), encrypted=["platform"])
    plain = open_texts(program)
    secret = {found.name for found in program.resources.values() if found.secret_inputs}
    assert CANARY not in plain
    assert base64.b64encode(CANARY.encode()).decode()[:12] not in plain
    assert len(secret) == len(CONFIG["platform"]), "the data of each shared object is secret"


def test_names_of_shared_objects_are_not_secret() -> None:
    plain, encrypted = run_program(CONFIG), run_program(CONFIG, encrypted=["platform"])
    assert {urn: found.inputs for urn, found in encrypted.resources.items()} == {
        urn: found.inputs for urn, found in plain.resources.items()
    }
    differing = {
        found.name
        for urn, found in encrypted.resources.items()
        if found.secret_inputs != plain.resources[urn].secret_inputs
    }
    assert differing == {"adbops-cm", "mysql-configmap"}, "unencrypted ConfigMaps are readable in reviews"
