"""Versions as tools print them, and which of them are right enough."""

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

_PRINTED = re.compile(r"(?<![\d.])(?:v|go)?(\d+)\.(\d+)(?:\.(\d+))?")


@dataclass(frozen=True, order=True)
class Version:
    """Major, minor, patch; what follows a patch (`-rc.1`, `+build`) is left out."""

    major: int
    minor: int
    patch: int = 0

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The first version in a tool's output, or None if there is none."""
        found = _PRINTED.search(text)
        return cls(*(int(part or 0) for part in found.groups())) if found else None

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


@dataclass(frozen=True)
class VersionRange:
    """From `oldest` up to, not including, `below`."""

    oldest: Version
    below: Version

    def __contains__(self, version: Version) -> bool:
        return self.oldest <= version < self.below

    def __str__(self) -> str:
        return f">= {self.oldest}, < {self.below}"


def printed_by(command: Sequence[str]) -> Version | None:
    """The version a tool prints, or None if it cannot be run or prints none; waits 20 s at most."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return Version.parse(done.stdout) or Version.parse(done.stderr)
