"""Text of others, written so that it can be nothing but text."""

import re

LONGEST_VALUE = 1_000


def visible(value: str) -> str:
    r"""Replace what a reader would not see, or a terminal obey, by its escape: `\n`, `\x1b`, `\u202e`."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in value
    )


def markdown_code(value: str) -> str:
    """Write a value so that it can be nothing but a value."""
    shown = visible(value)
    if len(shown) > LONGEST_VALUE:
        shown = shown[: LONGEST_VALUE - 1] + "…"
    escaped = re.sub(r"[^\w .:/,→-]|_", lambda found: f"&#{ord(found[0])};", shown)
    return f"<code>{escaped}</code>"
