"""Recorded previews of the real engine lead to the expected comments, in every kind of change."""

import json

import pytest

from review.__main__ import main
from review.danger import Danger
from review.preview import parse
from review.verdict import review
from tests.support.review_cases import CASES, Case, written_review

# What a careful operator would say of each case before looking at what the program says.
DANGER = {
    "nothing-changes": Danger.NONE,
    "first-tenants-created": Danger.NONE,
    "tenant-created": Danger.NONE,
    "failover": Danger.TRAFFIC,
    "failover-by-force": Danger.OUTAGE,
    "failover-by-force-as-events": Danger.OUTAGE,
    "failover-with-promotion": Danger.TRAFFIC,
    "promotion-added": Danger.NONE,
    "failover-as-events": Danger.TRAFFIC,
    "image-change": Danger.NONE,
    "memory-change-of-a-rolling-tenant": Danger.RESTART,
    "rolling-update-chosen": Danger.RESTART,
    "vip-change": Danger.TRAFFIC,
    "vrrp-id-change": Danger.TRAFFIC,
    "keepalived-image-change": Danger.TRAFFIC,
    "tenant-stopped": Danger.RESTART,
    "tenant-started": Danger.NONE,
    "image-change-of-a-stopped-tenant": Danger.NONE,
    "keepalived-image-change-of-a-retired-tenant": Danger.NONE,
    "tenant-retired": Danger.RESTART,
    "retired-tenant-removed": Danger.NONE,
    "running-tenant-removed": Danger.DATA_LOSS,
    "running-tenant-removed-as-events": Danger.DATA_LOSS,
    "data-path-move-allowed": Danger.DATA_LOSS,
    # Refused before anything is declared: there is no step to judge.
    "host-moved": Danger.NONE,
    "host-move-allowed": Danger.DATA_LOSS,
    "configuration-refused": Danger.NONE,
    "shared-password-change": Danger.NONE,
    "shared-address-change": Danger.NONE,
    "shared-secret-only-read-from-now-on": Danger.NONE,
    "tenants-adopted": Danger.NONE,
    "state-lost": Danger.NONE,
    "node-lost": Danger.NONE,
    "changed-by-hand": Danger.TRAFFIC,
    "neighbours-keepalived-disturbed": Danger.TRAFFIC,
    "failover-per-node": Danger.TRAFFIC,
    "node-keepalived-image-change": Danger.TRAFFIC,
    "keepalived-per-node-chosen": Danger.TRAFFIC,
    "keepalived-per-tenant-chosen": Danger.TRAFFIC,
    "many-things-at-once": Danger.RESTART,
}
REFUSED = {"running-tenant-removed", "running-tenant-removed-as-events", "host-moved", "configuration-refused"}
SECRETS = (
    "demo-adb-password",
    "demo-mysql-password",
    "another-password",
    "ZGVtby1hZGItcGFzc3dvcmQ=",
    "4dabf18193072939515e22adb298388d",
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_kind_of_change_has_the_expected_comment(case: Case) -> None:
    assert written_review(case.preview) == case.review.read_text(encoding="utf-8")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_kind_of_change_has_the_expected_danger(case: Case) -> None:
    judged = review(parse(case.preview.read_bytes()))
    assert judged.danger is DANGER[case.name]
    assert judged.can_proceed is (case.name not in REFUSED)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_no_secret_of_a_preview_is_in_its_review(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    for form in ("markdown", "json"):
        main([str(case.preview), "--format", form])
        written = capsys.readouterr().out
        assert not [secret for secret in SECRETS if secret in written]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("level", [danger for danger in Danger if danger], ids=lambda level: level.word)
def test_the_exit_code_is_1_from_the_level_on_and_after_a_refusal(case: Case, level: Danger) -> None:
    expected = int(DANGER[case.name] >= level or case.name in REFUSED)
    assert main([str(case.preview), "--fail-on", level.word]) == expected


def test_digest_and_event_stream_of_a_preview_have_the_same_comment() -> None:
    by_name = {case.name: case for case in CASES}
    for name in ("failover", "failover-by-force", "running-tenant-removed"):
        digest, events = by_name[name], by_name[f"{name}-as-events"]
        assert written_review(digest.preview) == written_review(events.preview), name


def test_the_json_has_what_the_comment_has(capsys: pytest.CaptureFixture[str]) -> None:
    (case,) = (case for case in CASES if case.name == "failover")
    main([str(case.preview), "--format", "json"])
    written = json.loads(capsys.readouterr().out)
    assert (written["danger"], written["mayGoOn"]) == ("traffic", True)
    (tenant,) = written["tenants"]
    assert tenant["name"] == "tenant3"
    assert tenant["findings"][0] == {
        "id": "R201",
        "danger": "traffic",
        "about": [],
        "says": "failover master → standby on m2.adb-cell",
    }
    assert tenant["accessPath"]["after"] == {
        "vip": "192.168.143.144",
        "keepalivedHost": "m2.adb-cell",
        "keepalivedPer": "tenant",
        "service": "tenant3-vip",
        "role": "standby",
        "podHost": "m2.adb-cell",
    }
