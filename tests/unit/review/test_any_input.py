"""Any input leads to a review or to one sentence, never to a traceback."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kube.json_text import UnreadableError
from review.__main__ import main
from review.markdown import GITHUB_LIMIT, comment
from review.preview import parse
from review.verdict import review
from tests.support.review_cases import CASES

KEYS = st.sampled_from(
    [
        *("steps", "diagnostics", "op", "urn", "oldState", "newState", "inputs", "outputs", "detailedDiff", "custom"),
        *("parent", "severity", "message", "sequence", "timestamp", "resourcePreEvent", "metadata", "old", "new"),
        *("summaryEvent", "result", "spec", "template", "containers", "volumes", "name", "hostPath", "path", "data"),
        *("replicas", "selector", "role", "annotations", "args", "env", "tenants", "hosts"),
        *("adb-tenants/state", "adb-tenants/stack", "adb-tenants/forced"),
    ]
)
URNS = st.sampled_from(
    [
        "urn:pulumi:dev::adb-tenants::adb:tenants:Tenant$adb:tenants:ControlNode$kubernetes:apps/v1:StatefulSet::t-master",
        "urn:pulumi:dev::adb-tenants::adb:tenants:Tenant$adb:tenants:VirtualIp$kubernetes:core/v1:Service::t-vip",
        "urn:pulumi:dev::adb-tenants::adb:tenants:Tenant$adb:tenants:VirtualIp$kubernetes:core/v1:ConfigMap::t-vip-cm",
        "urn:pulumi:dev::p::adb:tenants:VirtualIp$kubernetes:core/v1:ReplicationController::t-vip",
        "urn:pulumi:dev::p::adb:tenants:Platform$kubernetes:core/v1:Secret::s",
        "urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev",
        "urn:pulumi:dev::p::pulumi:providers:kubernetes::cluster",
        "urn",
        "",
    ]
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    URNS,
    st.sampled_from(
        ["create", "update", "delete", "replace", "import", "same", "error", "warning", "running", "[secret]"]
    ),
)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.one_of(KEYS, st.text(max_size=5)), inner)),
    max_leaves=25,
)
STATE = st.fixed_dictionaries({}, optional={"inputs": JSON, "outputs": JSON, "custom": JSON, "parent": URNS})
OPERATION = st.sampled_from(
    ["create", "update", "delete", "replace", "import", "same", "read-replacement", "refresh", "an-op-of-tomorrow"]
)
STEP = st.fixed_dictionaries({"op": OPERATION, "urn": URNS, "oldState": STATE, "newState": STATE, "detailedDiff": JSON})
DIGEST = st.fixed_dictionaries({"steps": st.lists(st.one_of(STEP, JSON), max_size=6), "diagnostics": JSON})


def answer(raw: bytes) -> None:
    try:
        judged = review(parse(raw))
    except UnreadableError:
        return
    assert len(comment(judged).encode()) <= GITHUB_LIMIT


@given(
    st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass")))
)
@example(b"")
@example(b"\xff\xfe")
@example(b"[" * 100_000)
@example(b'{"steps": ' + b"[" * 600 + b"]" * 600 + b"}")
@example(b'{"steps": [1e999, NaN]}')
@example(b'{"steps": [' + b"9" * 5000 + b"]}")
def test_any_bytes_are_answered(raw: bytes) -> None:
    answer(raw)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.one_of(JSON, DIGEST))
def test_any_json_is_answered(document: Any) -> None:
    answer(json.dumps(document).encode())


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.one_of(STEP, JSON), max_size=6))
def test_any_events_are_answered(documents: list[Any]) -> None:
    events = []
    for document in documents:
        metadata = document if isinstance(document, dict) else {}
        step = {**metadata, "old": metadata.get("oldState"), "new": metadata.get("newState")}
        events.append({"sequence": 1, "timestamp": 1, "resourcePreEvent": {"metadata": step}})
    answer("\n".join(map(json.dumps, events)).encode())


@pytest.mark.parametrize("case", [case for case in CASES if case.name in ("failover", "failover-as-events")], ids=str)
def test_a_preview_that_is_cut_off_anywhere_is_blocked(case: Any, tmp_path: Path) -> None:
    whole = case.preview.read_bytes().rstrip()
    summary = whole.rfind(b'"summaryEvent"') if case.form == "events" else len(whole)
    for length in range(0, summary, max(1, len(whole) // 20)):
        cut = tmp_path / "preview"
        cut.write_bytes(whole[:length])
        assert main([str(cut)]) != 0, f"cut off after {length} of {len(whole)} bytes"


def test_an_unreadable_file_is_reported_in_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for content, message in {
        "": "empty",
        "Previewing update (dev):": "invalid JSON at line 1",
        '{"steps": [': "was the preview interrupted?",
        '{"version": 3, "deployment": {}}': "not the output of `pulumi preview --json`",
    }.items():
        file = tmp_path / "preview.json"
        file.write_text(content)
        assert main([str(file)]) == 2
        printed = capsys.readouterr()
        assert message in printed.err
        assert printed.err.count("\n") == 1
        assert not printed.out
    assert main([str(tmp_path / "absent.json")]) == 2
    assert "No such file" in capsys.readouterr().err
