"""Logs progress, durations and the error that ends a command to stderr; stdout is for results."""

import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from dev.local.user_error import UserError

_TICK_ON_A_TERMINAL = 1.0
_TICK_IN_A_LOG = 15.0
_LINES_SHOWN_ON_FAILURE = 30


def log(text: str) -> None:
    """Print one line."""
    print(text, file=sys.stderr, flush=True)


def exit_code(work: Callable[[], None], *, if_interrupted: str) -> int:
    """Do the work of a command; return 0, 1 after an error message on stderr, or 130 if interrupted."""
    # So that a `kill`, like Ctrl-C, also stops what was started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        work()
    except UserError as error:
        log(f"\n{error}")
        return 1
    except KeyboardInterrupt:
        log(f"\n{if_interrupted}")
        return 130
    return 0


def duration(seconds: float) -> str:
    """Format a duration: `8 s`, `1 min 05 s`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def run(
    title: str,
    command: Sequence[str | os.PathLike[str]],
    *,
    log_file: Path,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    remedy: str = "",
) -> None:
    """Run a long command, and show the time that has passed.

    Args:
        title: What is being done and about how long it takes.
        command: The argument list.
        log_file: For the command's output; replaced if it exists. Of a failed one, the `UserError` has the last lines.
        cwd: Its working directory.
        env: Its complete environment; ours if absent.
        remedy: What to do when it fails, one sentence.
    """
    log(f"{title} …")
    log_file.parent.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    with log_file.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            status = _wait(process, began)
        except BaseException:
            process.terminate()
            process.wait()
            raise
    took = duration(time.monotonic() - began)
    if status != 0:
        with log_file.open(errors="replace") as output:
            tail = "".join(deque(output, _LINES_SHOWN_ON_FAILURE))
        raise UserError(f"{title}: failed after {took}. {remedy}\nThe end of {log_file}:\n{tail.rstrip()}")
    log(f"  done in {took}")


def _wait(process: subprocess.Popen[bytes], began: float) -> int:
    terminal = sys.stderr.isatty()
    tick = _TICK_ON_A_TERMINAL if terminal else _TICK_IN_A_LOG
    while True:
        try:
            status = process.wait(timeout=tick)
        except subprocess.TimeoutExpired:
            elapsed = f"  {duration(time.monotonic() - began)}"
            print(f"\r{elapsed}" if terminal else elapsed, end="" if terminal else "\n", file=sys.stderr, flush=True)
        else:
            if terminal:
                print("\r\033[K", end="", file=sys.stderr, flush=True)
            return status
