"""Runs `python -m drift` on a stack, as users and pipelines do."""

import json
import sys
from dataclasses import dataclass
from typing import Any, NamedTuple

from tenants.permissions import User
from tests.support.process import run
from tests.support.stack import Stack


class Found(NamedTuple):
    """One entry of the report."""

    of: str
    """Kind and name of the object."""
    path: str
    expected: str
    actual: str
    manager: str
    repair: str


@dataclass(frozen=True, kw_only=True)
class DriftList:
    """The parsed report and the exit code."""

    drift: set[Found]
    leftovers: set[Found]
    repaired: set[Found]
    advice: set[str]
    code: int
    printed: str
    stderr: str

    @property
    def none(self) -> bool:
        """Whether there is no drift; asserts that the exit code agrees."""
        assert self.code == (1 if self.drift else 0), self.stderr
        return not self.drift


def drift_list(stack: Stack, *options: str) -> DriftList:
    """Compare the stack's state with the cluster."""
    state = stack.pulumi("stack", "export", "--show-secrets").stdout
    command = (sys.executable, "-m", "drift", "--format", "json", *options, "-")
    done = run(*command, env=stack.environment_of(User.DRIFT), stdin=state)
    assert done.returncode in (0, 1), done.stderr
    content = json.loads(done.stdout)
    return DriftList(
        drift=_entries(content["drift"]),
        leftovers=_entries(content["leftBehind"]),
        repaired=_entries(content["repaired"]),
        advice={entry["advice"] for entry in content["drift"]} - {""},
        code=done.returncode,
        printed=done.stdout,
        stderr=done.stderr,
    )


def _entries(entries: list[dict[str, Any]]) -> set[Found]:
    found = {
        Found(f"{entry['kind']} {entry['name']}", *(entry[field] for field in Found._fields[1:])) for entry in entries
    }
    assert len(found) == len(entries), "something is listed twice"
    return found
