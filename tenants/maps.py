"""Maps with fixed keys: one `Field` declares a key, and reading, layering and the schema follow from it."""

import dataclasses
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar, cast

from tenants.draft import Values
from tenants.findings import FieldPath, Findings, Invalid, listed
from tenants.kinds import JsonSchema, Kind, is_encrypted, is_faulty
from tenants.rules.shape import MISSING_KEY, UNKNOWN_KEY, WRONG_TYPE, described, nearest

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Field(Generic[T]):
    """One key of a map."""

    key: str
    kind: Kind[T]
    about: str
    """One sentence, for editors."""
    required: bool = False
    default: Any = None
    """The value of an absent key, as it would be written; that of a section follows from its fields."""
    otherwise: str = ""
    """What an absent key without a default means, in words."""
    derived: Callable[[Values], T | None] | None = None
    """Computes the value of an absent key from the map's other values; `None` if they do not tell."""
    value: T | None = dataclasses.field(init=False)
    """The default as the kind reads it, so that it cannot be of a wrong type."""

    def __post_init__(self) -> None:
        default, findings, kind = self.default, Findings(), cast(object, self.kind)
        if isinstance(kind, Section):
            default = {each.key: each.default for each in kind.fields.values() if each.default is not None} or None
        value = None if default is None else self.kind.read(default, (self.key,), findings)
        if isinstance(kind, Section):
            value = cast(T, kind.filled(cast(Values, value or {})))
        if findings.findings:
            raise ValueError(f"the default is not valid: {findings.findings[0]}")
        object.__setattr__(self, "default", default)
        object.__setattr__(self, "value", value)

    @property
    def optional(self) -> bool:
        """Whether there may be no value."""
        return not self.required and self.value is None and self.derived is None

    def schema(self) -> JsonSchema:
        about = f"{self.about} Default: {self.otherwise}." if self.otherwise else self.about
        default = {} if self.default is None else {"default": self.default}
        return {"description": about, **self.kind.schema(), **default}


@dataclass(frozen=True, kw_only=True)
class _Map(Generic[T]):
    """A map with fixed keys."""

    spec: Callable[..., T]
    """The dataclass that the keys fill."""
    fields: Mapping[str, Field[Any]]
    """By attribute of the dataclass, in the order of reading."""
    set_elsewhere: Collection[str] = ()
    """Attributes that no key sets."""
    misplaced: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Messages for keys that people write here although they belong elsewhere."""

    def __post_init__(self) -> None:
        attributes = {each.name for each in dataclasses.fields(self.spec)}  # type: ignore[arg-type] # a dataclass
        declared = [*self.fields, *self.set_elsewhere]
        if sorted(declared) != sorted(attributes) or len(set(self._keys)) < len(self._keys):
            differing = sorted(attributes.symmetric_difference(declared))
            raise TypeError(f"{self.spec}: each attribute needs a key of its own, and each key one: {differing}")

    @cached_property
    def defaults(self) -> Values:
        """The values of absent keys, as far as they follow from no other value."""
        return {name: field.value for name, field in self.fields.items() if not field.derived}

    @cached_property
    def _keys(self) -> list[str]:
        return [field.key for field in self.fields.values()]

    def read_values(self, value: object, path: FieldPath, findings: Findings) -> Values | None:
        """Return the values of the keys that are written, or `None` if this is no map."""
        if not isinstance(value, dict):
            if not is_encrypted(value, path, findings):
                known = listed(self._keys[:6], total=len(self._keys))
                message = f"expected a map, found {described(value)}; write its keys beneath it: {known}"
                findings.add(WRONG_TYPE, path, message)
            return None
        for key in value:
            if key not in self._keys:
                findings.add(UNKNOWN_KEY, (*path, key), self._unknown(key), at_key=True)
        values: Values = {}
        for name, field in self.fields.items():
            if field.key in value:
                values[name] = field.kind.read(value[field.key], (*path, field.key), findings)
            elif field.required:
                meaning = field.about.partition(".")[0]
                message = f"{field.key} is missing; add it: {meaning[0].lower()}{meaning[1:]}"
                findings.add(MISSING_KEY, path, message)
        return values

    def _unknown(self, key: str) -> str:
        if key in self.misplaced:
            return self.misplaced[key]
        meant = nearest(key, self._keys)
        hint = f"did you mean {meant}?" if meant else f"remove it, or use one of {listed(sorted(self._keys))}"
        return f"unknown key; {hint}"

    def over(self, base: Values, values: Values) -> Values:
        """Return the base with these values in its place; those of a section within it, one by one."""
        within = {
            name: {**(base.get(name) or {}), **value}
            for name, value in values.items()
            if value is not None and isinstance(self.fields[name].kind, Section)
        }
        return {**base, **values, **within}

    def filled(self, values: Values, base: Values | None = None) -> Values:
        """Return the values with those of absent keys added, from a base or the defaults."""
        filled = self.over(self.defaults if base is None else base, values)
        for name, field in self.fields.items():
            if field.derived and name not in filled:
                filled[name] = field.derived(filled)
        return filled

    def schema(self) -> JsonSchema:
        schema: JsonSchema = {
            "type": "object",
            "additionalProperties": False,
            "properties": {field.key: field.schema() for field in self.fields.values()},
        }
        required = [field.key for field in self.fields.values() if field.required]
        return {**schema, "required": required} if required else schema


@dataclass(frozen=True, kw_only=True)
class Section(_Map[T]):
    """A map whose values are read one by one, so that a fault in one hides none in another."""

    def read(self, value: object, path: FieldPath, findings: Findings) -> Values | None:
        return self.read_values(value, path, findings)

    def build(self, values: Values) -> T:
        """Make the spec of filled values; only where there is no finding."""
        built = dict(values)
        for name, field in self.fields.items():
            if is_faulty(values[name]) and not (values[name] is None and field.optional):
                raise AssertionError(f"{field.key} is missing although no fault was found")
            if isinstance(field.kind, Section):
                built[name] = field.kind.build(values[name])
        return self.spec(**built)


@dataclass(frozen=True, kw_only=True)
class Record(_Map[T]):
    """A map that is one value: if a part of it is missing or faulty, there is none."""

    check: Callable[[Values], Invalid | None] = lambda _: None
    """Finds what is wrong with the written values together."""

    def read(self, value: object, path: FieldPath, findings: Findings) -> T | None:
        values = self.read_values(value, path, findings)
        if values is None:
            return None
        fault = self.check(values)
        if fault:
            findings.add(fault.rule, path, fault.message)
            return None
        complete = self.filled(values)
        needed = (name for name, field in self.fields.items() if name in values or not field.optional)
        return None if any(is_faulty(complete[name]) for name in needed) else self.spec(**complete)
