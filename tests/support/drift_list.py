"""What `python -m drift` says of a stack, started as people and pipelines start it."""

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any, NamedTuple

from tests.support.program import ROOT
from tests.support.stack import Stack


class Found(NamedTuple):
    """One entry of the list."""

    of: str
    """Kind and name of the object."""
    path: str
    expected: str
    actual: str
    manager: str
    repair: str


@dataclass(frozen=True, kw_only=True)
class DriftList:
    """What it printed, and its exit code."""

    drift: set[Found]
    left_behind: set[Found]
    repaired: set[Found]
    advice: set[str]
    code: int
    printed: str
    complaint: str

    @property
    def none(self) -> bool:
        """Whether there is no drift, and the exit code says so too."""
        assert self.code == (1 if self.drift else 0), self.complaint
        return not self.drift


def drift_list(stack: Stack, *options: str) -> DriftList:
    """Export the stack's state and let it be compared with the cluster."""
    state = stack.pulumi("stack", "export", "--show-secrets").stdout
    done = subprocess.run(
        [sys.executable, "-m", "drift", "--format", "json", *options, "-"],
        cwd=ROOT,
        env=stack.environment,
        input=state,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    content = json.loads(done.stdout)
    return DriftList(
        drift=_entries(content["drift"]),
        left_behind=_entries(content["leftBehind"]),
        repaired=_entries(content["repaired"]),
        advice={entry["advice"] for entry in content["drift"]} - {""},
        code=done.returncode,
        printed=done.stdout,
        complaint=done.stderr,
    )


def _entries(entries: list[dict[str, Any]]) -> set[Found]:
    found = {
        Found(f"{entry['kind']} {entry['name']}", *(entry[field] for field in Found._fields[1:])) for entry in entries
    }
    assert len(found) == len(entries), "something is listed twice"
    return found
