"""A busy month in minutes: random edits in a row, each followed by `up`, after which the cluster equals a model."""

import json
import os
import random
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.support.month.edits import KINDS
from tests.support.month.months import Fault, Month, months, shortest
from tests.support.month.playing import Figures, play
from tests.support.program import ROOT

pytestmark = pytest.mark.engine

FIGURES = ROOT / "docs" / "reliability" / "soak.json"
SEED = int(os.environ.get("SOAK_SEED", random.SystemRandom().randrange(10**6)))
TENANTS, EDITS = int(os.environ.get("SOAK_TENANTS", "50")), int(os.environ.get("SOAK_EDITS", "300"))
MINUTES = float(os.environ.get("SOAK_MINUTES", "240"))
"""After which a month ends, however many edits are left."""
AT_ONCE = int(os.environ.get("SOAK_AT_ONCE", "1"))
"""The most edits for one `up`."""
SHRINK_MINUTES = float(os.environ.get("SOAK_SHRINK_MINUTES", "30"))
ELSEWHERE = ("move directory", "fail over to nobody", "cordon", "uncordon")
"""Kinds that other tests try more closely: a week takes 3 minutes without them."""
IN_A_WEEK = [kind for kind in KINDS if kind not in ELSEWHERE and ("killed" not in kind or kind.startswith("fail over"))]


def survive(
    month: Month, directory: Path, environment: Mapping[str, str], figures: Figures, *, minutes: float = SHRINK_MINUTES
) -> None:
    """Play a month; if it fails, fail with the shortest part of it that does, found within a time."""
    try:
        play(month, directory, environment, figures, until=time.monotonic() + 60 * MINUTES)
    except Fault as fault:
        short, found = shortest(
            month, fault, lambda part: play(part, directory, environment, Figures()), seconds=60 * minutes
        )
        pytest.fail(f"the shortest sequence that was found to fail:\n{short}\n\n{found}", pytrace=False)


def one_of(drawn: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Call a test with the month of a seed; before that, with hypothesis' simplest example, a month without edits."""
    checked = settings(
        max_examples=2, phases=[Phase.generate], database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    return lambda function: checked(seed(drawn)(function))


def test_a_week_of_every_kind_of_edit_leaves_what_was_declared(
    cluster_environment: dict[str, str], tmp_path: Path
) -> None:
    @one_of(1)
    @given(months(tenants=5, edits=len(IN_A_WEEK), at_once=5, kinds=IN_A_WEEK))
    def play_it(week: Month) -> None:
        if week.edits:
            figures = Figures()
            survive(week, tmp_path, cluster_environment, figures, minutes=2)
            assert set(figures.edits) == set(IN_A_WEEK), "a kind of edit was left out: choose another seed"

    play_it()


@pytest.mark.nightly
@pytest.mark.timeout(6 * 3600)
def test_a_busy_month_of_a_large_fleet_leaves_what_was_declared(
    cluster_environment: dict[str, str], tmp_path: Path
) -> None:
    print(f"SOAK_SEED={SEED} SOAK_TENANTS={TENANTS} SOAK_EDITS={EDITS} SOAK_AT_ONCE={AT_ONCE}")

    @one_of(SEED)
    @given(months(tenants=TENANTS, edits=EDITS, at_once=AT_ONCE))
    def play_it(month: Month) -> None:
        if month.edits:
            figures = Figures()
            survive(month, tmp_path, cluster_environment, figures)
            FIGURES.parent.mkdir(exist_ok=True)
            FIGURES.write_text(json.dumps(figures.report(month, seed=SEED), indent=2) + "\n")

    play_it()
