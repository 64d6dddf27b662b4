"""YAML as Pulumi reads it, every value with the place that it was written at.

Works on libyaml's events, not on nodes: no recursion that a deeply nested file could exhaust, no second copy of the
file, and an early end where a file becomes unreasonable. Values are plain (`Map` is a `dict`, `List` a `list`), so that
the same rules read them as read the program's configuration.
"""

import math
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import yaml

from tenants.goscalars import MAYBE_NOT_TEXT, BadTagError, key_text, resolve
from tenants.kinds import Encrypted

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


class Position(NamedTuple):
    """Where something was written, counted from 1."""

    line: int
    column: int


class UnreadableYamlError(Exception):
    """Pulumi could not read this file, or it is beyond reason."""

    def __init__(self, place: Position, message: str) -> None:
        super().__init__(message)
        self.place = place
        self.message = message


class Map(dict[str, Any]):
    """A map; `places` has the places of each key and its value."""

    __slots__ = ("places",)

    def __init__(self) -> None:
        self.places: dict[str, tuple[Any, Any]] = {}


class List(list[Any]):
    """A list; `places` has the place of each entry."""

    __slots__ = ("places",)

    def __init__(self) -> None:
        self.places: list[Any] = []


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A key that stands twice in a map."""

    key: str
    place: Position
    first: Position


@dataclass(frozen=True, slots=True)
class Document:
    """The first document of a stream."""

    root: object
    place: Position
    duplicates: tuple[Duplicate, ...]
    second: Position | None
    """Where a second document begins, which Pulumi does not read."""


class _Open:
    """A map or list whose end has not been seen."""

    __slots__ = ("anchor", "before", "key", "key_mark", "mark", "merged", "merging", "value")

    def __init__(self, value: Any, mark: Any, anchor: str | None, before: int) -> None:
        self.value = value
        """A `Map` or `List`."""
        self.mark = mark
        self.anchor = anchor
        self.before = before
        self.key: str | None = None
        """The key whose value comes next; `None` when a key comes next."""
        self.key_mark: Any = None
        self.merging = False
        """The key is `<<`."""
        self.merged: list[tuple[Any, Any, bool]] = []
        """Values of `<<`, their marks, and whether they are aliases."""


_MERGE = "<<"
_OUTERMOST = 2
"""How many maps are open where the document's own keys stand: the one it hangs from, and itself."""


def position_of(mark: Any) -> Position:
    """A place from one of PyYAML's marks."""
    return Position(mark.line + 1, mark.column + 1)


def read(data: bytes) -> Document:
    """The first document.

    Raises:
        UnreadableYamlError: Pulumi could not read it.
    """
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    if data.count(b"\n%") > _MOST_DIRECTIVES:
        raise UnreadableYamlError(Position(1, 1), "holds more than a hundred YAML directives; remove them")
    try:
        loader = LOADER(data)
        try:
            return _Reader(loader).document()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        # What is never closed is best looked for where it begins; libyaml notices at the next thing after it.
        begun = "flow" in str(error.context) or "quoted" in str(error.context)
        mark = (error.context_mark if begun else None) or error.problem_mark or error.context_mark
        problem = ", ".join(part for part in (error.context, error.problem) if part)
        raise UnreadableYamlError(position_of(mark) if mark else Position(1, 1), f"is not YAML: {problem}") from None
    except yaml.reader.ReaderError as error:
        before = data[: error.position] if isinstance(error.position, int) else b""
        place = Position(before.count(b"\n") + 1, len(before) - (before.rfind(b"\n") + 1) + 1)
        raise UnreadableYamlError(place, f"is not YAML: {error.reason}") from None
    except (yaml.YAMLError, UnicodeError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UnreadableYamlError(Position(1, 1), f"is not YAML: {reason}") from None


class _Reader:
    """Builds the values of one document from events."""

    def __init__(self, loader: Any) -> None:
        self._next = loader.get_event
        self._anchors: dict[str, tuple[Any, int] | _Open] = {}
        self._duplicates: list[Duplicate] = []
        self._aliased = 0
        """Values behind aliases, counted once at each use: Go decodes them that often."""

    def document(self) -> Document:
        """The first document of the stream, `None` if there is none."""
        self._next()
        event = self._next()
        if isinstance(event, yaml.StreamEndEvent):
            return Document(None, Position(1, 1), (), None)
        if event.version and event.version != (1, 1):
            raise UnreadableYamlError(
                position_of(event.start_mark), "asks for a YAML version that Pulumi does not know; remove %YAML"
            )
        first = Map()
        # The document hangs from a map of one key, so that the loop below knows one case less.
        root = _Open(first, event.start_mark, None, 0)
        root.key = ""
        self._values([root])
        place = position_of(first.places[""][1]) if first else Position(1, 1)
        return Document(first.get(""), place, tuple(self._duplicates), self._second())

    def _second(self) -> Position | None:
        try:
            start = self._next()
            if not isinstance(start, yaml.DocumentStartEvent):
                return None
            content = self._next()
        except yaml.YAMLError:
            return None
        empty = isinstance(content, yaml.ScalarEvent) and not content.value
        return None if empty else position_of(start.start_mark)

    # One loop, for speed: this is nearly all the time that a sound file takes.
    def _values(self, stack: list[_Open]) -> None:  # noqa: C901, PLR0912, PLR0915
        """Read events until the document ends."""
        top = stack[-1]
        read, anchors = self._next, self._anchors
        seen = 0
        while True:
            event = read()
            kind = type(event)
            if kind is yaml.ScalarEvent:
                mark = event.start_mark
                value = event.value
                if event.tag is not None:
                    value = _tagged(event)
                elif not event.style and (value[:1] in MAYBE_NOT_TEXT or not value):
                    value = _resolved(event)
                if event.anchor:
                    anchors[event.anchor] = (value, 1)
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                closed = stack.pop()
                top = stack[-1]
                value, mark = closed.value, closed.mark
                if closed.merged:
                    _merge(closed)
                if closed.anchor and anchors[closed.anchor] is closed:
                    anchors[closed.anchor] = (value, 1 + seen + self._aliased - closed.before)
            elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                if top.key is None and type(top.value) is Map:
                    raise UnreadableYamlError(
                        position_of(event.start_mark), "has a map or a list for a key; write text"
                    )
                if len(stack) > DEEPEST:
                    raise UnreadableYamlError(
                        position_of(event.start_mark), f"nests deeper than {DEEPEST} levels; flatten it"
                    )
                container: Map | List = Map() if kind is yaml.MappingStartEvent else List()
                top = _Open(container, event.start_mark, event.anchor, seen + self._aliased)
                stack.append(top)
                if event.anchor:
                    anchors[event.anchor] = top
                continue
            elif kind is yaml.AliasEvent:
                mark = event.start_mark
                value = self._alias(event, seen)
            else:
                return

            seen += 1
            if seen > MOST_VALUES:
                message = f"holds more than {MOST_VALUES:,} values; split it into several stacks"
                raise UnreadableYamlError(position_of(mark), message)
            target = top.value
            key = top.key
            if type(target) is List:
                target.append(_encrypted(value) if type(value) is Map else value)
                target.places.append(mark)
            elif key is None:
                if type(value) is str and value != _MERGE and value not in target:
                    top.key, top.key_mark = value, mark
                    continue
                self._key(top, value, event, outermost=len(stack) == _OUTERMOST)
            elif top.merging:
                top.merged.append((value, mark, kind is yaml.AliasEvent))
                top.key, top.merging = None, False
            else:
                target[key] = _encrypted(value) if type(value) is Map else value
                target.places[key] = (top.key_mark, mark)
                top.key = None

    def _key(self, top: _Open, value: Any, event: Any, *, outermost: bool) -> None:
        """Remember a map's next key."""
        mark = event.start_mark
        if isinstance(value, dict | list):
            raise UnreadableYamlError(position_of(mark), "has a map or a list for a key; write text")
        if outermost and not isinstance(value, str):
            raise UnreadableYamlError(position_of(mark), "has a key that is not text; put it in quotes")
        top.key_mark = mark
        if value == _MERGE:
            # Quoted as well: Pulumi writes what it has read once more, and then the quotes are gone.
            if top.merged:
                self._duplicates.append(Duplicate(_MERGE, position_of(mark), position_of(top.merged[0][1])))
            top.key, top.merging = _MERGE, True
            return
        top.key = key = value if type(value) is str else key_text(value)
        # `1` and `0x1` are two keys to Go's parser, of which the later wins; `1` and `1` are refused.
        if key in top.value and (type(value) is str or event.value == key):
            first = top.value.places[key][0]
            self._duplicates.append(Duplicate(key, position_of(mark), position_of(first)))

    def _alias(self, event: Any, seen: int) -> Any:
        """The value behind an alias, if Go would follow it."""
        place = position_of(event.start_mark)
        anchored = self._anchors.get(event.anchor)
        if anchored is None:
            raise UnreadableYamlError(place, f"has the alias *{event.anchor}, but no anchor &{event.anchor} before it")
        if isinstance(anchored, _Open):
            raise UnreadableYamlError(place, f"has the alias *{event.anchor} in the very value that it stands for")
        value, size = anchored
        self._aliased += size
        decoded = seen + self._aliased
        # The numbers are Go's (decode.go); below them anything goes.
        if self._aliased > 100 and decoded > 1000 and self._aliased / decoded > _most_aliased(decoded):
            raise UnreadableYamlError(
                place, "uses aliases so much that Pulumi refuses it as an attack; write values out"
            )
        return value


def _most_aliased(decoded: int) -> float:
    """How much of a document that is decoded into so many values may come from aliases."""
    if decoded <= _ALIAS_LOW:
        return 0.99
    if decoded >= _ALIAS_HIGH:
        return 0.10
    return 0.99 - 0.89 * (decoded - _ALIAS_LOW) / (_ALIAS_HIGH - _ALIAS_LOW)


def _tagged(event: Any) -> Any:
    """A scalar with a tag of its own."""
    if event.tag == "!" and event.style:
        return event.value
    try:
        return _resolved(event, event.tag)
    except BadTagError:
        message = f"has a value that is not what its tag {event.tag} says"
        raise UnreadableYamlError(position_of(event.start_mark), message) from None


def _resolved(event: Any, tag: str | None = None) -> Any:
    value = resolve(event.value, tag)
    if type(value) is float and not math.isfinite(value):
        raise UnreadableYamlError(
            position_of(event.start_mark), f"has {event.value}, which JSON cannot hold; write a number"
        )
    return value


def _encrypted(value: Any) -> Any:
    """Pulumi takes a map of the one key `secure` with text for an encrypted value, wherever it stands."""
    if type(value) is Map and len(value) == 1:
        secret = value.get("secure")
        if type(secret) is str:
            return Encrypted(secret)
    return value


def _merge(closed: _Open) -> None:
    """Take over the keys of the maps behind `<<` that the map does not have itself; the first of several wins."""
    target = closed.value
    for value, mark, is_alias in closed.merged:
        sources = [value] if type(value) is Map else value if type(value) is List and not is_alias else [None]
        for source in sources:
            if type(source) is not Map:
                raise UnreadableYamlError(position_of(mark), "merges (<<) something that is not a map")
            for key, merged in source.items():
                if key not in target:
                    target[key] = merged
                    target.places[key] = source.places[key]
