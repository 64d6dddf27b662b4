"""Scalars as Pulumi reads them, which differs from PyYAML.

Pulumi parses a stack file with Go's yaml.v3, writes the result as YAML, parses that again, and hands the program JSON.
This follows `resolve.go` of yaml.v3 3.0.1 and Pulumi's `resource/config` at 3.250 rule by rule; tests compare it with
what the real CLI reads, recorded in `tests/data/pulumi-yaml/`.
"""

import base64
import binascii
import math
import re
from datetime import datetime
from decimal import Decimal
from typing import Final

Scalar = str | int | float | bool | None

_WORDS: Final[dict[str, Scalar]] = {
    "": None,
    **dict.fromkeys(("~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_MAYBE_NUMBER = frozenset("+-.0123456789")

_INTEGER = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))")
_INTEGER_AGAIN = re.compile(r"0(?:b([-+]?[01]+)|o([-+]?[0-7]+))")
"""yaml.v3 tries the prefixes of YAML 1.2 a second time, and then accepts a sign after them."""
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_POINT_FIRST = re.compile(r"\.[0-9]+(_[0-9]+)*([eE][-+]?[0-9]+(_[0-9]+)*)?")
"""What begins with a point goes straight to `strconv.ParseFloat`, which allows underscores between digits only."""
_TIMESTAMP = re.compile(
    r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})"
    r"(?:(?:(?P<t>[Tt])|[ ])([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:[.,]([0-9]{1,9}))?"
    r"(?P<zone>Z|[-+][0-9]{2}:[0-9]{2})?)?"
)
_LARGEST = 2**64 - 1
_LARGEST_SIGNED = 2**63 - 1


class BadTagError(ValueError):
    """The text does not match its explicit tag."""


def resolve(text: str, tag: str | None = None) -> Scalar:
    """Return the value of an unquoted scalar, or of one with a tag (`tag:yaml.org,2002:int`); raises `BadTagError`."""
    if tag is None or tag == "!":
        return _plain(text)
    short = tag.removeprefix("tag:yaml.org,2002:")
    if short == "binary":
        try:
            return base64.b64decode(text.replace("\n", ""), validate=True).decode(errors="replace")
        except binascii.Error:
            raise BadTagError(tag) from None
    if short not in {"bool", "int", "float", "null", "timestamp"}:
        return text
    value = _plain(text)
    matches = {
        "bool": isinstance(value, bool),
        "int": isinstance(value, int) and not isinstance(value, bool) and _integer(text.replace("_", "")) is not None,
        "float": isinstance(value, int | float) and not isinstance(value, bool),
        "null": value is None,
        "timestamp": isinstance(value, str) and value != text and _timestamp(text) is not None,
    }
    if not matches[short]:
        raise BadTagError(tag)
    return value


def key_text(value: Scalar) -> str:
    """Return the text that a key becomes in JSON, where every key is text."""
    if isinstance(value, str):
        return value
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def _plain(text: str) -> Scalar:
    if text in _WORDS:
        return _WORDS[text]
    return _number(text) if text[0] in _MAYBE_NUMBER else text


def _number(text: str) -> Scalar:
    if text[0] == ".":
        return _through_json(float(text)) if _POINT_FIRST.fullmatch(text) and math.isfinite(float(text)) else text
    if text[4:5] == "-":
        timestamp = _timestamp(text)
        if timestamp is not None:
            return timestamp
    plain = text.replace("_", "")
    integer = _integer(plain)
    if integer is not None:
        return integer if -_LARGEST_SIGNED - 1 <= integer <= _LARGEST_SIGNED else _through_json(float(integer))
    if _FLOAT.fullmatch(plain):
        number = float(plain)
        return _through_json(number) if math.isfinite(number) else text
    return text


def _integer(plain: str) -> int | None:
    match = _INTEGER.fullmatch(plain)
    if match:
        sign, hexadecimal, binary, octal, decimal = match.groups()
        digits, base = next((d, b) for d, b in ((hexadecimal, 16), (binary, 2), (octal, 8), (decimal, 10)) if d)
        if len(digits) > 64:
            return None if digits.lstrip("0") else 0
        integer = int(digits, base)
        limit = _LARGEST if not sign else _LARGEST_SIGNED + (sign == "-")
        return None if integer > limit else -integer if sign == "-" else integer
    again = _INTEGER_AGAIN.fullmatch(plain)
    if again:
        integer = int(again[1], 2) if again[1] else int(again[2], 8)
        return integer if abs(integer) <= _LARGEST_SIGNED else None
    return None


def _through_json(number: float) -> int | float:
    """Return a float as Go's YAML and JSON pass it on: whole ones below 1e21 become integers."""
    if number.is_integer() and abs(number) < 1e21:
        return int(Decimal(repr(number)))
    return number


def _timestamp(text: str) -> str | None:
    """Return Go's `time.Time.String()` of a date, which is what Pulumi turns one into."""
    match = _TIMESTAMP.fullmatch(text)
    if not match or bool(match["t"]) != bool(match["zone"]):
        return None
    year, month, day, _, hour, minute, second, fraction, zone = match.groups()
    try:
        moment = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0))  # noqa: DTZ001
    except ValueError:
        return None
    decimals = f".{fraction}".rstrip("0").rstrip(".") if fraction else ""
    offset = "+0000 UTC" if zone in {None, "Z"} else f"{zone.replace(':', '')} {zone.replace(':', '')}"
    return f"{moment:%Y-%m-%d %H:%M:%S}{decimals} {offset}"
