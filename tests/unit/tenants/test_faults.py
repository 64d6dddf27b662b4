"""One fault in a sound fleet, at a random place, is found at its line, by its rule, by linter and program alike."""

import pytest
from hypothesis import given, settings

from tenants import FleetError, load
from tenants.lint import exit_code, lint
from tests.support.faults import Planted, faults_between_values, faults_of_one_value
from tests.support.strategies import stack_file


def is_found(planted: Planted) -> None:
    text, lines = stack_file(planted.raw)
    report = lint("Pulumi.dev.yaml", text.encode())
    numbered = "\n".join(f"{number:3} {line}" for number, line in enumerate(text.splitlines(), start=1))
    assert exit_code([report]) == 1, numbered
    reported = "\n".join(f"{fault.position.line}: {fault.rule.id} {fault.message}" for fault in report.faults)
    assert (lines[planted.place], planted.rule) in {(fault.position.line, fault.rule.id) for fault in report.faults}, (
        f"{planted.rule} not found at {planted.place} in\n{numbered}\nbut\n{reported}"
    )
    with pytest.raises(FleetError) as refused:
        load(planted.raw)
    assert {(finding.rule.id, finding.message) for finding in refused.value.findings} == {
        (fault.rule.id, fault.message) for fault in report.faults
    }


@settings(max_examples=800, deadline=None)
@given(faults_of_one_value())
def test_a_fault_of_one_value_is_found_at_its_line(planted: Planted) -> None:
    is_found(planted)


@settings(max_examples=500, deadline=None)
@given(faults_between_values())
def test_a_fault_between_values_is_found_at_its_line(planted: Planted) -> None:
    is_found(planted)


@pytest.mark.nightly
@settings(max_examples=20_000, deadline=None)
@given(faults_of_one_value() | faults_between_values())
def test_many_more_faults_are_found_at_their_lines(planted: Planted) -> None:
    is_found(planted)
