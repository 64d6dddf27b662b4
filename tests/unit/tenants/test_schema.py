"""The JSON Schema accepts what the linter accepts, and refuses the shapes that it refuses."""

from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from tenants import goyaml, schema
from tenants.kinds import Encrypted
from tenants.rules import RULES
from tests.support.faults import IN_ONE_VALUE
from tests.support.program import ROOT
from tests.support.strategies import Raw, sound_fleets

VALIDATOR = Draft202012Validator(schema.build())
FILES = ROOT / "tests" / "data" / "rules"
SHAPES = ("E101", "E103", "E104", "E106", "E201", "E202", "E501")
"""Rules that a schema can state completely."""

TENANT: Raw = {"name": "tenant3", "vip": "192.168.143.144", "hosts": {"master": "m1", "standby": "m2"}}


def as_written(value: Any) -> Any:
    """Return a value as an editor's YAML parser reads it: encrypted ones are maps."""
    if isinstance(value, Encrypted):
        return {"secure": str(value)}
    if isinstance(value, dict):
        return {key: as_written(inner) for key, inner in value.items()}
    return [as_written(inner) for inner in value] if isinstance(value, list) else value


def faults(document: Any) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(document)]


def test_the_schema_itself_is_a_schema() -> None:
    Draft202012Validator.check_schema(schema.build())


def test_the_file_for_editors_is_the_generated_one() -> None:
    assert (ROOT / "tenants" / "schema.json").read_text() == schema.document(), (
        "tenants/schema.json is stale; run `python -m tenants schema > tenants/schema.json`"
    )


@pytest.mark.parametrize("rule", RULES)
def test_every_good_file_fits_the_schema(rule: str) -> None:
    assert faults(as_written(goyaml.read((FILES / rule / "good.yaml").read_bytes()).root)) == []


def test_the_stack_file_of_the_repository_fits_the_schema() -> None:
    assert faults(as_written(goyaml.read((ROOT / "Pulumi.dev.yaml").read_bytes()).root)) == []


@settings(max_examples=100, deadline=None)
@given(sound_fleets())
def test_every_sound_fleet_fits_the_schema(raw: Raw) -> None:
    assert faults({"config": {f"adb-tenants:{section}": value for section, value in raw.items()}}) == []


@pytest.mark.parametrize(
    ("key", "value"), [(key, value) for rule in SHAPES for key, value in IN_ONE_VALUE[rule]], ids=repr
)
def test_a_wrong_shape_does_not_fit(key: str, value: Any) -> None:
    assert faults({"config": {"adb-tenants:tenants": [TENANT]}}) == []
    assert faults({"config": {"adb-tenants:tenants": [{**TENANT, key: value}]}}) != []
    if key not in TENANT and key != "master":
        assert faults({"config": {"adb-tenants:defaults": {key: value}, "adb-tenants:tenants": []}}) != []


@pytest.mark.parametrize("required", TENANT)
def test_a_missing_key_does_not_fit(required: str) -> None:
    entry = {key: value for key, value in TENANT.items() if key != required}
    assert faults({"config": {"adb-tenants:tenants": [entry]}}) != []


@pytest.mark.parametrize(
    "config",
    [{}, {"adb-tenants:tenants": {}}, {"adb-tenants:tenants": [], "adb-tenants:tenant": []}, {"tenants": [], "x": 1}],
    ids=repr,
)
def test_missing_misspelt_and_mistyped_sections_do_not_fit(config: Any) -> None:
    assert faults({"config": config}) != []


def test_keys_of_other_projects_are_ignored() -> None:
    config = {"aws:region": "eu-central-1", "kubernetes:context": 5, "tenants": []}
    assert faults({"config": config, "encryptionsalt": "v1:x"}) == []
