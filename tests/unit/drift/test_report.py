"""The three formats of the report."""

import json

import pytest

from drift import report
from drift.field_managers import FieldManager
from drift.findings import Drift, Repair, drift
from drift.survey import Survey

SERVICE = ("Service", "cell", "a-vip")
MANAGER = FieldManager(name="kubectl-edit", time="2026-11-24T10:00:00Z", applies=False)
ADDED = drift(
    SERVICE, path="spec.selector.debug", expected="(none)", actual='"on"', manager=MANAGER, repair=Repair.HERE
)
GONE = drift(("ClusterRole", "", "adb"), repair=Repair.UP)
REJECTED = drift(("ConfigMap", "cell", "c"), actual="(rejected)", repair=Repair.BY_HAND, advice="delete it")


def survey(*found: Drift, leftovers: tuple[Drift, ...] = ()) -> Survey:
    return Survey(stack="prod", objects=12, drift=found, leftovers=leftovers, replacements={})


def test_the_text_has_a_line_for_each_difference_and_a_verdict() -> None:
    assert report.text(survey(GONE, REJECTED, ADDED), [ADDED]).splitlines() == [
        (
            'repaired: Service cell/a-vip spec.selector.debug: should be (none), is "on" '
            "(kubectl-edit, 2026-11-24T10:00:00Z)"
        ),
        "ClusterRole adb: should be (as declared), is (gone); repair: pulumi up --refresh",
        "ConfigMap cell/c: should be (as declared), is (rejected); repair: delete it",
        (
            'Service cell/a-vip spec.selector.debug: should be (none), is "on" (kubectl-edit, 2026-11-24T10:00:00Z); '
            "repair: python -m drift --repair"
        ),
        (
            "3 differences (12 objects of stack prod compared): 1 for `python -m drift --repair`, "
            "1 for `pulumi up --refresh`, 1 by hand"
        ),
    ]


def test_without_drift_the_text_has_the_verdict_and_the_leftovers() -> None:
    assert report.text(survey(), []) == "no drift (12 objects of stack prod compared)\n"
    with_leftovers = report.text(survey(leftovers=(ADDED,)), [])
    assert with_leftovers.endswith("no drift (12 objects of stack prod compared)\n")
    assert "fields left by the previous owner" in with_leftovers


def test_the_markdown_has_a_heading_and_a_row_for_each_difference() -> None:
    written = report.markdown(survey(GONE, ADDED), [])
    heading, _, *table = written.splitlines()
    assert heading.startswith("### 🟡 Changed by hand: 2 differences")
    assert len([row for row in table if row.startswith("| <code>")]) == 2
    assert report.markdown(survey(), []).startswith("### 🟢 Changed by hand: no drift")


@pytest.mark.parametrize("name", ["`x` | y", "</code><script>", "a\nb | c", "@everyone", "\ud800", "\u202ex"])
def test_hostile_names_do_not_break_the_table(name: str) -> None:
    hostile = drift(
        ("Service", name, name),
        path=name,
        expected=name,
        actual=name,
        manager=FieldManager(name=name, time=name, applies=False),
        repair=Repair.HERE,
    )
    rows = [row for row in report.markdown(survey(hostile), []).splitlines() if row.startswith("| <code>")]
    assert [row.count("<code>") for row in rows] == [6]
    assert [row.count("|") for row in rows] == [7]
    assert report.text(survey(hostile), []).count("\n") == 2


@pytest.mark.parametrize("count", [1, 100, 5000])
def test_the_markdown_is_limited_and_counts_what_it_leaves_out(count: int) -> None:
    written = report.markdown(survey(*(ADDED for _ in range(count))), [])
    rows = written.count("| <code>Service")
    assert len(written.encode()) <= report.MAX_BYTES + 500
    assert (f"{count - rows} more are left out for length" in written) == (rows < count)


def test_the_json_contains_everything() -> None:
    content = json.loads(report.document(survey(ADDED, leftovers=(GONE,)), [REJECTED]))
    assert (content["stack"], content["objects"]) == ("prod", 12)
    assert content["drift"] == [
        {
            "kind": "Service",
            "namespace": "cell",
            "name": "a-vip",
            "path": "spec.selector.debug",
            "expected": "(none)",
            "actual": '"on"',
            "manager": "kubectl-edit",
            "time": "2026-11-24T10:00:00Z",
            "repair": "python -m drift --repair",
            "advice": "",
        }
    ]
    assert [each["kind"] for each in content["leftBehind"] + content["repaired"]] == ["ClusterRole", "ConfigMap"]
