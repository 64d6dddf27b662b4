"""A busy month in minutes: random edits in a row, each followed by `up`, after which the cluster equals a model."""

import json
import os
import random
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.support.month.months import Fault, Month, months, shortest
from tests.support.month.playing import Figures, play
from tests.support.program import ROOT

pytestmark = pytest.mark.engine

FIGURES = ROOT / "docs" / "reliability" / "soak.json"
SEED = int(os.environ.get("SOAK_SEED", random.SystemRandom().randrange(10**6)))
TENANTS, EDITS = int(os.environ.get("SOAK_TENANTS", "50")), int(os.environ.get("SOAK_EDITS", "300"))
MINUTES = float(os.environ.get("SOAK_SHRINK_MINUTES", "20"))


def survive(month: Month, directory: Path, environment: Mapping[str, str], *, seconds: float) -> Figures:
    """Play a month; if it fails, fail with the shortest part of it that does, found within this time."""
    figures = Figures()
    try:
        play(month, directory, environment, figures)
    except Fault as fault:
        short, found = shortest(
            month, fault, lambda smaller: play(smaller, directory, environment, Figures()), seconds=seconds
        )
        pytest.fail(f"{short}\n\n{found}", pytrace=False)
    return figures


def drawn(function: Callable[..., None]) -> Callable[..., None]:
    """Call a test twice: with the simplest example, a month without edits, and with the first random one."""
    return settings(
        max_examples=2, phases=[Phase.generate], database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )(function)


def test_a_week_of_every_kind_of_edit_leaves_what_was_declared(
    cluster_environment: dict[str, str], tmp_path: Path
) -> None:
    @drawn
    @seed(1)
    @given(months(tenants=5, edits=12))
    def play_it(week: Month) -> None:
        survive(week, tmp_path, cluster_environment, seconds=120)

    play_it()


@pytest.mark.nightly
@pytest.mark.timeout(5 * 3600)
def test_a_busy_month_of_a_large_fleet_leaves_what_was_declared(
    cluster_environment: dict[str, str], tmp_path: Path
) -> None:
    print(f"SOAK_SEED={SEED} SOAK_TENANTS={TENANTS} SOAK_EDITS={EDITS}")

    @drawn
    @seed(SEED)
    @given(months(tenants=TENANTS, edits=EDITS))
    def play_it(month: Month) -> None:
        if month.edits:
            figures = survive(month, tmp_path, cluster_environment, seconds=60 * MINUTES)
            FIGURES.parent.mkdir(exist_ok=True)
            FIGURES.write_text(json.dumps(figures.report(month, seed=SEED), indent=2) + "\n")

    play_it()
