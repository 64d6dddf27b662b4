"""Escapes text from outside, for terminals and for Markdown."""

import re

LONGEST_VALUE = 1_000


def visible(value: str) -> str:
    r"""Replace characters that are invisible, or that a terminal acts on, by escapes: `\n`, `\x1b`, `\u202e`."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in value
    )


def markdown_code(value: str) -> str:
    """Write a value as inline code that cannot contain markup."""
    shown = visible(value)
    if len(shown) > LONGEST_VALUE:
        shown = shown[: LONGEST_VALUE - 1] + "…"
    escaped = re.sub(r"[^\w .:/,→-]|_", lambda found: f"&#{ord(found[0])};", shown)
    return f"<code>{escaped}</code>"
