"""How each `python -m …` of this project meets a terminal, a log or a pipe."""

import os
import sys
import traceback
from collections.abc import Callable
from typing import NoReturn

READER_GONE = 1
BROKEN = 3
"""Python's own code for a traceback is 1, which a pipeline would read as an answer: a fault found, drift, danger."""


def run(main: Callable[[], int]) -> NoReturn:
    """Run a command and exit with its code.

    A terminal or a log that cannot show a letter shows its escape; a reader that has gone away is no fault of ours, a
    traceback is.
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
        status = BROKEN
    sys.exit(status)
