"""`python -m tests.support.conformance.record`: updates the recordings from the official plugin."""

import sys
import tempfile
from pathlib import Path

from tests.support.conformance import plugins, recording, runner, steps


def main() -> int:
    """Record every step; return 2 without an official plugin."""
    official = plugins.official()
    if official is None:
        print(f"no official {plugins.NAME}: put it on PATH, or set {plugins.OFFICIAL_DIRECTORY} to its directory")
        return 2
    with tempfile.TemporaryDirectory() as directory:
        for step, observed in runner.observe(official, steps.load(), Path(directory)):
            recording.write(step, observed)
            print(step)
    return 0


if __name__ == "__main__":
    sys.exit(main())
