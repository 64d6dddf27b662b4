"""What holds of every fleet and of every file: 5,000 examples, many more under `nightly`."""

import json
import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenants import Fleet, formats, load
from tenants.contract import SETTINGS
from tenants.findings import Findings
from tenants.lint import exit_code, lint
from tenants.maps import Section
from tests.support.strategies import Raw, sound_fleets, stack_file

# Hypothesis' own deadline is for idle machines; a hang exceeds the limit below, or pytest's.
settings.register_profile("fleets", deadline=None)
settings.load_profile("fleets")

SECONDS = 10

KEYS = (
    *("name", "vip", "hosts", "master", "standby", "vrid", "data", "cidr", "segment", "rule", "reason", "image"),
    *("secure", "memory", "waive", "tolerations", "key", "adbops", "dataPath", "allowMove", "role", "keepalived"),
)
YAML_LETTERS = "abc:-[]{}\n\n   &*!|>'\"#%@`,?~0189.<=\t\r\\/éx\ud7ff\u2028\ufeff"


def ends_well(data: bytes) -> None:
    """Check that lint ends in time, with or without findings, in every format; any exception fails the test."""
    begin = time.monotonic()
    report = lint("Pulumi.dev.yaml", data)
    written = {name: write([report]) for name, write in formats.FORMATS.items()}
    assert time.monotonic() - begin < SECONDS
    assert exit_code([report]) in {0, 1, 2}
    assert report.usable or len(report.findings) == 1
    lines = data.count(b"\n") + data.count(b"\r") + 2 * data.count(b"\xc2\x85") + data.count(b"\xe2\x80") + 2
    assert all(1 <= finding.position.line <= lines and finding.position.column >= 1 for finding in report.findings)
    assert len(json.loads(written["json"])) == len(report.findings)
    assert len(json.loads(written["sarif"])["runs"][0]["results"]) == len(report.findings)
    for line in (*written["text"].split("\n"), *written["github"].split("\n")):
        assert line.isprintable(), f"a finding is not on one line, or could confuse a terminal: {line!r}"


def is_sound(raw: Raw) -> Fleet:
    """Check that the linter and the program accept a configuration, whatever the order of tenants."""
    fleet = load(raw)
    text, _ = stack_file(raw)
    assert not lint("Pulumi.dev.yaml", text.encode()).findings, text
    turned = load({**raw, "tenants": raw["tenants"][::-1]})
    assert turned == Fleet(cluster=fleet.cluster, platform=fleet.platform, tenants=fleet.tenants[::-1])
    return fleet


def any_values() -> st.SearchStrategy[Any]:
    """Draw values of any shape, many under keys of the contract."""
    keys = st.sampled_from(KEYS) | st.text(max_size=4)
    scalars = (
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(max_size=8)
        | st.sampled_from(["10.0.0.1", "10.0.0.0/24", "a", "m1", "/data0/x", "E601", "16Gi", "master", "stopped"])
    )
    return st.recursive(
        scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=5), max_leaves=12
    )


def any_sections() -> st.SearchStrategy[dict[str, Any]]:
    """Draw configurations whose sections are of any shape."""
    return st.dictionaries(st.sampled_from(["cluster", "defaults", "platform", "tenants", "tenant"]), any_values())


ANY_BYTES = st.binary(max_size=400)
ANY_YAML = st.text(YAML_LETTERS, max_size=200).map(lambda text: f"config:\n  adb-tenants:tenants:\n   {text}".encode())


@settings(max_examples=1500)
@given(ANY_BYTES)
def test_any_bytes_end_in_findings_or_as_unusable(data: bytes) -> None:
    ends_well(data)


@settings(max_examples=1500)
@given(ANY_YAML)
def test_yaml_like_text_ends_in_findings_or_as_unusable(data: bytes) -> None:
    ends_well(data)


@settings(max_examples=1200)
@given(any_sections())
def test_a_configuration_of_any_shape_ends_in_findings(sections: dict[str, Any]) -> None:
    ends_well(stack_file(sections)[0].encode("utf-8", "replace"))


@settings(max_examples=500)
@given(sound_fleets())
def test_a_sound_fleet_is_accepted_in_any_order(raw: Raw) -> None:
    is_sound(raw)


@settings(max_examples=200)
@given(sound_fleets())
def test_a_fleet_holds_what_was_written_and_the_defaults_elsewhere(raw: Raw) -> None:
    fleet = load(raw)
    defaults = raw.get("defaults", {})
    for tenant, entry in zip(fleet.tenants, raw["tenants"], strict=True):
        assert (tenant.name, str(tenant.vip)) == (entry["name"], entry["vip"])
        assert {"master": tenant.hosts.master, "standby": tenant.hosts.standby} == entry["hosts"]
        derived = {
            "vrid": int(entry["vip"].rpartition(".")[2]),
            "data_path": f"/data0/{tenant.name}/data",
            "log_path": f"/data0/{tenant.name}/adminlog",
        }
        for name, field in SETTINGS.items():
            written = [layer[field.key] for layer in (defaults, entry) if field.key in layer]
            if isinstance(field.kind, Section):
                written = [{key: value for layer in ({}, *written) for key, value in layer.items()}]
            expected: Any = field.kind.read(written[-1], (), Findings()) if written else derived.get(name, field.value)
            if isinstance(field.kind, Section):
                expected = field.kind.build({**field.kind.defaults, **expected})
            if expected and name == "promotion":
                expected = replace(expected, image=expected.image or tenant.image)
            assert getattr(tenant, name) == expected, name


@pytest.mark.nightly
@settings(max_examples=50_000)
@given(ANY_BYTES)
def test_many_more_bytes_end_well(data: bytes) -> None:
    ends_well(data)


@pytest.mark.nightly
@settings(max_examples=50_000)
@given(ANY_YAML)
def test_many_more_yaml_like_texts_end_well(data: bytes) -> None:
    ends_well(data)


@pytest.mark.nightly
@settings(max_examples=20_000)
@given(any_sections())
def test_many_more_configurations_of_any_shape_end_well(sections: dict[str, Any]) -> None:
    ends_well(stack_file(sections)[0].encode("utf-8", "replace"))


@pytest.mark.nightly
@settings(max_examples=10_000)
@given(sound_fleets(most=40))
def test_many_more_sound_fleets_are_accepted(raw: Raw) -> None:
    is_sound(raw)
