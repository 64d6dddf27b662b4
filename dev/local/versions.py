"""Parses and compares versions that tools print."""

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

_PRINTED = re.compile(r"(?<![\d.])(?:v|go)?(\d+)\.(\d+)(?:\.(\d+))?")


@dataclass(frozen=True, order=True)
class Version:
    """Major, minor and patch, without a suffix (`-rc.1`, `+build`)."""

    major: int
    minor: int
    patch: int = 0

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Return the first version in a text, or None."""
        found = _PRINTED.search(text)
        return cls(*(int(part or 0) for part in found.groups())) if found else None

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


@dataclass(frozen=True)
class VersionRange:
    """The versions from `oldest` to `below`, without `below`."""

    oldest: Version
    below: Version

    def __contains__(self, version: Version) -> bool:
        return self.oldest <= version < self.below

    def __str__(self) -> str:
        return f">= {self.oldest}, < {self.below}"


def printed_by(command: Sequence[str]) -> Version | None:
    """Return the version that a command prints within 20 s, or None."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return Version.parse(done.stdout) or Version.parse(done.stderr)
