"""Runs the `python -m …` commands: their input, output encoding, broken pipes and tracebacks."""

import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

READER_GONE = 1
UNUSABLE = 2
INTERNAL_ERROR = 3
"""Python's own code for a traceback is 1, which a pipeline would read as a result: a fault found, drift, danger."""


def read(file: str) -> bytes:
    """Return the content of a file; `-` is standard input."""
    return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()


def unusable(command: str, why: str) -> int:
    """Report that the input cannot be used, and return the exit code for it."""
    sys.stderr.write(f"{command}: {why}\n")
    return UNUSABLE


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
