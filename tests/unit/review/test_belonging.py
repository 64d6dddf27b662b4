"""A fleet that gets the mark of its stack, its first or another one, is reported as unaffected."""

import copy
from collections.abc import Callable

import pytest

from review.danger import Danger
from review.markdown import comment
from review.verdict import Review
from tests.support.previews import COMPONENTS, Step, judged, recorded

MARK = "adb-tenants/stack"
STATE = "adb-tenants/state"
NOT_MARKED = ("NodePatch",)


def marked(before: str | None, after: str | None, edit: Callable[[Step], None] = lambda _: None) -> Review:
    """Review a preview in which every object of a deployed fleet gets another mark, and what `edit` changes."""
    job = f"{COMPONENTS}Tenant$adb:tenants:Promotion$kubernetes:batch/v1:Job::tenant3-promote-standby"
    created = {"custom": True, "inputs": {"kind": "Job", "metadata": {"name": "j"}, "spec": {"suspend": False}}}
    steps = []
    for step in [*recorded("first-tenants-created")["steps"], {"op": "create", "urn": job, "newState": created}]:
        kind = step["urn"].rpartition("::")[0].rpartition(":")[2]
        if "$kubernetes:" in step["urn"] and step["op"] == "create" and kind not in NOT_MARKED:
            annotations = step["newState"]["inputs"]["metadata"].get("annotations", {})
            kept = {key: value for key, value in annotations.items() if key == STATE}
            step["newState"]["inputs"]["metadata"]["annotations"] = kept
            if not kept:
                del step["newState"]["inputs"]["metadata"]["annotations"]
            old = copy.deepcopy(step["newState"])
            for state, mark in ((old, before), (step["newState"], after)):
                if mark is not None:
                    state["inputs"]["metadata"].setdefault("annotations", {})[MARK] = mark
            edit(step["newState"]["inputs"])
            steps.append({**step, "op": "update", "oldState": old})
    kinds = {step["newState"]["inputs"]["kind"] for step in steps}
    assert kinds == {
        *("Service", "ConfigMap", "StatefulSet", "ReplicationController", "ServiceAccount", "ClusterRole"),
        *("ClusterRoleBinding", "Secret", "Job"),
    }
    return judged({"steps": steps})


def wait_in_the_background(inputs: Step) -> None:
    if inputs["kind"] in ("StatefulSet", "ReplicationController"):
        inputs["metadata"]["annotations"] |= {
            "pulumi.com/deletionPropagationPolicy": "background",
            "pulumi.com/skipAwait": "true",
        }


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        (None, "adb-tenants/dev", "objects are marked as belonging to stack adb-tenants/dev"),
        (
            "adb-tenants/old",
            "adb-tenants/dev",
            "adopted from stack adb-tenants/old: objects are marked as belonging to stack adb-tenants/dev",
        ),
        ("adb-tenants/dev", None, "objects are no longer marked as belonging to stack adb-tenants/dev"),
    ],
)
@pytest.mark.parametrize("edit", [lambda _: None, wait_in_the_background], ids=["marks alone", "with the engine's own"])
def test_a_fleet_that_is_only_marked_has_one_finding_for_each_tenant(
    before: str | None, after: str | None, sentence: str, edit: Callable[[Step], None]
) -> None:
    reviewed = marked(before, after, edit)
    found = {tenant.name: [(each.danger, each.text()) for each in tenant.findings] for tenant in reviewed.tenants}
    found["shared"] = [(each.danger, each.text()) for each in reviewed.shared.findings]
    assert found == {name: [(Danger.NONE, sentence)] for name in ("tenant3", "tenant4", "shared")}
    assert reviewed.changes
    assert "mermaid" not in comment(reviewed)


def test_changes_besides_the_mark_are_judged_as_usual() -> None:
    def edit(inputs: Step) -> None:
        inputs["metadata"].setdefault("labels", {})["team"] = "dba"
        if inputs["kind"] == "StatefulSet":
            inputs["spec"]["template"]["spec"]["volumes"] = []

    reviewed = marked(None, "adb-tenants/dev", edit)
    assert reviewed.danger is Danger.DATA_LOSS
    assert "labels or annotations change" in comment(reviewed)
    assert reviewed.shared.danger is Danger.NONE


@pytest.mark.parametrize("key", ["pulumi.com/skipAwait", "pulumi.com/deletionPropagationPolicy", "team"])
def test_another_annotation_alone_is_reported(key: str) -> None:
    reviewed = marked(
        "s", "s", lambda inputs: inputs["metadata"].setdefault("annotations", {}).update({key: "background"})
    )
    assert reviewed.danger is Danger.NONE
    for tenant in reviewed.tenants:
        assert [each.text().partition(":")[0] for each in tenant.findings] == ["no pod and no client notices"]


def test_the_mark_of_a_secret_is_shown_and_nothing_else_of_it() -> None:
    written = comment(marked("adb-tenants/old", "adb-tenants/dev"))
    secret = written.partition("# Secret adb-connect-secret: updated\n")[2].splitlines()[:2]
    assert secret == [
        '- metadata.annotations["adb-tenants/stack"]: "adb-tenants/old"',
        '+ metadata.annotations["adb-tenants/stack"]: "adb-tenants/dev"',
    ]
