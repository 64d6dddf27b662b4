"""How the Pulumi CLI parses YAML: `tests/data/pulumi-yaml/`, recorded from the CLI and compared with it by a test.

Not recorded, because a stack file of this project with them is invalid anyway: scalars directly at a configuration key
(Pulumi converts them to text), and keys that are fractions or dates.
"""

import json
from dataclasses import dataclass
from typing import Any

from tests.support.program import PROJECT, ROOT

DATA = ROOT / "tests" / "data" / "pulumi-yaml"
REFUSED = object()
"""In place of what is read: the CLI refuses the file."""


@dataclass(frozen=True)
class Case:
    """A file and how the CLI parses it."""

    name: str
    file: str
    read: Any

    def __str__(self) -> str:
        return self.name


def value_file(values: list[str]) -> str:
    """Return a stack file with these values, as written, under the keys v0, v1, …"""
    lines = ["config:", f"  {PROJECT}:cluster:"]
    for number, written in enumerate(values):
        first, *more = written.splitlines() or [""]
        lines += [f"    v{number}: {first}", *(f"      {line}" for line in more)]
    return "\n".join(lines) + "\n"


def values() -> list[Case]:
    """Return scalars and structures, each in a file of its own."""
    cases = json.loads((DATA / "values.json").read_text())
    return [
        Case(repr(case["written"]), value_file([case["written"]]), REFUSED if "refused" in case else case["read"])
        for case in cases
    ]


def written_values() -> dict[str, Any]:
    """Return the values that the CLI accepts, and how it parses them."""
    cases = json.loads((DATA / "values.json").read_text())
    return {case["written"]: case["read"] for case in cases if "read" in case}


def files() -> list[Case]:
    """Return whole files, and the configuration by its full keys."""
    cases = json.loads((DATA / "files.json").read_text())
    return [Case(case["name"], case["file"], REFUSED if "refused" in case else case["read"]) for case in cases]


def exactly(value: Any) -> str:
    """Serialise a value so that 1, 1.0 and true differ."""
    return json.dumps(value, sort_keys=True)
