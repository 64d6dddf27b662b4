"""Runs the `python -m …` commands: output encoding, broken pipes and tracebacks."""

import os
import sys
import traceback
from collections.abc import Callable
from typing import NoReturn

READER_GONE = 1
INTERNAL_ERROR = 3
"""Python's own code for a traceback is 1, which a pipeline would read as a result: a fault found, drift, danger."""


def run(main: Callable[[], int]) -> NoReturn:
    """Run a command and exit with its code.

    Characters that the output cannot encode are escaped. A closed pipe ends it quietly, a bug with a traceback.
    """
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        status = main()
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = READER_GONE
    except Exception:
        traceback.print_exc()
        status = INTERNAL_ERROR
    sys.exit(status)
