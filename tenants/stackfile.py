"""A stack file, `Pulumi.<stack>.yaml`: the configuration in it, and the place of every value."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tenants import goyaml
from tenants.contract import PROJECT
from tenants.findings import Path, Rule, quoted
from tenants.goyaml import List, Map, Position, UnreadableYamlError, position_of
from tenants.rules.files import DUPLICATE_KEY, NOT_OURS, SECOND_DOCUMENT, UNREADABLE

LARGEST = 16 * 2**20
"""Octets. Beyond it no file is even read; 1,000 tenants are about a tenth of one megabyte."""


@dataclass(frozen=True, slots=True)
class FileFault:
    """What is wrong with a file as a file."""

    rule: Rule
    place: Position
    message: str


class NotOursError(Exception):
    """The file is readable, but no stack file of this project."""

    def __init__(self, place: Position, message: str) -> None:
        super().__init__(message)
        self.place = place
        self.message = message
        self.rule = NOT_OURS


@dataclass(frozen=True, slots=True)
class StackFile:
    """What one stack file says."""

    sections: Mapping[str, Any]
    """The project's configuration by its keys without the prefix, as the program gets it from the engine."""
    faults: tuple[FileFault, ...]
    _config: Position

    def place(self, path: Path, *, at_key: bool = False) -> Position:
        """Where the value at a path was written, or its key; for what is missing, the map that it is missing from."""
        value: Any = self.sections
        found = self._config
        for depth, step in enumerate(path):
            last = depth == len(path) - 1
            if isinstance(value, Map) and step in value.places:
                key_mark, value_mark = value.places[str(step)]
                value = value[str(step)]
                # A block begins at the first thing in it, and an empty value at whatever comes next: neither is where
                # a reader looks.
                below = isinstance(value, Map | List) and value_mark.line > key_mark.line
                found = position_of(key_mark if (at_key and last) or value is None or below else value_mark)
            elif isinstance(value, List) and isinstance(step, int) and step < len(value):
                found = position_of(value.places[step])
                value = value[step]
            else:
                break
        return found


def read(data: bytes) -> StackFile:
    """Read a stack file.

    Raises:
        UnreadableYamlError: Pulumi could not read it.
        NotOursError: it holds no configuration of this project.
    """
    document = goyaml.read(data)
    faults = [
        FileFault(
            DUPLICATE_KEY,
            twice.place,
            f"{quoted(twice.key)} stands here again, first in line {twice.first.line}; remove one",
        )
        for twice in document.duplicates
    ]
    if document.second:
        message = "a second document begins here, which Pulumi ignores; move what is in it to the first, or remove it"
        faults.append(FileFault(SECOND_DOCUMENT, document.second, message))
    root = document.root
    if not isinstance(root, Map):
        found = "is empty" if root is None else f"holds {'a list' if isinstance(root, List) else 'a single value'}"
        raise NotOursError(document.place, f"{found}; a stack file is a map with the key config")
    if "config" not in root:
        raise NotOursError(
            document.place, f"has no key config; a stack file has one, with keys such as {PROJECT}:tenants"
        )
    config_place = position_of(root.places["config"][0])
    config = root["config"]
    if "runtime" in root and "name" in root:
        raise NotOursError(config_place, "is the project's file; give the stack's, Pulumi.<stack>.yaml")
    if not isinstance(config, Map):
        raise NotOursError(config_place, f"config is not a map; write keys such as {PROJECT}:tenants under it")
    sections = _sections(config, faults)
    if not sections:
        others = sorted({key.partition(":")[0] for key in config if ":" in key})
        found = f"configures only {', '.join(others[:5])}" if others else "configures nothing"
        raise NotOursError(config_place, f"{found[:100]}; the keys of this project begin with {PROJECT}:")
    return StackFile(sections, tuple(faults), config_place)


def _sections(config: Map, faults: list[FileFault]) -> Map:
    """The project's keys. Pulumi puts the project's name before a key that has no prefix."""
    sections = Map()
    for key, value in config.items():
        prefix, colon, name = key.rpartition(":")
        if key.count(":") > 1 and key.count(":config:") != 1:
            place = position_of(config.places[key][0])
            faults.append(FileFault(UNREADABLE, place, f"{quoted(key)} is no configuration key; write PROJECT:NAME"))
            continue
        if colon and prefix not in {PROJECT, f"{PROJECT}:config"}:
            continue
        if name in sections:
            place, first = position_of(config.places[key][0]), position_of(sections.places[name][0])
            message = f"{quoted(key)} says again what line {first.line} says, and either may win; remove one"
            faults.append(FileFault(DUPLICATE_KEY, place, message))
        sections[name] = value
        sections.places[name] = config.places[key]
    return sections


__all__ = ["LARGEST", "FileFault", "NotOursError", "Position", "StackFile", "UnreadableYamlError", "read"]
