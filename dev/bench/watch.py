"""Watches objects by `kubectl get --watch`, which costs next to nothing between changes."""

import queue
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, TypeAlias

from dev.bench.command import CommandLine, Running
from dev.local.user_error import UserError

_TIMEOUT_SECONDS = 900


_Line: TypeAlias = tuple[float, str | None]
"""When it was received, by `time.perf_counter`, and its text; `None` at the end of the output."""


class Watch:
    """The lines of a watch."""

    def __init__(self, lines: "queue.SimpleQueue[_Line]") -> None:
        self._lines = lines

    def until(self, wanted: Callable[[str], bool], *, what: str, after: Running | None = None) -> float:
        """Wait for a line and return when it was received; raises `UserError` with what the line means.

        A failure of the command `after`, which causes the line, ends the wait.
        """
        deadline = time.perf_counter() + _TIMEOUT_SECONDS
        while time.perf_counter() < deadline:
            try:
                received, line = self._lines.get(timeout=1)
            except queue.Empty:
                if after is not None and after.process.poll() is not None:
                    after.finish()
                continue
            if line is None:
                raise UserError(f"kubectl's watch ended before {what}.")
            if wanted(line):
                return received
        raise UserError(f"Timed out after {_TIMEOUT_SECONDS} s, before {what}.")


@contextmanager
def watching(command: CommandLine) -> Iterator[Watch]:
    """Run a `kubectl get --watch` in parallel to the block."""
    # Without its stderr, which warns each time that v1 Endpoints are deprecated. They are what keepalived reads.
    lines: queue.SimpleQueue[_Line] = queue.SimpleQueue()
    process = command.start(subprocess.PIPE, subprocess.DEVNULL)
    listener = threading.Thread(target=_listen, args=(process.stdout, lines))
    listener.start()
    try:
        yield Watch(lines)
    finally:
        process.terminate()
        process.wait()
        listener.join()


def _listen(printed: IO[bytes], lines: "queue.SimpleQueue[_Line]") -> None:
    with printed:
        for line in printed:
            lines.put((time.perf_counter(), line.decode().rstrip("\n")))
    lines.put((time.perf_counter(), None))
