"""Output formats of reports: for people, for programs, for GitHub's annotations and for code scanning (SARIF)."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tenants.findings import printable
from tenants.lint import Located, Report
from tenants.rules import RULES

Format = Callable[[Sequence[Report]], str]


def text(reports: Sequence[Report]) -> str:
    """Write a line for each finding, `FILE:LINE:COL  RULE  path: message`, and their number."""
    lines = []
    for report in reports:
        for finding in report.findings:
            where = f"{printable(finding.file)}:{finding.position.line}:{finding.position.column}"
            subject = "" if report.usable else "the file "
            waived = f" [waived: {printable(finding.waived)}]" if finding.waived is not None else ""
            lines.append(f"{where}  {finding.rule.id}  {subject}{finding}{waived}")
    if lines:
        faults = sum(len(report.faults) for report in reports)
        waived_count = len(lines) - faults
        count = "1 finding" if faults == 1 else f"{faults} findings"
        lines.append(count + (f", {waived_count} waived" if waived_count else ""))
    return "\n".join(lines)


def as_json(reports: Sequence[Report]) -> str:
    """Write an array of findings."""
    return json.dumps([_plain(finding) for report in reports for finding in report.findings], indent=2)


def github(reports: Sequence[Report]) -> str:
    """Write workflow commands, which GitHub shows at the lines of a pull request."""
    lines = []
    for report in reports:
        for finding in report.findings:
            level = "error" if finding.waived is None else "notice"
            waived = "" if finding.waived is None else f" [waived: {finding.waived}]"
            properties = {
                "file": finding.file,
                "line": str(finding.position.line),
                "col": str(finding.position.column),
                "title": f"{finding.rule.id} {finding.rule.title}",
            }
            written = ",".join(f"{key}={_escaped(value, ':,')}" for key, value in properties.items())
            lines.append(f"::{level} {written}::{_escaped(f'{finding}{waived}')}")
    return "\n".join(lines)


def sarif(reports: Sequence[Report]) -> str:
    """Write SARIF 2.1.0."""
    rules = [
        {
            "id": rule.id,
            "shortDescription": {"text": rule.title},
            "fullDescription": {"text": rule.why},
            "defaultConfiguration": {"level": "error"},
        }
        for rule in RULES.values()
    ]
    results = [_result(finding) for report in reports for finding in report.findings]
    run = {
        "tool": {"driver": {"name": "tenants lint", "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    log = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2)


def _result(finding: Located) -> dict[str, Any]:
    region = {"startLine": finding.position.line, "startColumn": finding.position.column}
    location: dict[str, Any] = {
        "physicalLocation": {"artifactLocation": {"uri": finding.file.replace("\\", "/")}, "region": region}
    }
    if finding.path:
        location["logicalLocations"] = [{"fullyQualifiedName": finding.path}]
    result: dict[str, Any] = {
        "ruleId": finding.rule.id,
        "level": "error",
        "message": {"text": str(finding)},
        "locations": [location],
    }
    if finding.waived is not None:
        result["suppressions"] = [{"kind": "inSource", "justification": finding.waived}]
    return result


def _plain(finding: Located) -> dict[str, str | int | None]:
    return {
        "file": finding.file,
        "line": finding.position.line,
        "column": finding.position.column,
        "rule": finding.rule.id,
        "path": finding.path,
        "message": finding.message,
        "waived": finding.waived,
    }


def _escaped(value: str, more: str = "") -> str:
    """Escape what workflow commands reserve: `%`, line ends and, in properties, separators."""
    for letter in "%\r\n" + more:
        value = value.replace(letter, f"%{ord(letter):02X}")
    return value


FORMATS: Mapping[str, Format] = {"text": text, "json": as_json, "github": github, "sarif": sarif}
