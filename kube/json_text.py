"""Reads the bytes of a file as JSON; whatever they are, the answer is a value or one sentence."""

import json

from kube.manifest import Json

MOST_DEEPLY_NESTED = 200
"""No preview comes near; Python's own limit would end in a traceback further in."""


class UnreadableError(Exception):
    """The file is not what it should be; the text says so in a sentence without its full stop."""


def decoded(raw: bytes) -> str:
    """Decode text; raises `UnreadableError` if it is none, or empty."""
    try:
        content = raw.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise UnreadableError("it is no text in UTF-8") from error
    if not content:
        raise UnreadableError("it is empty: what should have written it ended before it wrote anything")
    return content


def loads(content: str) -> Json:
    """Parse one document.

    Raises:
        json.JSONDecodeError: It is no JSON.
        UnreadableError: It is JSON, but no tool would write it.
    """
    try:
        document: Json = json.loads(content)
    except json.JSONDecodeError:
        raise
    except (RecursionError, ValueError) as error:
        raise UnreadableError("it is JSON that no tool would write") from error
    if _depth(document) > MOST_DEEPLY_NESTED:
        raise UnreadableError("it is JSON that no tool would write: nested too deeply")
    return document


def document(raw: bytes) -> Json:
    """Read a file that holds one document; raises `UnreadableError`."""
    try:
        return loads(decoded(raw))
    except json.JSONDecodeError as error:
        raise UnreadableError(f"it is no JSON from line {error.lineno} on ({error.msg})") from error


def _depth(document: Json) -> int:
    level, depth = [document], 0
    while level:
        depth += 1
        level = [child for parent in level for child in _children(parent) if isinstance(child, dict | list)]
    return depth


def _children(parent: Json) -> list[Json]:
    if isinstance(parent, dict):
        return list(parent.values())
    return parent if isinstance(parent, list) else []
