"""The double of the `kubernetes` plugin does what the official one was recorded to do; where present, so does that."""

import json
from collections.abc import Iterator
from difflib import unified_diff

import pytest

from tests.conformance import plugins, recording, rehearsal, scenario
from tests.conformance.observation import Observation

pytestmark = pytest.mark.engine

Observations = dict[str, Observation]
STEPS = scenario.load()


@pytest.fixture(scope="module", params=plugins.present(), ids=lambda plugin: plugin.name)
def observations(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Observations:
    """What was observed at each step: they build on each other, so all are run before any is judged."""
    return dict(rehearsal.observe(request.param, STEPS, tmp_path_factory.mktemp(request.param.name)))


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
