"""A row of the matrix: what is wrong, and what each command is expected to do about it."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from tests.support.matrix.scene import Command, Done, Scene


@dataclass(frozen=True, kw_only=True)
class Expected:
    """How a command ends."""

    codes: frozenset[int]
    says: str = ""
    """A regular expression that a line of its output contains, if it fails: what is wrong."""

    def unmet_by(self, done: Done) -> str | None:
        """Return what is unexpected."""
        if done.code not in self.codes:
            return f"exit code {done.code}, expected {' or '.join(map(str, sorted(self.codes)))}"
        if done.code and self.says and not re.search(self.says, done.output):
            return f"no line says {self.says!r}"
        return None


WORKS = Expected(codes=frozenset({0}))


def fails(says: str) -> Expected:
    """Expect a failure: 1 and 255 of Pulumi and the review, 2 of drift."""
    return Expected(codes=frozenset({1, 2, 255}), says=says)


def may_fail(says: str) -> Expected:
    """Expect what retries may or may not overcome."""
    return Expected(codes=frozenset({0, 1, 2, 255}), says=says)


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A fault, how it is injected, and what is expected under it."""

    name: str
    inject: Callable[[Scene], AbstractContextManager[None]]
    """Its docstring states how."""
    every: Expected = WORKS
    """What is expected of each command that has no expectation of its own."""
    preview: Expected | None = None
    up: Expected | None = None
    drift: Expected | None = None
    review: Expected | None = None
    do: str = ""
    """What the page advises, where a message does not."""
    spares: bool = False
    """Whether one tenant is hit, and the other is complete after the `up`."""
    silences: bool = False
    """Whether the hit tenant's VIP may be left without keepalived until the next `up`."""
    deployed: bool = True
    """Whether the fleet is deployed before; otherwise the fault hits the first `up`."""
    quick: bool = False
    """Whether `make test` has it, too."""

    def expected(self, command: Command) -> Expected:
        own: Expected | None = getattr(self, command)
        return own or self.every
