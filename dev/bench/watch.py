"""`kubectl get --watch`: is told of each change by the API server, and costs next to nothing meanwhile."""

import queue
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from dev.bench.command import BenchCommand, Running
from dev.local.refusal import UserError

_PATIENCE = 900


@dataclass(frozen=True, kw_only=True)
class _Line:
    heard: float
    """By `time.perf_counter`."""
    text: str | None
    """None when there will be no more."""


class Watch:
    """Lines as they come."""

    def __init__(self, lines: "queue.SimpleQueue[_Line]") -> None:
        self._lines = lines

    def until(self, wanted: Callable[[str], bool], *, what: str, after: Running | None = None) -> float:
        """Wait for a line that is wanted; returns when it came, by `time.perf_counter`.

        Args:
            wanted: Tells which line.
            what: What such a line means, for when it does not come.
            after: The command that brings it about; if it fails, nothing is waited for any more.

        Raises:
            Refusal: It did not come.
        """
        deadline = time.perf_counter() + _PATIENCE
        while time.perf_counter() < deadline:
            try:
                line = self._lines.get(timeout=1)
            except queue.Empty:
                if after is not None and after.process.poll() is not None:
                    after.finish()
                continue
            if line.text is None:
                raise UserError(f"kubectl's watch has ended before this was so: {what}.")
            if wanted(line.text):
                return line.heard
        raise UserError(f"Not within {_PATIENCE} s: {what}.")


@contextmanager
def watching(command: BenchCommand) -> Iterator[Watch]:
    """Have a `kubectl get --watch` run beside the block."""
    # Without its stderr, which says each time that v1 Endpoints are deprecated. They are what keepalived reads.
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
            lines.put(_Line(heard=time.perf_counter(), text=line.rstrip("\n")))
    lines.put(_Line(heard=time.perf_counter(), text=None))
