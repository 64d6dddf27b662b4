"""The double of the `kubernetes` plugin, and the official one if it is available, match the recordings."""

import json
from collections.abc import Iterator
from difflib import unified_diff

import pytest

from tests.support.conformance import plugins, recording, runner, steps
from tests.support.conformance.observation import Observation

pytestmark = pytest.mark.engine

Observations = dict[str, Observation]
STEPS = steps.load()


@pytest.fixture(scope="module", params=plugins.available(), ids=lambda plugin: plugin.name)
def observations(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Observations:
    """The observation of each step. The steps depend on each other, so all of them run first."""
    return dict(runner.observe(request.param, STEPS, tmp_path_factory.mktemp(request.param.name)))


@pytest.mark.timeout(900)
@pytest.mark.parametrize("step", [step.name for step in STEPS])
def test_every_step_matches_the_official_plugins_recording(observations: Observations, step: str) -> None:
    differences = "\n".join(_differences(recording.read(step), observations[step]))
    assert not differences, f"step {step} of steps.yaml, - as recorded, + as observed:\n{differences}"


def test_every_recording_has_a_step() -> None:
    recorded = {file.stem for file in recording.DIRECTORY.glob("*.json")}
    assert recorded == {step.name for step in STEPS}


def _differences(expected: Observation, observed: Observation) -> Iterator[str]:
    before, after = (json.dumps(side, indent=1, sort_keys=True).splitlines() for side in (expected, observed))
    return unified_diff(before, after, "recorded", "observed", lineterm="", n=8)
