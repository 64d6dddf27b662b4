"""How the Pulumi CLI reads YAML: `tests/data/pulumi-yaml/`, recorded from the CLI and compared with it by a test.

Left out, because both refuse them in a stack file of this project anyway: scalars directly at a configuration key
(Pulumi turns them into text), and keys that are fractions or dates.
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
    """One file and what the CLI reads from it."""

    name: str
    file: str
    read: Any

    def __str__(self) -> str:
        return self.name


def value_file(values: list[str]) -> str:
    """Return a stack file with these values as they are written, under the keys v0, v1, …"""
    lines = ["config:", f"  {PROJECT}:cluster:"]
    for number, written in enumerate(values):
        first, *more = written.splitlines() or [""]
        lines += [f"    v{number}: {first}", *(f"      {line}" for line in more)]
    return "\n".join(lines) + "\n"


def values() -> list[Case]:
    """Return scalars and structures, each as the one value of a file."""
    cases = json.loads((DATA / "values.json").read_text())
    return [
        Case(repr(case["written"]), value_file([case["written"]]), REFUSED if "refused" in case else case["read"])
        for case in cases
    ]


def written_values() -> dict[str, Any]:
    """Return those of `values` that the CLI accepts: how they are written, and what is read."""
    cases = json.loads((DATA / "values.json").read_text())
    return {case["written"]: case["read"] for case in cases if "read" in case}


def files() -> list[Case]:
    """Return whole files; what is read is the configuration by its full keys."""
    cases = json.loads((DATA / "files.json").read_text())
    return [Case(case["name"], case["file"], REFUSED if "refused" in case else case["read"]) for case in cases]


def exactly(value: Any) -> str:
    """Write a value so that 1, 1.0 and true differ."""
    return json.dumps(value, sort_keys=True)
