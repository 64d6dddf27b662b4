"""`python -m tests.conformance.record`: take the expectations anew from the official plugin."""

import sys
import tempfile
from pathlib import Path

from tests.conformance import plugins, recording, rehearsal, scenario


def main() -> int:
    """Record every step; exit code 2 without an official plugin."""
    official = plugins.official()
    if official is None:
        print(f"no official {plugins.NAME}: put it on PATH, or its directory into {plugins.OFFICIAL_DIRECTORY}")
        return 2
    with tempfile.TemporaryDirectory() as directory:
        for step, observed in rehearsal.observe(official, scenario.load(), Path(directory)):
            recording.write(step, observed)
            print(step)
    return 0


if __name__ == "__main__":
    sys.exit(main())
