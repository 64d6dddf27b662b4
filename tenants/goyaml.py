"""YAML as Pulumi reads it, with the position of every value.

Values are built while libyaml parses, in one recursive pass over its events. `yaml.compose`, which builds nodes first,
recurses in C: a file of 100,000 `[` crashes the interpreter. It also gives an alias the position of its anchor, and
refuses a second anchor of the same name, which Go accepts (PyYAML 6.0.3, 2026-11).

Maps are `dict`s and lists are `list`s, so that the same rules read a stack file and the program's configuration.
"""

import codecs
import math
from dataclasses import dataclass
from typing import Any, Final

import yaml

from tenants.findings import FileFault, Position, UnusableFileError, quoted
from tenants.goscalars import BadTagError, Scalar, key_text, resolve
from tenants.kinds import Encrypted
from tenants.rules.files import DUPLICATE_KEY, SECOND_DOCUMENT, UNREADABLE

LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's parser, of which Go's is a port; PyYAML's own is some thirty times slower."""

DEEPEST = 100
"""A stack file nests seven levels. Pulumi itself gives up at 10,000."""
MOST_VALUES = 200_000
"""More than 10,000 tenants: many times what one engine can hold, and what keeps a run under 500 MB and 10 s."""
_MOST_DIRECTIVES = 100
"""libyaml compares each with all before it."""

# yaml.v3 decode.go: how much of a document may come from aliases, by the number of values decoded.
_ALIAS_LOW, _ALIAS_HIGH = 400_000, 4_000_000

_MERGE = "<<"


class Map(dict[str, Any]):
    """A map with the positions of each key and its value."""

    def __init__(self) -> None:
        self.positions: dict[str, tuple[Position, Position]] = {}


class List(list[Any]):
    """A list with the position of each entry."""

    def __init__(self) -> None:
        self.positions: list[Position] = []


@dataclass(frozen=True, slots=True)
class Document:
    """The first document of a stream."""

    root: object
    position: Position
    faults: tuple[FileFault, ...]
    """Duplicate keys, and the start of a second document."""


@dataclass(slots=True)
class _Anchor:
    value: Any = None
    size: int = 0
    """The number of values in it, those behind aliases included; 0 while it is being read."""


def read(data: bytes) -> Document:
    """Read the first document; raises `UnusableFileError` if Pulumi could not, or if no stack file is that large."""
    data = data.removeprefix(codecs.BOM_UTF8)
    if data.count(b"\n%") > _MOST_DIRECTIVES:
        raise _unreadable(Position(1, 1), f"holds more than {_MOST_DIRECTIVES} YAML directives; remove them")
    try:
        loader = LOADER(data)
        try:
            return _Reader(loader).document()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        # libyaml notices an unclosed bracket or quote only at the next thing after it: report where it was opened.
        unclosed = "flow" in str(error.context) or "quoted" in str(error.context)
        mark = (error.context_mark if unclosed else None) or error.problem_mark or error.context_mark
        problem = ", ".join(part for part in (error.context, error.problem) if part)
        raise _unreadable(_position(mark) if mark else Position(1, 1), f"is not YAML: {problem}") from None
    except yaml.reader.ReaderError as error:
        before = data[: error.position] if isinstance(error.position, int) else b""
        position = Position(before.count(b"\n") + 1, len(before) - before.rfind(b"\n"))
        raise _unreadable(position, f"is not YAML: {error.reason}") from None
    except (yaml.YAMLError, UnicodeError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise _unreadable(Position(1, 1), f"is not YAML: {reason}") from None


class _Reader:
    """Builds the values of one document from libyaml's events."""

    def __init__(self, loader: Any) -> None:
        self._next = loader.get_event
        self._anchors: dict[str, _Anchor] = {}
        self._faults: list[FileFault] = []
        self._depth = 0
        """Maps and lists whose end has not been read."""
        self._count = 0
        """Values that have been read."""
        self._aliased = 0
        """Values behind aliases, counted once at each use: Go decodes them that often."""

    def document(self) -> Document:
        self._next()
        start = self._next()
        if isinstance(start, yaml.StreamEndEvent):
            return Document(None, Position(1, 1), ())
        if start.version and start.version != (1, 1):
            raise _unreadable(_start(start), "uses a YAML version that Pulumi does not support; remove %YAML")
        first = self._next()
        root = self._value(first)
        self._next()
        self._check_second()
        return Document(root, _start(first), tuple(self._faults))

    def _check_second(self) -> None:
        try:
            start = self._next()
            content = self._next() if isinstance(start, yaml.DocumentStartEvent) else None
        except yaml.YAMLError:
            return
        if content and not (isinstance(content, yaml.ScalarEvent) and not content.value):
            message = "a second document begins here, which Pulumi ignores; move its content to the first or remove it"
            self._faults.append(FileFault(SECOND_DOCUMENT, _start(start), message))

    def _value(self, event: Any) -> Any:
        """Build the value that begins with an event."""
        if isinstance(event, yaml.AliasEvent):
            value = self._behind_alias(event)
        elif event.anchor:
            before = self._count + self._aliased
            anchor = self._anchors[event.anchor] = _Anchor()
            anchor.value = value = self._built(event)
            anchor.size = 1 + self._count + self._aliased - before
        else:
            value = self._built(event)
        self._count += 1
        if self._count > MOST_VALUES:
            raise _unreadable(_start(event), f"holds more than {MOST_VALUES:,} values; split it into several stacks")
        return value

    def _built(self, event: Any) -> Any:
        if isinstance(event, yaml.ScalarEvent):
            return _scalar(event)
        if self._depth == DEEPEST:
            raise _unreadable(_start(event), f"nests deeper than {DEEPEST} levels; flatten it")
        self._depth += 1
        value = self._map() if isinstance(event, yaml.MappingStartEvent) else self._list()
        self._depth -= 1
        return value

    def _list(self) -> List:
        entries = List()
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            entries.append(_encrypted(self._value(event)))
            entries.positions.append(_start(event))
        return entries

    def _map(self) -> Map:
        values = Map()
        merged: list[tuple[Any, Any]] = []
        while not isinstance(key_event := self._next(), yaml.MappingEndEvent):
            key = self._key(key_event, values)
            event = self._next()
            value = self._value(event)
            values.positions[key] = (_start(key_event), _start(event))
            if key == _MERGE:
                merged.append((event, value))
            else:
                values[key] = _encrypted(value)
        for event, value in merged:
            _merge(values, event, value)
        return values

    def _key(self, event: Any, known: Map) -> str:
        value = self._value(event)
        if isinstance(value, dict | list):
            raise _unreadable(_start(event), "has a map or a list as a key; write text")
        if self._depth == 1 and not isinstance(value, str):
            raise _unreadable(_start(event), "has a key that is not text; put it in quotes")
        key = key_text(value)
        # `1` and `0x1` are two keys to Go's parser, of which the later wins; `1` and `1` are refused.
        if key in known.positions and (isinstance(value, str) or getattr(event, "value", key) == key):
            message = f"duplicate key {quoted(key)}, first on line {known.positions[key][0].line}; remove one"
            self._faults.append(FileFault(DUPLICATE_KEY, _start(event), message))
        return key

    def _behind_alias(self, event: Any) -> Any:
        """Return the value behind an alias, if Go would follow it."""
        anchor = self._anchors.get(event.anchor)
        if anchor is None:
            raise _unreadable(_start(event), f"has the alias *{event.anchor}, but no anchor &{event.anchor} before it")
        if not anchor.size:
            raise _unreadable(_start(event), f"has the alias *{event.anchor} inside the value that it refers to")
        self._aliased += anchor.size
        decoded = self._count + self._aliased
        # The numbers are Go's (decode.go); below them any share is accepted.
        if self._aliased > 100 and decoded > 1000 and self._aliased / decoded > _most_aliased(decoded):
            raise _unreadable(
                _start(event), "uses aliases so much that Pulumi refuses it as an attack; write values out"
            )
        return anchor.value


def _most_aliased(decoded: int) -> float:
    """Return the share of a document that may come from aliases, by the number of values decoded."""
    if decoded <= _ALIAS_LOW:
        return 0.99
    if decoded >= _ALIAS_HIGH:
        return 0.10
    return 0.99 - 0.89 * (decoded - _ALIAS_LOW) / (_ALIAS_HIGH - _ALIAS_LOW)


def _scalar(event: Any) -> Scalar:
    if event.style and event.tag in {None, "!"}:
        text: str = event.value
        return text
    try:
        value = resolve(event.value, event.tag)
    except BadTagError:
        raise _unreadable(_start(event), f"has a value that does not match its tag {event.tag}") from None
    if isinstance(value, float) and not math.isfinite(value):
        raise _unreadable(_start(event), f"has {event.value}, which JSON cannot represent; write a number")
    return value


def _encrypted(value: Any) -> Any:
    """Replace a map of the one key `secure` with text, which is an encrypted value to Pulumi wherever it stands."""
    if isinstance(value, Map) and len(value) == 1 and type(value.get("secure")) is str:
        return Encrypted(value["secure"])
    return value


def _merge(target: Map, event: Any, value: Any) -> None:
    """Add the keys of the maps behind `<<` that the map does not have itself; the first of several wins."""
    is_alias = isinstance(event, yaml.AliasEvent)
    for source in value if isinstance(value, List) and not is_alias else [value]:
        if not isinstance(source, Map):
            raise _unreadable(_start(event), "merges (<<) a value that is not a map")
        for key, merged in source.items():
            if key not in target:
                target[key], target.positions[key] = merged, source.positions[key]


def _position(mark: Any) -> Position:
    return Position(mark.line + 1, mark.column + 1)


def _start(event: Any) -> Position:
    return _position(event.start_mark)


def _unreadable(position: Position, message: str) -> UnusableFileError:
    return UnusableFileError(FileFault(UNREADABLE, position, message))
