"""What the official plugin did at each step: kept in `recorded/`, one file a step."""

import json
from pathlib import Path

from tests.conformance.observation import Observation

DIRECTORY = Path(__file__).parent / "recorded"


def read(step: str) -> Observation:
    """The expectation for a step."""
    expected: Observation = json.loads((DIRECTORY / f"{step}.json").read_text())
    return expected


def write(step: str, observed: Observation) -> None:
    """Make it the expectation."""
    DIRECTORY.mkdir(exist_ok=True)
    (DIRECTORY / f"{step}.json").write_text(json.dumps(observed, indent=1, sort_keys=True) + "\n")
