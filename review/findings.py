"""What a review reports: a rule, with the values that it has in one change."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from kube.escaping import visible
from review.danger import Danger
from tenants.fleet import Role, State


@dataclass(frozen=True)
class Name:
    """Text chosen by others: a node, an image, a path. It must never be read as mark-up."""

    text: str


@dataclass(frozen=True)
class Word:
    """A word of this program: a role, a state, a number."""

    text: str


Value: TypeAlias = Name | Word


def names(texts: Iterable[str]) -> Name:
    """Return several names as one value."""
    return Name(", ".join(texts))


def name_or(otherwise: str, text: str) -> Value:
    """Return a name, or this program's words where there is none."""
    return Name(text) if text else Word(otherwise)


def number(value: int | None) -> Word:
    """Return a whole number, `unknown` for `None`."""
    return Word("unknown" if value is None else str(value))


def word(text: str) -> Value:
    """Return a role or a state; any other text that a manifest has in its place is a name."""
    return Word(text) if text in (*Role, *State) else Name(text)


@dataclass(frozen=True)
class Rule:
    """One thing that a change can do to a database or its clients."""

    id: str
    """Stable: programs and people refer to it."""
    danger: Danger
    """At most: a finding may be rated lower, where no pod runs for example."""
    sentence: str
    """The whole sentence, with the name of each value in braces; `{danger}` is how the finding is rated."""
    why: str = ""
    """What the sentence leaves out: why it is rated so, and what to do."""

    def finding(
        self,
        *,
        at_most: Danger = Danger.DATA_LOSS,
        about: str | None = None,
        affects: Iterable[str] | None = None,
        **values: Value,
    ) -> "Finding":
        return Finding(
            rule=self,
            danger=min(self.danger, at_most),
            values=tuple(values.items()),
            about=(about,) if about else (),
            affects=None if affects is None else tuple(affects),
        )


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A rule that applies to a change."""

    rule: Rule
    danger: Danger
    values: tuple[tuple[str, Value], ...]
    about: tuple[str, ...]
    """The roles that it applies to; empty for the whole tenant."""
    affects: tuple[str, ...] | None = None
    """Of an object that some tenants share: those of this stack whose clients notice. `None`: any of them may."""

    def text(self, name: Callable[[str], str] = visible) -> str:
        """Return the sentence, each `Name` written by this function."""
        values = {
            key: name(value.text or "(none)") if isinstance(value, Name) else value.text for key, value in self.values
        }
        return self.rule.sentence.format(danger=self.danger.word, **values)
