"""Watches objects by `kubectl get --watch`, which costs next to nothing between changes."""

import queue
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from dev.bench.command import CommandLine, Running
from dev.local.user_error import UserError

_TIMEOUT_SECONDS = 900


@dataclass(frozen=True, kw_only=True)
class _Line:
    received: float
    """By `time.perf_counter`."""
    text: str | None
    """None at the end of the output."""


class Watch:
    """The lines of a watch."""

    def __init__(self, lines: "queue.SimpleQueue[_Line]") -> None:
        self._lines = lines

    def until(self, wanted: Callable[[str], bool], *, what: str, after: Running | None = None) -> float:
        """Wait for a line and return when it was received, by `time.perf_counter`.

        Args:
            wanted: Whether a line is the one.
            what: What the line means, for the error message.
            after: The command that causes it; its failure ends the wait.

        Raises:
            UserError: The line was not received in time.
        """
        deadline = time.perf_counter() + _TIMEOUT_SECONDS
        while time.perf_counter() < deadline:
            try:
                line = self._lines.get(timeout=1)
            except queue.Empty:
                if after is not None and after.process.poll() is not None:
                    after.finish()
                continue
            if line.text is None:
                raise UserError(f"kubectl's watch ended before {what}.")
            if wanted(line.text):
                return line.received
        raise UserError(f"Timed out after {_TIMEOUT_SECONDS} s, before {what}.")


@contextmanager
def watching(command: CommandLine) -> Iterator[Watch]:
    """Run a `kubectl get --watch` in parallel to the block."""
    # Without its stderr, which warns each time that v1 Endpoints are deprecated. They are what keepalived reads.
    lines: queue.SimpleQueue[_Line] = queue.SimpleQueue()
    process = subprocess.Popen(
        list(command.arguments),
        cwd=command.directory,
        env=dict(command.environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
    )
    listener = threading.Thread(target=_listen, args=(process.stdout, lines))
    listener.start()
    try:
        yield Watch(lines)
    finally:
        process.terminate()
        process.wait()
        listener.join()


def _listen(printed: IO[str], lines: "queue.SimpleQueue[_Line]") -> None:
    with printed:
        for line in printed:
            lines.put(_Line(received=time.perf_counter(), text=line.rstrip("\n")))
    lines.put(_Line(received=time.perf_counter(), text=None))
