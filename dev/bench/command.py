"""A command as a user would type it; what it prints is shown only when it fails."""

import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from dev.local.refusal import UserError

_OCTETS_SHOWN_ON_FAILURE = 4000


@dataclass(frozen=True, kw_only=True)
class Running:
    """A command that has been started."""

    process: subprocess.Popen[bytes]
    stdout: IO[bytes]
    stderr: IO[bytes]

    def finish(self) -> str:
        """Wait for its end and return what it printed.

        Raises:
            Refusal: It failed; the message ends in its own words.
        """
        status = self.process.wait()
        if status != 0:
            # Pulumi says what went wrong on stdout, most others on stderr.
            words = (_read(self.stdout) + _read(self.stderr))[-_OCTETS_SHOWN_ON_FAILURE:]
            command = " ".join(map(str, self.process.args if isinstance(self.process.args, list) else ()))
            raise UserError(f"`{command}` failed (exit status {status}):\n{words.decode(errors='replace').strip()}")
        return _read(self.stdout).decode()


@dataclass(frozen=True, kw_only=True)
class BenchCommand:
    """An argument list with its directory and whole environment."""

    arguments: tuple[str, ...]
    directory: Path
    environment: Mapping[str, str]

    @contextmanager
    def started(self) -> Iterator[Running]:
        """Have it run beside the block; it is ended with the block if the block has not waited for it."""
        # To files: a pipe that is full because nobody reads it would stop the command in the middle of being timed.
        with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
            process = subprocess.Popen(
                list(self.arguments),
                cwd=self.directory,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
            )
            try:
                yield Running(process=process, stdout=stdout, stderr=stderr)
            finally:
                if process.poll() is None:
                    process.terminate()
                    process.wait()

    def output(self) -> str:
        """Run it to its end and return what it printed; raises `UserError` if it fails."""
        with self.started() as running:
            return running.finish()

    def seconds(self) -> float:
        """Run it to its end and return how long that took; raises `UserError` if it fails."""
        began = time.perf_counter()
        self.output()
        return time.perf_counter() - began


def _read(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()
