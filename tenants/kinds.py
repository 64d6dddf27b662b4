"""Kinds of values that a key can take: how one is read, and how JSON Schema says the same."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, Protocol, TypeVar

from tenants.findings import Findings, Invalid, Path, Rule, listed, quoted
from tenants.rules.shape import (
    EMPTY_TEXT,
    ENCRYPTED,
    MISSING_KEY,
    NOT_A_CHOICE,
    NOT_POSITIVE,
    ONLY_DATA,
    UNKNOWN_KEY,
    WRONG_TYPE,
    described,
    nearest,
)

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Choice_ = TypeVar("Choice_", bound=StrEnum)
JsonSchema = dict[str, Any]


class Encrypted(str):
    """A `secure:` value of a stack file: some text that only the engine knows."""

    __slots__ = ()


def is_encrypted(value: object, path: Path, notes: Findings) -> bool:
    """Whether a value is encrypted where none may be; `notes` then says so."""
    if isinstance(value, Encrypted):
        notes.add(ENCRYPTED, path, f"is encrypted, {ONLY_DATA}")
        return True
    return False


class Kind(Protocol[T_co]):
    """One kind of value."""

    def read(self, value: object, path: Path, notes: Findings) -> T_co | None:
        """The value understood, or `None` when it cannot be, in which case `notes` says why."""

    def schema(self) -> JsonSchema:
        """The same as JSON Schema, as far as that can say it."""


@dataclass(frozen=True, slots=True)
class Text(Generic[T]):
    """Text with a meaning: `understand` turns it into a value or says what is wrong with it."""

    understand: Callable[[str], T | Invalid]
    pattern: str | None = None
    longest: int | None = None
    """For the schema, as the pattern is; `understand` has the last word."""

    def read(self, value: object, path: Path, notes: Findings) -> T | None:
        """See `Kind`."""
        if not isinstance(value, str):
            hint = "put it in quotes" if isinstance(value, bool | int | float) else "write one, or remove the key"
            notes.add(WRONG_TYPE, path, f"expected text, found {described(value)}; {hint}")
            return None
        if is_encrypted(value, path, notes):
            return None
        understood = self.understand(value)
        if isinstance(understood, Invalid):
            notes.add(understood.rule, path, understood.message)
            return None
        return understood

    def schema(self) -> JsonSchema:
        """See `Kind`."""
        schema: JsonSchema = {"type": "string"}
        if self.pattern:
            schema["pattern"] = self.pattern
        if self.longest:
            schema["maxLength"] = self.longest
        return schema


def anything(text: str) -> str:
    """Any text, the empty one included."""
    return text


def not_empty(text: str) -> str | Invalid:
    """Any text that says something."""
    return (
        text if text.strip() else Invalid(EMPTY_TEXT, "is empty; write a text, or leave the key out if it is optional")
    )


@dataclass(frozen=True, slots=True)
class Integer:
    """A whole number in a range, never a boolean, a float or a text that looks like one."""

    least: int
    most: int
    rule: Rule = NOT_POSITIVE

    def read(self, value: object, path: Path, notes: Findings) -> int | None:
        """See `Kind`."""
        if not isinstance(value, int) or isinstance(value, bool):
            if not is_encrypted(value, path, notes):
                is_quoted = isinstance(value, str) and value.strip().isdecimal()
                hint = "write it without quotes" if is_quoted else f"write one from {self.least} to {self.most}"
                notes.add(WRONG_TYPE, path, f"expected a whole number, found {described(value)}; {hint}")
            return None
        if not self.least <= value <= self.most:
            notes.add(self.rule, path, f"{quoted(value)} is out of range; use {self.least} to {self.most}")
            return None
        return value

    def schema(self) -> JsonSchema:
        """See `Kind`."""
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


@dataclass(frozen=True, slots=True)
class Boolean:
    """`true` or `false`."""

    def read(self, value: object, path: Path, notes: Findings) -> bool | None:
        """See `Kind`."""
        if isinstance(value, bool):
            return value
        if not is_encrypted(value, path, notes):
            message = f"expected true or false, found {described(value)}; write true or false without quotes"
            notes.add(WRONG_TYPE, path, message)
        return None

    def schema(self) -> JsonSchema:
        """See `Kind`."""
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Choice(Generic[Choice_]):
    """One of a few words."""

    choices: type[Choice_]

    def read(self, value: object, path: Path, notes: Findings) -> Choice_ | None:
        """See `Kind`."""
        words = [choice.value for choice in self.choices]
        if not isinstance(value, str):
            notes.add(WRONG_TYPE, path, f"expected a word, found {described(value)}; use {_either(words)}")
            return None
        if is_encrypted(value, path, notes):
            return None
        if value not in words:
            meant = nearest(value, words)
            hint = f"; did you mean {meant}?" if meant else ""
            notes.add(NOT_A_CHOICE, path, f"{quoted(value)} is not a choice; use {_either(words)}{hint}")
            return None
        return self.choices(value)

    def schema(self) -> JsonSchema:
        """See `Kind`."""
        return {"enum": [choice.value for choice in self.choices]}


@dataclass(frozen=True, slots=True)
class ListOf(Generic[T]):
    """A list whose entries are all of one kind."""

    entry: Kind[T]
    hint: str = "write entries that begin with -"
    """What to do when something else stands in its place."""

    def read(self, value: object, path: Path, notes: Findings) -> tuple[T | None, ...] | None:
        """The entries in order, `None` for each that could not be understood."""
        if not isinstance(value, list):
            if not is_encrypted(value, path, notes):
                notes.add(WRONG_TYPE, path, f"expected a list, found {described(value)}; {self.hint}")
            return None
        return tuple(self.entry.read(entry, (*path, index), notes) for index, entry in enumerate(value))

    def schema(self) -> JsonSchema:
        """See `Kind`."""
        return {"type": "array", "items": self.entry.schema()}


@dataclass(frozen=True, slots=True)
class MapOfText:
    """A map from any keys to text, some keys required: the `data` of a ConfigMap or Secret.

    Its values may be encrypted, and of one that is not text nothing is quoted: it is likely to be a secret too.
    """

    required: tuple[str, ...]
    key: Callable[[str], Invalid | None]

    def read(self, value: object, path: Path, notes: Findings) -> Mapping[str, str] | None:
        """The map, or `None` when a part of it could not be understood."""
        if not isinstance(value, dict):
            if not is_encrypted(value, path, notes):
                found = described(value, secret=True)
                notes.add(WRONG_TYPE, path, f"expected a map, found {found}; write its keys beneath it")
            return None
        before = len(notes.findings)
        for key in self.required:
            if key not in value:
                notes.add(MISSING_KEY, path, f"{quoted(key)} is missing; pods read {listed([*self.required])} from it")
        for key, text in value.items():
            problem = self.key(key)
            if problem:
                notes.add(problem.rule, (*path, key), problem.message, at_key=True)
            if not isinstance(text, str):
                found = described(text, secret=True)
                notes.add(WRONG_TYPE, (*path, key), f"expected text, found {found}; put it in quotes")
        return dict(value) if len(notes.findings) == before else None

    def schema(self) -> JsonSchema:
        """See `Kind`."""
        return {"type": "object", "required": list(self.required), "additionalProperties": MAY_BE_ENCRYPTED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Field(Generic[T]):
    """One key of a map."""

    key: str
    kind: Kind[T]
    about: str
    """One sentence for editors and the generated schema."""
    default: str = ""
    """What an absent key means, in words; for people."""
    required: bool = False


@dataclass(slots=True, eq=False)
class Section:
    """A map of the configuration whose keys are being read one by one. Not frozen, for speed, as drafts are not."""

    written: Mapping[str, object]
    path: Path
    notes: Findings

    def __contains__(self, wanted: Field[Any]) -> bool:
        return wanted.key in self.written

    def read(self, wanted: Field[T]) -> T | None:
        """The value of one key; `None` when it is absent or could not be understood."""
        if wanted.key in self.written:
            return wanted.kind.read(self.written[wanted.key], (*self.path, wanted.key), self.notes)
        if wanted.required:
            meaning = wanted.about.partition(".")[0]
            self.notes.add(
                MISSING_KEY, self.path, f"{wanted.key} is missing; add it: {meaning[0].lower()}{meaning[1:]}"
            )
        return None


@dataclass(frozen=True, slots=True)
class Record(Generic[T]):
    """A map with fixed keys."""

    fields: tuple[Field[Any], ...]
    build: Callable[[Section], T]
    strangers: Mapping[str, str] = field(default_factory=dict)
    """Keys that people write here although they belong elsewhere, and what to tell them."""

    def read(self, value: object, path: Path, notes: Findings) -> T | None:
        """See `Kind`."""
        if not isinstance(value, dict):
            if not is_encrypted(value, path, notes):
                known = listed([known.key for known in self.fields[:6]], total=len(self.fields))
                message = f"expected a map, found {described(value)}; write its keys beneath it: {known}"
                notes.add(WRONG_TYPE, path, message)
            return None
        keys = {known.key for known in self.fields}
        if not value.keys() <= keys:
            for key in value:
                if key not in keys:
                    notes.add(UNKNOWN_KEY, (*path, key), self._stranger(key, keys), at_key=True)
        return self.build(Section(value, path, notes))

    def _stranger(self, key: str, keys: set[str]) -> str:
        if key in self.strangers:
            return self.strangers[key]
        meant = nearest(key, keys)
        return (
            f"unknown key; did you mean {meant}?"
            if meant
            else f"unknown key; remove it, or use one of {listed(sorted(keys))}"
        )

    def schema(self) -> JsonSchema:
        """See `Kind`."""
        schema: JsonSchema = {
            "type": "object",
            "additionalProperties": False,
            "properties": {known.key: {"description": known.about, **known.kind.schema()} for known in self.fields},
        }
        required = [known.key for known in self.fields if known.required]
        return {**schema, "required": required} if required else schema


def _either(words: list[str]) -> str:
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


MAY_BE_ENCRYPTED: JsonSchema = {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/secure"}]}
ANY_TEXT: Text[str] = Text(anything)
SOME_TEXT: Text[str] = Text(not_empty, pattern=r"\S")
