"""One thing that a change does, and how much it can hurt."""

from dataclasses import dataclass

from review.danger import Danger
from review.words import Words


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A sentence in the words of the domain."""

    danger: Danger
    says: Words
    about: tuple[str, ...] = ()
    """The roles that it is said of; empty for the whole tenant."""


def finding(danger: Danger, template: str, *values: str, about: str | None = None) -> Finding:
    """Make a finding."""
    return Finding(danger=danger, says=Words(template, values), about=(about,) if about else ())
