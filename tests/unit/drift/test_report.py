"""The three forms of the list: one line each, a section that fits into an issue, and JSON."""

import json

import pytest

from drift import report
from drift.authors import Author
from drift.findings import Drift, Repair, finding
from drift.survey import Survey

SERVICE = ("Service", "cell", "a-vip")
BY = Author(manager="kubectl-edit", time="2026-11-24T10:00:00Z", applies=False)
ADDED = finding(SERVICE, path="spec.selector.debug", expected="(none)", actual='"on"', by=BY, repair=Repair.HERE)
GONE = finding(("ClusterRole", "", "adb"), repair=Repair.UP)
REFUSED = finding(("ConfigMap", "cell", "c"), actual="(it refuses)", repair=Repair.BY_HAND, advice="delete it")


def survey(*findings: Drift, left_behind: tuple[Drift, ...] = ()) -> Survey:
    return Survey(stack="prod", objects=12, findings=findings, left_behind=left_behind, righted={})


def test_the_text_has_a_line_for_each_finding_and_a_verdict() -> None:
    assert report.text(survey(GONE, REFUSED, ADDED), [ADDED]).splitlines() == [
        (
            'repaired: Service cell/a-vip spec.selector.debug: should be (none), is "on" '
            "(kubectl-edit, 2026-11-24T10:00:00Z)"
        ),
        "ClusterRole adb: should be (as declared), is (gone); repair: pulumi up --refresh",
        "ConfigMap cell/c: should be (as declared), is (it refuses); repair: delete it",
        (
            'Service cell/a-vip spec.selector.debug: should be (none), is "on" (kubectl-edit, 2026-11-24T10:00:00Z); '
            "repair: python -m drift --repair"
        ),
        (
            "3 differences (12 objects of stack prod compared): 1 for `python -m drift --repair`, "
            "1 for `pulumi up --refresh`, 1 by hand"
        ),
    ]


def test_no_drift_is_said_with_what_was_compared_and_what_makers_left() -> None:
    assert report.text(survey(), []) == "no drift (12 objects of stack prod compared)\n"
    with_rest = report.text(survey(left_behind=(ADDED,)), [])
    assert with_rest.endswith("no drift (12 objects of stack prod compared)\n")
    assert "left by whoever made the object" in with_rest


def test_the_markdown_has_a_heading_a_pipeline_can_append_and_a_row_for_each_finding() -> None:
    written = report.markdown(survey(GONE, ADDED), [])
    heading, _, *table = written.splitlines()
    assert heading.startswith("### 🟡 Changed by hand: 2 differences")
    assert len([row for row in table if row.startswith("| <code>")]) == 2
    assert report.markdown(survey(), []).startswith("### 🟢 Changed by hand: no drift")


@pytest.mark.parametrize("name", ["`x` | y", "</code><script>", "a\nb | c", "@everyone", "\ud800", "\u202ex"])
def test_whoever_names_a_label_breaks_out_of_nothing(name: str) -> None:
    hostile = finding(
        ("Service", name, name),
        path=name,
        expected=name,
        actual=name,
        by=Author(manager=name, time=name, applies=False),
        repair=Repair.HERE,
    )
    rows = [row for row in report.markdown(survey(hostile), []).splitlines() if row.startswith("| <code>")]
    assert [row.count("<code>") for row in rows] == [6]
    assert [row.count("|") for row in rows] == [7]
    assert report.text(survey(hostile), []).count("\n") == 2


@pytest.mark.parametrize("count", [1, 100, 5000])
def test_the_markdown_fits_beside_a_review_and_says_what_it_leaves_out(count: int) -> None:
    written = report.markdown(survey(*(ADDED for _ in range(count))), [])
    rows = written.count("| <code>Service")
    assert len(written.encode()) <= report.MOST_BYTES + 500
    assert (f"{count - rows} more are left out for length" in written) == (rows < count)


def test_the_json_says_everything() -> None:
    said = json.loads(report.document(survey(ADDED, left_behind=(GONE,)), [REFUSED]))
    assert (said["stack"], said["objects"]) == ("prod", 12)
    assert said["drift"] == [
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
    assert [each["kind"] for each in said["leftBehind"] + said["repaired"]] == ["ClusterRole", "ConfigMap"]
