"""Kinds of single values and lists: each reads what is written, and states the same as JSON Schema."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, Protocol, TypeVar

from tenants.findings import FieldPath, Findings, Invalid, Rule, listed, quoted
from tenants.rules.shape import (
    EMPTY_TEXT,
    ENCRYPTED,
    MISSING_KEY,
    NOT_A_CHOICE,
    ONLY_DATA,
    OUT_OF_RANGE,
    WRONG_TYPE,
    described,
    nearest,
)

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Choice_ = TypeVar("Choice_", bound=StrEnum)
JsonSchema = dict[str, Any]


class Encrypted(str):
    """A `secure:` value of a stack file, which only the engine can decrypt."""

    __slots__ = ()


def is_encrypted(value: object, path: FieldPath, findings: Findings) -> bool:
    """Tell whether a value is encrypted where none may be, and note it."""
    if isinstance(value, Encrypted):
        findings.add(ENCRYPTED, path, f"is encrypted, {ONLY_DATA}")
        return True
    return False


def is_faulty(value: object) -> bool:
    """Tell whether a value, or a member of a list, could not be read."""
    return value is None or (isinstance(value, tuple) and None in value)


class Kind(Protocol[T_co]):
    """One kind of value."""

    def read(self, value: object, path: FieldPath, findings: Findings) -> T_co | None:
        """Return the parsed value, or `None` with at least one finding."""

    def schema(self) -> JsonSchema:
        """Return the kind as JSON Schema, which may be less strict than `read`."""


@dataclass(frozen=True, slots=True)
class Text(Generic[T]):
    """Text that is parsed into a value."""

    parse: Callable[[str], T | Invalid]
    pattern: str | None = None
    longest: int | None = None
    """For the schema, like the pattern; `parse` decides."""

    def read(self, value: object, path: FieldPath, findings: Findings) -> T | None:
        if not isinstance(value, str):
            hint = "put it in quotes" if isinstance(value, bool | int | float) else "write one, or remove the key"
            findings.add(WRONG_TYPE, path, f"expected text, found {described(value)}; {hint}")
            return None
        if is_encrypted(value, path, findings):
            return None
        parsed = self.parse(value)
        if isinstance(parsed, Invalid):
            findings.add(parsed.rule, path, parsed.message)
            return None
        return parsed

    def schema(self) -> JsonSchema:
        schema: JsonSchema = {"type": "string"}
        if self.pattern:
            schema["pattern"] = self.pattern
        if self.longest:
            schema["maxLength"] = self.longest
        return schema


def not_empty(text: str) -> str | Invalid:
    """Refuse text that is empty or blank."""
    return (
        text if text.strip() else Invalid(EMPTY_TEXT, "is empty; write a text, or leave the key out if it is optional")
    )


@dataclass(frozen=True, slots=True)
class Quantity:
    """A Kubernetes quantity, as text or as a plain number."""

    text: Text[str]

    def read(self, value: object, path: FieldPath, findings: Findings) -> str | None:
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = str(value)
        return self.text.read(value, path, findings)

    def schema(self) -> JsonSchema:
        return {"anyOf": [self.text.schema(), {"type": "number", "exclusiveMinimum": 0}]}


@dataclass(frozen=True, slots=True)
class Integer:
    """A whole number in a range; never a boolean, a float or text."""

    least: int
    most: int
    rule: Rule = OUT_OF_RANGE

    def read(self, value: object, path: FieldPath, findings: Findings) -> int | None:
        if not isinstance(value, int) or isinstance(value, bool):
            if not is_encrypted(value, path, findings):
                is_quoted = isinstance(value, str) and value.strip().isdecimal()
                hint = "write it without quotes" if is_quoted else f"write one from {self.least} to {self.most}"
                findings.add(WRONG_TYPE, path, f"expected a whole number, found {described(value)}; {hint}")
            return None
        if not self.least <= value <= self.most:
            findings.add(self.rule, path, f"{quoted(value)} is out of range; use {self.least} to {self.most}")
            return None
        return value

    def schema(self) -> JsonSchema:
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


@dataclass(frozen=True, slots=True)
class Boolean:
    """`true` or `false`."""

    def read(self, value: object, path: FieldPath, findings: Findings) -> bool | None:
        if isinstance(value, bool):
            return value
        if not is_encrypted(value, path, findings):
            message = f"expected true or false, found {described(value)}; write true or false without quotes"
            findings.add(WRONG_TYPE, path, message)
        return None

    def schema(self) -> JsonSchema:
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Choice(Generic[Choice_]):
    """One of a few words."""

    choices: type[Choice_]

    def read(self, value: object, path: FieldPath, findings: Findings) -> Choice_ | None:
        words = [choice.value for choice in self.choices]
        if not isinstance(value, str):
            findings.add(WRONG_TYPE, path, f"expected a word, found {described(value)}; use {listed(words, 'or')}")
            return None
        if is_encrypted(value, path, findings):
            return None
        if value not in words:
            meant = nearest(value, words)
            hint = f"; did you mean {meant}?" if meant else ""
            findings.add(NOT_A_CHOICE, path, f"{quoted(value)} is not a choice; use {listed(words, 'or')}{hint}")
            return None
        return self.choices(value)

    def schema(self) -> JsonSchema:
        return {"enum": [choice.value for choice in self.choices]}


@dataclass(frozen=True, slots=True)
class ListOf(Generic[T]):
    """A list whose entries are all of one kind."""

    entry: Kind[T]
    hint: str = "write entries that begin with -"
    """What to do if something else than a list is written."""

    def read(self, value: object, path: FieldPath, findings: Findings) -> tuple[T | None, ...] | None:
        """Return the entries in order, `None` for each faulty one."""
        if not isinstance(value, list):
            if not is_encrypted(value, path, findings):
                findings.add(WRONG_TYPE, path, f"expected a list, found {described(value)}; {self.hint}")
            return None
        return tuple(self.entry.read(entry, (*path, index), findings) for index, entry in enumerate(value))

    def schema(self) -> JsonSchema:
        return {"type": "array", "items": self.entry.schema()}


@dataclass(frozen=True, slots=True)
class SecretText:
    """Text that may be encrypted. A value that is not text is never quoted: it is probably a secret too."""

    def read(self, value: object, path: FieldPath, findings: Findings) -> str | None:
        if isinstance(value, str):
            return value
        found = described(value, secret=True)
        findings.add(WRONG_TYPE, path, f"expected text, found {found}; put it in quotes")
        return None

    def schema(self) -> JsonSchema:
        return {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/secure"}]}


@dataclass(frozen=True, slots=True)
class MapOf(Generic[T]):
    """A map from any valid keys, some of them required, to values that are all of one kind."""

    check_key: Callable[[str], Invalid | None]
    entry: Kind[T]
    required: tuple[str, ...] = ()
    """The keys that pods read."""

    def read(self, value: object, path: FieldPath, findings: Findings) -> Mapping[str, T | None] | None:
        if not isinstance(value, dict):
            if not is_encrypted(value, path, findings):
                found = described(value, secret=isinstance(self.entry, SecretText))
                findings.add(WRONG_TYPE, path, f"expected a map, found {found}; write its keys beneath it")
            return None
        before = len(findings.findings)
        for key in self.required:
            if key not in value:
                message = f"{quoted(key)} is missing; pods read {listed([*self.required])} from it"
                findings.add(MISSING_KEY, path, message)
        entries = {}
        for key, entry in value.items():
            fault = self.check_key(key)
            if fault:
                findings.add(fault.rule, (*path, key), fault.message, at_key=True)
            entries[key] = self.entry.read(entry, (*path, key), findings)
        return entries if len(findings.findings) == before else None

    def schema(self) -> JsonSchema:
        required = {"required": list(self.required)} if self.required else {}
        return {"type": "object", **required, "additionalProperties": self.entry.schema()}


ANY_TEXT: Text[str] = Text(str)
SOME_TEXT: Text[str] = Text(not_empty, pattern=r"\S")
