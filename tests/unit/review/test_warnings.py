"""Warnings of the program are in the review, as text, beside the tenant that they concern, and raise no danger."""

import json
import re
from typing import Any

import pytest

from review.__main__ import exit_code
from review.danger import Danger
from review.machine import document
from review.markdown import GITHUB_LIMIT, comment
from review.preview import parse
from review.verdict import Review, review
from tests.support.previews import HOSTILE, judged, recorded

PROGRAM = "urn:pulumi:dev::adb-tenants::"


def reviewed(recording: str, *diagnostics: dict[str, Any], form: str = "digest") -> Review:
    digest = recorded(recording)
    if form == "digest":
        return judged({**digest, "diagnostics": diagnostics})
    steps = [
        {"resourcePreEvent": {"metadata": {**step, "old": step.get("oldState"), "new": step.get("newState")}}}
        for step in digest["steps"]
    ]
    diagnosed = [{"diagnosticEvent": {"prefix": "warning: ", "color": "never", **entry}} for entry in diagnostics]
    content: list[dict[str, Any]] = [*steps, *diagnosed, {"summaryEvent": {}}]
    events = [{"sequence": 1, "timestamp": 1, **event} for event in content]
    return review(parse("\n".join(map(json.dumps, events)).encode()))


def warning(message: str, urn: str = "") -> dict[str, Any]:
    return {"severity": "warning", "message": message, **({"urn": urn} if urn else {})}


def warned(found: Review) -> list[tuple[str, str]]:
    return [(each.tenant, each.message) for each in found.warnings]


@pytest.mark.parametrize("form", ["digest", "events"])
def test_a_warning_is_listed_beside_its_tenant_or_by_itself(form: str) -> None:
    prefix = "warning: " if form == "digest" else ""
    found = reviewed(
        "failover",
        warning(f"{prefix}tenant3 has a force that is not needed any more\n"),
        warning(f"{prefix}tenant4: node m9 does not exist"),
        warning(f"{prefix}tenant33 is nobody here"),
        warning(f"{prefix}the cluster is not the one of last time", f"{PROGRAM}pulumi:pulumi:Stack::adb-tenants-dev"),
        warning(f"{prefix}it has no room", f"{PROGRAM}adb:tenants:Tenant$adb:tenants:VirtualIp::tenant4-vip"),
        form=form,
    )
    assert warned(found) == [
        ("", "tenant33 is nobody here"),
        ("", "the cluster is not the one of last time"),
        ("tenant3", "tenant3 has a force that is not needed any more"),
        ("tenant4", "it has no room"),
        ("tenant4", "tenant4: node m9 does not exist"),
    ]
    written = comment(found)
    assert "### 🟡 traffic: traffic is moved or interrupted — <code>tenant3</code> · 5 warnings\n" in written
    assert (
        "\nWarnings:\n\n"
        "- ⚠️ <code>tenant33 is nobody here</code>\n"
        "- ⚠️ <code>the cluster is not the one of last time</code>\n"
        "- ⚠️ <code>tenant4</code>: <code>it has no room</code>\n"
        "- ⚠️ <code>tenant4: node m9 does not exist</code>\n"
    ) in written, "tenant4 does not change and has no row"
    (row,) = (line for line in written.splitlines() if line.startswith("| <code>tenant3"))
    assert row.endswith("<br>⚠️ <code>tenant3 has a force that is not needed any more</code> |")
    assert json.loads(document(found))["warnings"] == [
        {"tenant": tenant or None, "says": message} for tenant, message in warned(found)
    ]


def test_the_order_of_warnings_is_independent_of_the_engine() -> None:
    entries = [warning(f"tenant{number} is warned of {what}") for number in (3, 4) for what in ("this", "that")]
    assert comment(reviewed("failover", *entries)) == comment(reviewed("failover", *reversed(entries)))


def test_a_warning_is_listed_once_and_is_neither_danger_nor_change() -> None:
    found = reviewed("nothing-changes", warning("tenant3 is warned of"), warning("warning: tenant3 is warned of"))
    assert warned(found) == [("tenant3", "tenant3 is warned of")]
    assert (found.danger, found.changes, exit_code(found, "change")) == (Danger.NONE, False, 0)
    assert "### 🟢 Nothing changes · 1 warning\n" in comment(found)


@pytest.mark.parametrize(
    "noise",
    [
        warning("warning: using pulumi-resource-kubernetes from $PATH at /usr/bin/pulumi-resource-kubernetes"),
        warning("warning: resource plugin kubernetes is expected to have version >=4.34.2, but has 4.32.0; the wrong"),
        warning("warning: ip is deprecated: use ips"),
        warning("failed to install provider kubernetes: no route to host"),
        warning("refresh operation is using an older version of package 'kubernetes' than the program: 4.1.0 < 4.2.0"),
        warning("unknown field", f"{PROGRAM}adb:tenants:Tenant$kubernetes:apps/v1:StatefulSet::tenant3-master"),
        warning("retrying create (1/3)", f"{PROGRAM}adb:tenants:Tenant$kubernetes:core/v1:Service::tenant3-vip"),
        warning("cannot be reached", f"{PROGRAM}pulumi:providers:kubernetes::cluster"),
        warning("\n"),
        {"severity": "info", "message": "tenant3 is well"},
        {"severity": "info#err", "message": "warning: something on standard error"},
    ],
    ids=lambda noise: str(noise["message"])[:30],
)
def test_warnings_about_the_tools_are_left_out(noise: dict[str, Any]) -> None:
    assert warned(reviewed("failover", noise)) == []


def test_pending_operations_of_an_interrupted_up_are_listed() -> None:
    left = "Attempting to deploy or update resources with 1 pending operations from previous deployment.\n  * urn\n"
    assert warned(reviewed("failover", warning(f"warning: {left}"))) == [("", left.strip())]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("tenant", ["tenant3", "nobody"])
def test_a_warning_cannot_be_anything_but_text(text: str, tenant: str) -> None:
    written = comment(reviewed("image-change", warning(f"{tenant} fails over by force: {text}")))
    (line,) = (line for line in written.splitlines() if "by force" in line)
    (shown,) = re.findall(r"⚠️ <code>(.*?)</code>(?: \|)?$", line)
    assert re.fullmatch(r"(?:[\w .:/,→-]|&#\d+;)*", shown), "one line of letters and entities"


def test_any_number_of_warnings_fits_and_the_rest_is_counted() -> None:
    found = reviewed("failover", *(warning(f"{number} {'<' * 2_000}") for number in range(300)))
    written = comment(found)
    assert len(written.encode()) <= GITHUB_LIMIT
    shown = len(re.findall(r"^- ⚠️", written, flags=re.MULTILINE))
    assert f"- {300 - shown} more warnings are left out for length\n" in written
    assert "failover master → standby" in written
    assert len(json.loads(document(found))["warnings"]) == 300
