"""Checks stack files: the findings of the boundary, with their lines."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tenants import stackfile
from tenants.boundary import examine_together
from tenants.findings import FileFault, LintFinding, Position, Rule, UnusableFileError, path_text
from tenants.rules.files import UNREADABLE
from tenants.stackfile import StackFile


@dataclass(frozen=True, kw_only=True, slots=True)
class Located:
    """One finding in one file."""

    file: str
    position: Position
    rule: Rule
    path: str = ""
    """`tenants[2].vip`; empty when the file as such is at fault."""
    message: str
    waived: str | None = None

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """The result for one file."""

    file: str
    findings: tuple[Located, ...]
    """By position."""
    usable: bool = True
    """It could be read as a stack file."""

    @property
    def faults(self) -> tuple[Located, ...]:
        """The findings that are not waived."""
        return tuple(finding for finding in self.findings if finding.waived is None)


def lint_files(names: Sequence[str]) -> list[Report]:
    """Check stack files, alone and against each other; a file that is named twice is checked once."""
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
            contents[name] = _unusable(name, FileFault(UNREADABLE, Position(1, 1), f"cannot be read: {reason}"))
        else:
            contents[name] = _read(name, data)
    return _reports(contents)


def lint(name: str, data: bytes) -> Report:
    """Check the content of a stack file; the name is used in the report only."""
    (report,) = _reports({name: _read(name, data)})
    return report


def exit_code(reports: Sequence[Report]) -> int:
    """Return 0 for clean files, 1 for findings, 2 for a file that could not be used."""
    if not all(report.usable for report in reports):
        return 2
    return 1 if any(report.faults for report in reports) else 0


def _read(name: str, data: bytes) -> StackFile | Report:
    if len(data) > stackfile.LARGEST:
        message = f"is larger than {stackfile.LARGEST >> 20} MB; this is not a stack file"
        return _unusable(name, FileFault(UNREADABLE, Position(1, 1), message))
    try:
        return stackfile.read(data)
    except UnusableFileError as error:
        return _unusable(name, error.fault)


def _reports(contents: Mapping[str, StackFile | Report]) -> list[Report]:
    stacks = {name: content for name, content in contents.items() if isinstance(content, StackFile)}
    verdicts = examine_together({name: stack.sections for name, stack in stacks.items()})
    reports = {
        name: _report(name, stack, verdict.findings)
        for (name, stack), verdict in zip(stacks.items(), verdicts, strict=True)
    }
    return [content if isinstance(content, Report) else reports[name] for name, content in contents.items()]


def _report(name: str, stack: StackFile, found: Sequence[LintFinding]) -> Report:
    findings = [_located(name, fault) for fault in stack.faults]
    findings += (
        Located(
            file=name,
            position=stack.position(finding.path, at_key=finding.at_key),
            rule=finding.rule,
            path=path_text(finding.path),
            message=finding.message,
            waived=finding.waived,
        )
        for finding in found
    )
    findings.sort(key=lambda finding: (finding.position, finding.rule.id))
    return Report(file=name, findings=tuple(findings))


def _located(name: str, fault: FileFault) -> Located:
    return Located(file=name, position=fault.position, rule=fault.rule, message=fault.message)


def _unusable(name: str, fault: FileFault) -> Report:
    return Report(file=name, findings=(_located(name, fault),), usable=False)
