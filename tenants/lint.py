"""Checks stack files: the boundary's findings, with lines."""

import gc
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tenants import stackfile
from tenants.boundary import examine_together
from tenants.findings import LintFinding, Rule, path_text
from tenants.goyaml import Position, UnreadableYamlError
from tenants.rules.files import UNREADABLE
from tenants.stackfile import StackFile


@dataclass(frozen=True, kw_only=True, slots=True)
class Located:
    """One finding in one file."""

    file: str
    place: Position
    rule: Rule
    path: str
    """`tenants[2].vip`; empty when the file as such is at fault."""
    message: str
    waived: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What there is to say of one file."""

    file: str
    findings: tuple[Located, ...]
    """By place."""
    usable: bool = True
    """Whether it could be read as a stack file at all."""

    @property
    def faults(self) -> tuple[Located, ...]:
        """The findings that nobody has waived."""
        return tuple(finding for finding in self.findings if finding.waived is None)


def lint_files(names: Sequence[str]) -> list[Report]:
    """Check the stack files of these names, alone and against each other; one that is named twice, once."""
    with _collector_paused():
        contents: dict[str, StackFile | Report] = {}
        seen: set[tuple[int, int]] = set()
        for name in names:
            try:
                with Path(name).open("rb") as file:
                    status = os.fstat(file.fileno())
                    if (status.st_dev, status.st_ino) in seen:
                        continue
                    seen.add((status.st_dev, status.st_ino))
                    data = file.read(stackfile.LARGEST + 1)
            except (OSError, ValueError) as error:
                reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
                contents[name] = _unusable(name, UNREADABLE, Position(1, 1), f"cannot be read: {reason}")
            else:
                contents[name] = _read(name, data)
        return _reports(contents)


def lint(name: str, data: bytes) -> Report:
    """Check a stack file's content; the name only goes into the report."""
    with _collector_paused():
        (report,) = _reports({name: _read(name, data)})
        return report


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Keep Python from searching for cycles, of which reading makes none: that took half of the time (2026-11)."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _read(name: str, data: bytes) -> StackFile | Report:
    """What a file holds, or what there is to say of one that cannot be used."""
    if len(data) > stackfile.LARGEST:
        message = f"is larger than {stackfile.LARGEST >> 20} MB; this is no stack file"
        return _unusable(name, UNREADABLE, Position(1, 1), message)
    try:
        return stackfile.read(data)
    except UnreadableYamlError as error:
        return _unusable(name, UNREADABLE, error.place, error.message)
    except stackfile.NotOursError as error:
        return _unusable(name, error.rule, error.place, error.message)


def _reports(contents: Mapping[str, StackFile | Report]) -> list[Report]:
    stacks = {name: content for name, content in contents.items() if isinstance(content, StackFile)}
    verdicts = dict(
        zip(stacks, examine_together({name: stack.sections for name, stack in stacks.items()}), strict=True)
    )
    return [
        content if isinstance(content, Report) else _report(name, content, verdicts[name].findings)
        for name, content in contents.items()
    ]


def _report(name: str, stack: StackFile, found: Sequence[LintFinding]) -> Report:
    findings = [
        Located(file=name, place=fault.place, rule=fault.rule, path="", message=fault.message) for fault in stack.faults
    ]
    findings.extend(
        Located(
            file=name,
            place=stack.place(finding.path, at_key=finding.at_key),
            rule=finding.rule,
            path=path_text(finding.path),
            message=finding.message,
            waived=finding.waived,
        )
        for finding in found
    )
    findings.sort(key=lambda finding: (finding.place, finding.rule.id))
    return Report(file=name, findings=tuple(findings))


def exit_code(reports: Sequence[Report]) -> int:
    """0: clean, 1: findings, 2: a file could not be used."""
    if not all(report.usable for report in reports):
        return 2
    return 1 if any(report.faults for report in reports) else 0


def _unusable(name: str, rule: Rule, place: Position, message: str) -> Report:
    finding = Located(file=name, place=place, rule=rule, path="", message=message)
    return Report(file=name, findings=(finding,), usable=False)
