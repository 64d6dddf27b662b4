"""A stack file, `Pulumi.<stack>.yaml`: the project's configuration in it, and the position of every value."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tenants import goyaml
from tenants.contract import PROJECT
from tenants.findings import FieldPath, FileFault, Position, UnusableFileError, quoted
from tenants.goyaml import List, Map
from tenants.rules.files import DUPLICATE_KEY, NOT_OURS, UNREADABLE

_FILE_NAME = re.compile(r"Pulumi\.(.+)\.ya?ml")

LARGEST = 16 * 2**20
"""Bytes. Larger files are not read at all; 1,000 tenants take about a tenth of one megabyte."""


@dataclass(frozen=True, slots=True)
class StackFile:
    """The content of one stack file."""

    sections: Mapping[str, Any]
    """The project's configuration by its keys without the prefix, as the program gets it from the engine."""
    faults: tuple[FileFault, ...]
    _config: Position

    def position(self, path: FieldPath, *, at_key: bool = False) -> Position:
        """Return where the value at a path is written, or its key; for a missing one, where its map is."""
        value: Any = self.sections
        found = self._config
        for depth, step in enumerate(path, start=1):
            if isinstance(value, Map) and isinstance(step, str) and step in value:
                key_position, value_position = value.positions[step]
                value = value[step]
                # A block begins at the first thing in it, and an empty value at whatever comes next: neither is where
                # a reader looks.
                below = isinstance(value, Map | List) and value_position.line > key_position.line
                use_key = (at_key and depth == len(path)) or value is None or below
                found = key_position if use_key else value_position
            elif isinstance(value, List) and isinstance(step, int) and step < len(value):
                found = value.positions[step]
                value = value[step]
            else:
                break
        return found


def stack_of(file_name: str) -> str | None:
    """Return the stack that a file's name contains; `None` if it is not named like a stack file."""
    match = _FILE_NAME.fullmatch(file_name)
    return match and match[1]


def section_of(key: str) -> str | None:
    """Return the section that a key of `config` is for; `None` if it is another project's.

    Pulumi puts the project's name before a key that has no prefix.
    """
    prefix, colon, section = key.rpartition(":")
    return section if not colon or prefix in (PROJECT, f"{PROJECT}:config") else None


def read(data: bytes) -> StackFile:
    """Read a stack file; raises `UnusableFileError`, also if it holds no configuration of this project."""
    document = goyaml.read(data)
    root = document.root
    if not isinstance(root, Map):
        found = "is empty" if root is None else f"holds {'a list' if isinstance(root, List) else 'a single value'}"
        raise _not_ours(document.position, f"{found}; a stack file is a map with the key config")
    if "config" not in root:
        raise _not_ours(
            document.position, f"has no key config; a stack file has one, with keys such as {PROJECT}:tenants"
        )
    position = root.positions["config"][0]
    config = root["config"]
    if "runtime" in root and "name" in root:
        raise _not_ours(position, "is the project file Pulumi.yaml; pass a stack file, Pulumi.<stack>.yaml")
    if not isinstance(config, Map):
        raise _not_ours(position, f"has a config that is not a map; write keys such as {PROJECT}:tenants under it")
    faults = list(document.faults)
    sections = _sections(config, faults)
    if not sections:
        others = sorted({key.partition(":")[0] for key in config if ":" in key})
        found = f"configures only {', '.join(others[:5])}" if others else "configures nothing"
        raise _not_ours(position, f"{found[:100]}; the keys of this project begin with {PROJECT}:")
    return StackFile(sections, tuple(faults), position)


def _not_ours(position: Position, message: str) -> UnusableFileError:
    return UnusableFileError(FileFault(NOT_OURS, position, message))


def _sections(config: Map, faults: list[FileFault]) -> Map:
    """Return the project's keys without its name."""
    sections = Map()
    for key, value in config.items():
        position = config.positions[key][0]
        if key.count(":") > 1 and key.count(":config:") != 1:
            faults.append(
                FileFault(
                    UNREADABLE,
                    position,
                    f"{quoted(key)} is not a configuration key; write one such as {PROJECT}:tenants",
                )
            )
            continue
        name = section_of(key)
        if name is None:
            continue
        if name in sections:
            first = sections.positions[name][0].line
            message = f"{quoted(key)} is the same key as on line {first}, and either may win; remove one"
            faults.append(FileFault(DUPLICATE_KEY, position, message))
        sections[name] = value
        sections.positions[name] = config.positions[key]
    return sections
