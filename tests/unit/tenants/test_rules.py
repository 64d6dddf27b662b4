"""Every rule on its own two stack files, `tests/data/rules/<id>/good.yaml` and `bad.yaml`.

In them, a comment below a line marks its findings: `#    ^ E401` expects E401 at the column of the caret, and `#^ E401`
in the first column; `E601(waived)` is listed but refuses nothing.
"""

import re
from pathlib import Path

import pytest

from tenants import FleetError, handbook, load, stackfile
from tenants.boundary import examine
from tenants.lint import Report, exit_code, lint_files
from tenants.rules import RULES, TOPICS
from tests.support.program import ROOT

FILES = ROOT / "tests" / "data" / "rules"
MARK = re.compile(r"#( *)\^((?: E\d{3}(?:\(waived\))?)+)")

Expected = set[tuple[int, int, str]]


def expected(file: Path) -> Expected:
    """Return line, column and rule of every mark."""
    found: Expected = set()
    marked = 0
    for number, line in enumerate(file.read_text().splitlines(), start=1):
        if match := MARK.fullmatch(line):
            column = len(match[1]) + 2 if match[1] else 1
            found.update((marked, column, rule) for rule in match[2].split())
        else:
            marked = number
    return found


def found(report: Report) -> Expected:
    return {
        (*finding.position, finding.rule.id + ("(waived)" if finding.waived is not None else ""))
        for finding in report.findings
    }


def lint_one(file: Path) -> Report:
    (report,) = lint_files([str(file)])
    return report


def test_every_rule_has_fixtures_and_all_fixtures_have_a_rule() -> None:
    assert {directory.name for directory in FILES.iterdir()} == set(RULES)


@pytest.mark.parametrize("rule", RULES)
def test_a_bad_file_has_the_marked_findings_and_no_others(rule: str) -> None:
    report = lint_one(FILES / rule / "bad.yaml")
    assert found(report) == expected(FILES / rule / "bad.yaml"), "\n".join(map(str, report.findings))
    assert rule in {finding.rule.id for finding in report.findings}
    assert exit_code([report]) == (1 if report.usable else 2)


@pytest.mark.parametrize("rule", RULES)
def test_a_good_file_that_comes_close_is_accepted(rule: str) -> None:
    report = lint_one(FILES / rule / "good.yaml")
    assert found(report) == expected(FILES / rule / "good.yaml"), "\n".join(map(str, report.findings))
    assert exit_code([report]) == 0


@pytest.mark.parametrize("rule", [rule.id for rule in RULES.values() if rule.waivable])
def test_a_waivable_rule_can_be_waived(rule: str) -> None:
    marks = {mark for *_, mark in expected(FILES / rule / "good.yaml")}
    assert f"{rule}(waived)" in marks, f"good.yaml of {rule} waives it nowhere"


@pytest.mark.parametrize("rule", RULES)
def test_every_finding_has_advice(rule: str) -> None:
    for finding in lint_one(FILES / rule / "bad.yaml").findings:
        if finding.rule.id != "E001":
            advice = r"; |\b(write|use|add|remove|choose|needs|belongs|cannot be|or )\b"
            assert re.search(advice, finding.message), f"{finding.rule.id} has no advice: {finding.message}"


def test_the_page_of_rules_is_the_generated_one() -> None:
    assert (ROOT / "docs" / "rules.md").read_text() == handbook.document(), (
        "docs/rules.md is stale; run `python -m tenants rules > docs/rules.md`"
    )


def test_ids_are_numbered_by_topic_and_never_used_twice() -> None:
    ids = [rule.id for topic in TOPICS for rule in topic.rules]
    assert all(re.fullmatch(r"E\d{3}", rule_id) for rule_id in ids)
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("which", ["good", "bad"])
@pytest.mark.parametrize("rule", sorted(set(RULES) - {"E001", "E002", "E003", "E004"}))
def test_the_program_and_the_linter_find_the_same(rule: str, which: str) -> None:
    stack = stackfile.read((FILES / rule / f"{which}.yaml").read_bytes())
    faults = examine(stack.sections).faults
    if not faults:
        load(stack.sections)
        return
    with pytest.raises(FleetError) as refused:
        load(stack.sections)
    assert refused.value.findings == faults
    assert all(str(finding) in str(refused.value) for finding in faults)
