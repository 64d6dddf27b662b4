"""Reads JSON from untrusted bytes: the result is a value or an error of one sentence."""

import json
from collections.abc import Iterator

from kube.manifest import Json

MAX_DEPTH = 200
"""No preview comes near; Python's own limit would end in a traceback further in."""


class UnreadableError(Exception):
    """The input cannot be used; the text says why, without a full stop."""


def decoded(raw: bytes) -> str:
    """Decode UTF-8 text; raises `UnreadableError` if it is not UTF-8, or empty."""
    try:
        content = raw.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise UnreadableError("not valid UTF-8") from error
    if not content:
        raise UnreadableError("empty input: did the command that writes it fail?")
    return content


def loads(content: str) -> Json:
    """Parse one document.

    Raises:
        json.JSONDecodeError: It is not JSON.
        UnreadableError: It is JSON with a number too long or objects nested too deeply to be read.
    """
    try:
        document: Json = json.loads(content)
    except json.JSONDecodeError:
        raise
    except (RecursionError, ValueError) as error:
        raise UnreadableError("JSON with a value that is too long or nested too deeply") from error
    if _depth(document) > MAX_DEPTH:
        raise UnreadableError("JSON that is nested too deeply")
    return document


def document(raw: bytes) -> Json:
    """Parse a file of one document; raises `UnreadableError`."""
    try:
        return loads(decoded(raw))
    except json.JSONDecodeError as error:
        raise UnreadableError(f"invalid JSON at line {error.lineno} ({error.msg})") from error


def concatenated(content: str) -> Iterator[Json]:
    """Parse documents that follow each other; raises `json.JSONDecodeError`."""
    decoder, content, position = json.JSONDecoder(), content.strip(), 0
    while position < len(content):
        document, position = decoder.raw_decode(content, position)
        yield document
        while content[position : position + 1].isspace():
            position += 1


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
