"""What the linter finds: rules, findings of a configuration and faults of a file, and how values appear in messages."""

import json
import re
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

FieldPath: TypeAlias = tuple[str | int, ...]
"""Where a value is in the configuration: `("tenants", 2, "vip")`."""

MOST_FINDINGS = 5_000
"""Nobody reads more, and a 10 MB file of faulty entries must not become gigabytes of messages."""

_PLAIN_KEY = re.compile(r"[A-Za-z_][\w-]*")
_MOST_QUOTED = 80


class Position(NamedTuple):
    """A line and a column of a file, counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One thing that must hold of every fleet."""

    id: str
    title: str
    """What must hold, as one sentence without its full stop."""
    why: str
    """What happens otherwise, with the evidence."""
    waivable: bool = False
    """The fleet can be built all the same, so a tenant may opt out with a reason (`waive`)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LintFinding:
    """One fault of a configuration."""

    rule: Rule
    path: FieldPath
    message: str
    """What is wrong, and what to do."""
    at_key: bool = False
    """The key at `path` is wrong, not its value."""
    waived: str | None = None
    """The reason of the waiver; a waived finding is listed and refuses nothing."""

    def __str__(self) -> str:
        return f"{self.rule.id}  {path_text(self.path)}: {self.message}"


@dataclass(frozen=True, slots=True)
class Invalid:
    """A fault of one value, returned in place of the value; whoever reads the configuration adds the path."""

    rule: Rule
    message: str


@dataclass(frozen=True, slots=True)
class FileFault:
    """A fault of a stack file as a file: it has a position but no path in the configuration."""

    rule: Rule
    position: Position
    message: str


class UnusableFileError(Exception):
    """The file cannot be read as a stack file of this project."""

    def __init__(self, fault: FileFault) -> None:
        super().__init__(fault.message)
        self.fault = fault


class TooManyFindingsError(Exception):
    """There are `MOST_FINDINGS` already."""


@dataclass(slots=True)
class Findings:
    """Collects the findings of one configuration."""

    findings: list[LintFinding] = field(default_factory=list)

    def add(self, rule: Rule, path: FieldPath, message: str, *, at_key: bool = False) -> None:
        """Add a finding of a value; raises `TooManyFindingsError`."""
        self.append(LintFinding(rule=rule, path=path, message=message, at_key=at_key))

    def append(self, finding: LintFinding) -> None:
        if len(self.findings) >= MOST_FINDINGS:
            raise TooManyFindingsError
        self.findings.append(finding)


def path_text(path: FieldPath) -> str:
    """Write a path as people do: `tenants[2].vip`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _PLAIN_KEY.fullmatch(step):
            text += f".{step}" if text else step
        else:
            text += f"[{quoted(step)}]"
    return text


def quoted(value: object) -> str:
    """Write a value of the configuration for a message: on one line, printable, not too long."""
    if isinstance(value, str):
        value = value[: _MOST_QUOTED + 1]
    elif isinstance(value, dict | list):
        return "a map" if isinstance(value, dict) else "a list"
    text = printable(json.dumps(value, ensure_ascii=False))
    return text if len(text) <= _MOST_QUOTED else f"{text[: _MOST_QUOTED - 1]}…"


def printable(text: str) -> str:
    """Replace every letter that could confuse a terminal or end the line."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def listed(words: list[str], last: str = "and", *, total: int | None = None) -> str:
    """Join words for a sentence: `a, b and c`, or `a, b and 3 more` when there are more in `total`."""
    if total is not None and total > len(words):
        return f"{', '.join(words)} and {total - len(words)} more"
    return f" {last} ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
