"""Runs commands as a user would; their output is shown only if they fail."""

import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from dev.local.user_error import UserError

_OCTETS_SHOWN_ON_FAILURE = 4000


@dataclass(frozen=True, kw_only=True)
class Running:
    """A command that has been started."""

    command: str
    process: subprocess.Popen[bytes]
    stdout: IO[bytes]
    stderr: IO[bytes]

    def finish(self) -> str:
        """Wait for its end and return its output; raises `UserError`, with the end of the output, if it failed."""
        status = self.process.wait()
        if status != 0:
            # Pulumi reports errors on stdout, most others on stderr.
            output = (_read(self.stdout) + _read(self.stderr))[-_OCTETS_SHOWN_ON_FAILURE:]
            raise UserError(
                f"`{self.command}` failed (exit status {status}):\n{output.decode(errors='replace').strip()}"
            )
        return _read(self.stdout).decode()


@dataclass(frozen=True, kw_only=True)
class CommandLine:
    """An argument list with its directory and its complete environment."""

    arguments: tuple[str, ...]
    directory: Path
    environment: Mapping[str, str]

    def start(self, stdout: IO[bytes] | int, stderr: IO[bytes] | int) -> subprocess.Popen[bytes]:
        """Start it, with its output to these files."""
        return subprocess.Popen(
            self.arguments,
            cwd=self.directory,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
        )

    @contextmanager
    def started(self) -> Iterator[Running]:
        """Run it in parallel to the block; if it is still running at the end of the block, it is terminated."""
        # To files: a pipe that fills up would stop the command while it is being timed.
        with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
            process = self.start(stdout, stderr)
            try:
                yield Running(command=" ".join(self.arguments), process=process, stdout=stdout, stderr=stderr)
            finally:
                if process.poll() is None:
                    process.terminate()
                    process.wait()

    def output(self) -> str:
        """Run it and return its output; raises `UserError` if it fails."""
        with self.started() as running:
            return running.finish()

    def seconds(self) -> float:
        """Run it and return how long that took; raises `UserError` if it fails."""
        began = time.perf_counter()
        self.output()
        return time.perf_counter() - began


def _read(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()
