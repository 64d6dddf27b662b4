"""Reads and writes the recordings of the official plugin: `recorded/`, one file per step."""

import json

from tests.support import conformance
from tests.support.conformance.observation import Observation

DIRECTORY = conformance.DIRECTORY / "recorded"


def read(step: str) -> Observation:
    expected: Observation = json.loads((DIRECTORY / f"{step}.json").read_text())
    return expected


def write(step: str, observed: Observation) -> None:
    DIRECTORY.mkdir(exist_ok=True)
    (DIRECTORY / f"{step}.json").write_text(json.dumps(observed, indent=1, sort_keys=True) + "\n")
