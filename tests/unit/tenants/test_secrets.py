"""An encrypted value is shown nowhere: canaries are planted wherever the contract takes a value, and looked for."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path as File
from typing import Any

import pytest

from tenants import FleetError, formats, load, load_texts, schema
from tenants.findings import FieldPath, path_text
from tenants.lint import lint
from tenants.rules.shape import ENCRYPTED
from tests.support.fleets import CONFIG
from tests.support.strategies import Raw, stack_file

CANARIES = ("canary-5f3a", "Canary 5f3a: ../{}", "12345678987654321")
"""What many keys would take, what few would, and what is a number to JSON."""


def places(part: Mapping[str, Any], path: FieldPath = ()) -> Iterator[FieldPath]:
    """Find where the contract takes a value, by its JSON Schema: sections, maps, lists and single values."""
    if path:
        yield path
    for choice in part.get("anyOf", ()):
        yield from (place for place in places(choice, path) if place != path)
    for key, inner in part.get("properties", {}).items():
        yield from places(inner, (*path, key))
    if isinstance(part.get("additionalProperties"), dict):
        for key in (*part.get("required", ()), "any.key"):
            yield from places(part["additionalProperties"], (*path, key))
    if "items" in part:
        yield from places(part["items"], (*path, 0))


SECTIONS = {name: part for name, part in schema.build()["$defs"].items() if name != "secure"}
PLACES = sorted({place for name, part in SECTIONS.items() for place in places(part, (name,))}, key=str)
OF_DATA = {place for place in PLACES if place[0] == "platform" and place[2:3] == ("data",) and len(place) == 4}


def planted(path: FieldPath, value: Any, within: Any = CONFIG) -> Any:
    """A sound configuration, but for this value."""
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        entries = within if isinstance(within, list) else [None]
        return [planted(rest, value, entries[0]), *entries[1:]]
    entry = within if isinstance(within, dict) else {}
    return {**entry, step: planted(rest, value, entry.get(step))}


def refusal(raw: Raw, encrypted: str) -> FleetError | None:
    """Return how the program refuses a configuration with encrypted values in a section."""
    try:
        load(raw, encrypted=[encrypted])
    except FleetError as error:
        return error
    return None


def test_the_walk_finds_every_kind_of_place() -> None:
    found = {path_text(place) for place in PLACES}
    some = {"cluster", "cluster.context", "cluster.vipPools[0].segment", "tenants[0].promotion.command[0]"}
    more = {"defaults.waive[0].reason", "tenants[0].tolerations[0].value", "platform.mysql.name", "tenants[0].adopt"}
    assert some | more <= found
    assert {place[1] for place in OF_DATA} == set(SECTIONS["platform"]["properties"])
    assert len(found) > 120


@pytest.mark.parametrize("place", PLACES, ids=path_text)
def test_lint_refuses_and_never_shows_a_misplaced_encrypted_value(place: FieldPath) -> None:
    for canary in CANARIES:
        text, _ = stack_file(planted(place, {"secure": canary}))
        report = lint("Pulumi.dev.yaml", text.encode())
        if place in OF_DATA:
            assert not report.findings
        else:
            assert (ENCRYPTED, path_text(place)) in {(finding.rule, finding.path) for finding in report.faults}
        for name, write in formats.FORMATS.items():
            assert canary not in write([report]), f"format {name} shows it"


@pytest.mark.parametrize("place", PLACES, ids=path_text)
def test_the_program_refuses_what_lint_refuses_and_never_shows_it(place: FieldPath, tmp_path: File) -> None:
    file = tmp_path / "Pulumi.dev.yaml"
    for canary in CANARIES:
        file.write_text(stack_file(planted(place, {"secure": canary}))[0])
        texts = {section: json.dumps(value) for section, value in planted(place, canary).items()}
        if place in OF_DATA:
            assert load_texts(texts, encrypted=["platform"], file=file).platform.encrypted
            continue
        with pytest.raises(FleetError) as refused:
            load_texts(texts, encrypted=[str(place[0])], file=file)
        assert {(fault.rule, fault.path) for fault in refused.value.findings} == {(ENCRYPTED, place)}
        assert canary not in str(refused.value)


@pytest.mark.parametrize("place", PLACES, ids=path_text)
def test_without_a_stack_file_no_value_of_an_encrypted_section_is_shown(place: FieldPath) -> None:
    for canary in (*CANARIES, 12345678987654321, {"canary-5f3a": "canary-5f3a"}, ["canary-5f3a"]):
        raw, secret = planted(place, canary), "canary-5f3a" if isinstance(canary, dict | list) else str(canary)
        refused = refusal(raw, str(place[0]))
        assert secret not in str(refused)
        if place[0] != "platform":
            assert refused is not None, "taken although it holds an encrypted value"
            assert {fault.rule for fault in refused.findings} == {ENCRYPTED}


@pytest.mark.parametrize("place", sorted(OF_DATA, key=str), ids=path_text)
def test_a_plain_value_of_a_shared_object_is_not_shown(place: FieldPath) -> None:
    for number in (12345678987654321, {"canary-5f3a": 1}, [12345678987654321]):
        report = lint("Pulumi.dev.yaml", stack_file(planted(place, number))[0].encode())
        assert report.faults
        for name, write in formats.FORMATS.items():
            assert not {"12345678987654321", "canary-5f3a"} & set(write([report]).replace('"', " ").split()), name


def test_a_section_that_is_no_json_is_not_shown(tmp_path: File) -> None:
    for section in SECTIONS:
        with pytest.raises(FleetError) as refused:
            load_texts({**dict.fromkeys(SECTIONS), section: "Canary: {"}, encrypted=[section], file=tmp_path / "none")
        assert "Canary" not in str(refused.value)
