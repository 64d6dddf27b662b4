"""Sentences about a change, kept apart from the names in them: those come from whoever wrote the tenant list."""

from collections.abc import Callable
from dataclasses import dataclass


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


def visible(value: str) -> str:
    r"""Replace what a reader would not see, or a terminal obey, by its escape: `\n`, `\x1b`, `\u202e`."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in value
    )
