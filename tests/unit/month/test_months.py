"""Months are drawn along the model, and the shortest part of one that fails is found without the rest of the fleet."""

import copy

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.support.month.edits import KINDS
from tests.support.month.model import Model
from tests.support.month.months import Edit, Fault, Month, months, shortest

DRAWN = settings(max_examples=20, phases=[Phase.generate], deadline=None, suppress_health_check=[HealthCheck.too_slow])


def fail_if_stopped_after_a_failover(month: Month) -> None:
    """Stand for a program that fails to stop t3 once it has failed over."""
    model = month.model("")
    for number, edit in enumerate(month.edits, 1):
        for _ in KINDS[edit.kind](model, edit.number):
            entry = model.entries.get(3, {})
            if entry.get("activeRole") == "standby" and entry["state"] == "stopped":
                raise Fault("backends of t3: [] expected", edits=number)


@given(months(tenants=6, edits=120))
@DRAWN
def test_the_shortest_failing_part_of_a_month_is_found(month: Month) -> None:
    tried = 0

    def play(part: Month) -> None:
        nonlocal tried
        tried += 1
        fail_if_stopped_after_a_failover(part)

    try:
        play(month)
    except Fault as fault:
        short, found = shortest(month, fault, play, seconds=60)
        assert len(short.edits) <= 3, short
        assert {edit.number for edit in short.edits} == {3}
        assert set(short.tenants) <= {3}
        assert str(found) == "backends of t3: [] expected"
        assert tried < 40, "each part that is tried costs a fleet"


def test_no_part_is_tried_after_the_time_is_over() -> None:
    month = Month(4, (0, 1, 2, 3), (0, 1), (Edit("stop", 0), Edit("stop", 1)))

    def play(part: Month) -> None:
        pytest.fail(f"{part} is tried")

    assert shortest(month, Fault("t0", edits=1), play, seconds=-1)[0].edits == month.edits[:1]


@given(st.sampled_from(sorted(KINDS)), months(tenants=4, edits=30), st.integers(0, 5))
@DRAWN
def test_an_edit_that_does_not_apply_leaves_the_model(kind: str, month: Month, number: int) -> None:
    model: Model = month.model("")
    for edit in month.edits:
        list(KINDS[edit.kind](model, edit.number))
    before = copy.deepcopy(model)
    if not list(KINDS[kind](model, number)):
        assert model == before
