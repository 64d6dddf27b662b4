"""What the checker says: one finding per fault, and the collector that gathers all of them before anybody is told."""

import json
import re
from dataclasses import dataclass, field

Path = tuple[str | int, ...]
"""Where a value stands in the configuration: `("tenants", 2, "vip")`."""

MOST_FINDINGS = 5_000
"""Nobody reads more, and a 10 MB file of faulty entries must not become gigabytes of messages (issue 4)."""

_PLAIN_KEY = re.compile(r"[A-Za-z_][\w-]*")
_MOST_QUOTED = 80


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One thing that must hold of every fleet."""

    id: str
    title: str
    """What must hold, as one sentence without its full stop."""
    why: str
    """What happens to people when it does not, with the evidence."""
    waivable: bool = False
    """The fleet can still be built, so a tenant may say that it knows better (`waive`)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LintFinding:
    """One fault at one place."""

    rule: Rule
    path: Path
    message: str
    """What is wrong, and what to do."""
    at_key: bool = False
    """It is the key at `path` that is wrong, not its value."""
    waived: str | None = None
    """The reason for which a tenant waives it; such a finding is listed and refuses nothing."""

    def __str__(self) -> str:
        return f"{self.rule.id}  {path_text(self.path)}: {self.message}"


@dataclass(frozen=True, slots=True)
class Invalid:
    """What a reader of one value says in place of the value."""

    rule: Rule
    message: str


class TooManyFindingsError(Exception):
    """The collector is full."""


@dataclass(slots=True)
class Findings:
    """Gathers findings while a configuration is read and its rules are checked."""

    findings: list[LintFinding] = field(default_factory=list)
    _once: set[tuple[str, Path, bool]] = field(default_factory=set)

    def add(self, rule: Rule, path: Path, message: str, *, at_key: bool = False, waived: str | None = None) -> None:
        """Note one fault.

        Raises:
            TooManyFindingsError: there are `MOST_FINDINGS` already.
        """
        if len(self.findings) >= MOST_FINDINGS:
            raise TooManyFindingsError
        self.findings.append(LintFinding(rule=rule, path=path, message=message, at_key=at_key, waived=waived))

    def add_once(self, rule: Rule, path: Path, message: str, *, waived: str | None) -> None:
        """Note one fault, unless the same rule is broken at the same place already: once waived, once not."""
        key = (rule.id, path, waived is None)
        if key not in self._once:
            self._once.add(key)
            self.add(rule, path, message, waived=waived)


def path_text(path: Path) -> str:
    """The path as people write it: `tenants[2].vip`."""
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
    """A value of the configuration as it may stand in a message: on one line, printable, not too long."""
    if isinstance(value, str):
        value = value[: _MOST_QUOTED + 1]
    elif isinstance(value, dict | list):
        return "a map" if isinstance(value, dict) else "a list"
    text = printable(json.dumps(value, ensure_ascii=False))
    return text if len(text) <= _MOST_QUOTED else f"{text[: _MOST_QUOTED - 1]}…"


def printable(text: str) -> str:
    """A text in which nothing can confuse a terminal or end the line."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def listed(words: list[str], *, total: int | None = None) -> str:
    """Some words for a sentence: `a, b and c`, or `a, b and 3 more` when there are more in `total`."""
    if total is not None and total > len(words):
        return f"{', '.join(words)} and {total - len(words)} more"
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
