"""Recorded previews to edit and review, for tests of changes that no recording contains."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from review.findings import Finding
from review.preview import parse
from review.verdict import Review, review
from tests.support.review_cases import DIRECTORY

Step = dict[str, Any]
Edit = Callable[[list[Step]], object]

COMPONENTS = "urn:pulumi:dev::adb-tenants::adb:tenants:"
"""Beginning of the URN of each object."""
HOSTILE = (
    "`x` | y",
    "</code></details><script>alert(1)</script>",
    "@everyone #1 https://example.org/x",
    "a\nb\n```\n# heading",
    "**bold** [link](http://x) ![image](http://x)",
    "\u202eright-to-left\u0000",
    '"]; click x "javascript:alert(1)"',
    "``````",
    "\ud800",
)
"""Names and messages that try to become mark-up."""


def recorded(name: str) -> dict[str, Any]:
    """Return a recorded preview, as the CLI's digest."""
    digest: dict[str, Any] = json.loads((DIRECTORY / name / "preview.json").read_text())
    return digest


def judged(digest: Mapping[str, Any]) -> Review:
    """Review a digest."""
    return review(parse(json.dumps(digest).encode()))


def reviewed(name: str, edit: Edit) -> Review:
    """Review a recorded preview whose steps are edited."""
    digest = recorded(name)
    edit(digest["steps"])
    return judged(digest)


def step_of(steps: list[Step], kind: str, name: str) -> Step:
    """Return the only step of an object."""
    (found,) = (step for step in steps if step["urn"].endswith(f":{kind}::{name}"))
    return found


def findings(of: Review) -> list[Finding]:
    """Return the findings of all tenants and of shared objects."""
    return [*(each for tenant in of.tenants for each in tenant.findings), *of.shared.findings]
