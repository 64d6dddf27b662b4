"""Sentences about a change, kept apart from the names in them: those come from whoever wrote the tenant list."""

from collections.abc import Callable
from dataclasses import dataclass

from kube.escaping import visible


@dataclass(frozen=True)
class Words:
    """A sentence with `{}` for each value."""

    template: str
    values: tuple[str, ...] = ()

    def written(self, value: Callable[[str], str]) -> str:
        """Spell the sentence, each value as the function writes it."""
        return self.template.format(*map(value, self.values))

    def plain(self) -> str:
        """Spell the sentence without any mark-up."""
        return self.written(visible)


def words(template: str, *values: str) -> Words:
    """Make a sentence."""
    return Words(template, values)
