"""Reviews after a host, a Node or a state is lost, and of changes of tenants without pods."""

import copy
from typing import Any

import pytest

from review.danger import Danger
from review.verdict import Review
from tests.support.previews import COMPONENTS, Step, findings, judged, recorded, reviewed, step_of

FORCED = "adb-tenants/forced"
SECRET = f"{COMPONENTS}Platform$kubernetes:core/v1:Secret::mysql-connect"


def rated(of: Review) -> list[tuple[Danger, str]]:
    return [(each.danger, each.text()) for each in findings(of)]


def force(step: Step, *, before: str = "", after: str = "") -> None:
    for state, reason in (("oldState", before), ("newState", after)):
        if reason:
            step[state]["inputs"]["metadata"].setdefault("annotations", {})[FORCED] = reason


def tenants_of(steps: list[Step]) -> dict[str, Any]:
    """Return the stack's output for each tenant after its last `up`."""
    tenants: dict[str, Any] = step_of(steps, "Stack", "adb-tenants-dev")["oldState"]["outputs"]["tenants"]
    return tenants


# Force


@pytest.mark.parametrize(
    ("before", "after", "role_after", "expected"),
    [
        ("", "m1 burns", "standby", (Danger.OUTAGE, "failover master → standby on m2.adb-cell by force")),
        ("old", "m1 burns", "standby", (Danger.OUTAGE, "failover master → standby on m2.adb-cell by force")),
        ("old", "", "standby", (Danger.TRAFFIC, "failover master → standby on m2.adb-cell")),
        # The state has the selected role already; in the cluster the Service selects the other one.
        ("", "m1 burns", "master", (Danger.OUTAGE, "clients are sent to the master on m1.adb-cell by force")),
        ("m1 burns", "", "master", (Danger.NONE, "no longer forced: m1 burns")),
        ("m1 burns", "m1 burned", "master", (Danger.NONE, "no pod and no client notices: Service tenant3-vip")),
    ],
)
def test_a_force_is_an_outage_only_while_it_moves_clients(
    before: str, after: str, role_after: str, expected: tuple[Danger, str]
) -> None:
    def edit(steps: list[Step]) -> None:
        service = step_of(steps, "Service", "tenant3-vip")
        force(service, before=before, after=after)
        service["newState"]["inputs"]["spec"]["selector"]["role"] = role_after
        steps[:] = [step for step in steps if ":ReplicationController::" not in step["urn"]]

    found = rated(reviewed("failover", edit))
    assert [(danger, text[: len(expected[1])]) for danger, text in found] == [expected]
    if expected[0] is Danger.OUTAGE:
        assert found[0][1].endswith(", although it may be unable to serve: m1 burns")


@pytest.mark.parametrize("operation", ["create", "replace"])
def test_a_service_recreated_by_force_is_an_outage(operation: str) -> None:
    def edit(steps: list[Step]) -> None:
        service = step_of(steps, "Service", "tenant3-vip")
        force(service, after="m1 burns")
        service["op"] = operation

    assert reviewed("failover", edit).danger is Danger.OUTAGE


@pytest.mark.parametrize(
    ("recording", "danger"), [("state-lost", Danger.OUTAGE), ("first-tenants-created", Danger.NONE)]
)
def test_force_is_an_outage_for_an_adopted_tenant_not_for_a_new_one(recording: str, danger: Danger) -> None:
    def edit(steps: list[Step]) -> None:
        force(step_of(steps, "Service", "tenant3-vip"), after="m1 burns")

    found = reviewed(recording, edit)
    assert found.danger is danger
    assert [text for _, text in rated(found) if "by force" in text and "m1 burns" in text]


def test_a_forced_failover_of_a_stopped_tenant_is_harmless() -> None:
    def edit(steps: list[Step]) -> None:
        force(step_of(steps, "Service", "tenant3-vip"), after="promoted by hand")
        controller = step_of(steps, "ReplicationController", "tenant3-vip")
        for state in ("oldState", "newState"):
            controller[state]["inputs"]["spec"]["replicas"] = 0

    found = reviewed("failover", edit)
    assert found.danger is Danger.NONE
    kept = "the Service selects the standby by force, while no pod runs: promoted by hand"
    assert (Danger.NONE, kept) in rated(found)


def test_by_default_a_force_waits_for_an_approval() -> None:
    assert [danger.word for danger in Danger if danger >= Danger.RESTART] == ["restart", "outage", "data-loss"]


# A lost node


@pytest.mark.parametrize(
    ("operation", "state", "danger", "words"),
    [
        ("create", "newState", Danger.NONE, "set on node m1.adb-cell"),
        ("delete", "oldState", Danger.RESTART, "removed from node m1.adb-cell: the database cannot start there again"),
    ],
)
def test_a_removed_label_is_dangerous_and_a_restored_one_is_not(
    operation: str, state: str, danger: Danger, words: str
) -> None:
    made = step_of(recorded("first-tenants-created")["steps"], "NodePatch", "tenant3-master")
    step = {"op": operation, "urn": made["urn"], state: made["newState"]}
    found = reviewed("nothing-changes", lambda steps: steps.append(step))
    assert rated(found) == [(danger, f"label tenancy-tenant3 is {words}")]


# A lost state


def test_a_new_tenant_disturbs_the_adopted_one_on_its_node() -> None:
    digest = recorded("state-lost")
    # tenant4 is new, its keepalived pod on the node of tenant3's.
    digest["diagnostics"] = [entry for entry in digest["diagnostics"] if '"tenant3"' in entry["message"]]
    controller = step_of(digest["steps"], "ReplicationController", "tenant4-vip")
    term = controller["newState"]["inputs"]["spec"]["template"]["spec"]["affinity"]["nodeAffinity"]
    (wanted,) = term["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    wanted["matchFields"][0]["values"] = ["m1.adb-cell"]
    found = judged(digest)
    assert found.danger is Danger.TRAFFIC
    starts = "keepalived starts on m1.adb-cell, where it clears the forwarding of tenant3 too"
    assert (Danger.TRAFFIC, starts) in rated(found)


def test_a_tenant_adopted_in_part_is_not_new() -> None:
    digest = recorded("failover")
    lost = step_of(recorded("state-lost")["steps"], "Service", "tenant3-vip")
    digest["steps"] = [*(step for step in digest["steps"] if "::tenant3" not in step["urn"]), lost]
    digest["diagnostics"] = recorded("state-lost")["diagnostics"]
    assert rated(judged(digest)) == [(Danger.NONE, "existing objects adopted in place: 1")]


def test_adopting_a_stopped_tenant_never_restarts() -> None:
    def edit(steps: list[Step]) -> None:
        for role in ("master", "standby"):
            spec = step_of(steps, "StatefulSet", f"tenant3-{role}")["newState"]["inputs"]["spec"]
            spec |= {"updateStrategy": {"type": "RollingUpdate"}, "replicas": 0}

    assert reviewed("tenants-adopted", edit).danger is Danger.NONE


# Changes of tenants without pods

ROLE = f"{COMPONENTS}Tenant$adb:tenants:ControlNode$kubernetes"
ACCESS = f"{COMPONENTS}Tenant$adb:tenants:VirtualIp$kubernetes"
JOB = f"{COMPONENTS}Tenant$adb:tenants:Promotion$kubernetes:batch/v1:Job::tenant3-promote-standby"
OFF: dict[str, Any] = {"spec": {"replicas": 0}}
CHANGES: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    ("update", f"{ACCESS}:core/v1:ReplicationController::tenant3-vip", OFF, {"spec": {"replicas": 0, "selector": {}}}),
    (
        "replace",
        f"{ACCESS}:core/v1:ReplicationController::tenant3-vip",
        OFF,
        {"spec": {"replicas": 0, "template": {"spec": {"tolerations": []}}}},
    ),
    ("update", f"{ACCESS}:core/v1:Service::tenant3-vip", {}, {"spec": {"ports": []}}),
    ("replace", f"{ACCESS}:core/v1:Service::tenant3-vip", {}, {"spec": {"ports": []}}),
    ("delete", f"{ACCESS}:core/v1:Service::tenant3-vip", {"spec": {}}, {}),
    ("update", f"{ACCESS}:core/v1:ConfigMap::tenant3-vip-cm", {"data": {"a": "x"}}, {"data": {"b": "x"}}),
    ("delete", f"{ACCESS}:core/v1:ConfigMap::tenant3-vip-cm", {"data": {"a": "x"}}, {}),
    ("replace", f"{ROLE}:core/v1:Service::tenant3-master", {}, {"spec": {"ports": []}}),
    ("update", f"{ROLE}:core/v1:Service::tenant3-master", {}, {"spec": {"ports": []}}),
    ("update", f"{ROLE}:apps/v1:StatefulSet::tenant3-master", OFF, {"spec": {"replicas": 0, "ordinals": {"start": 1}}}),
    ("update", f"{ROLE}:apps/v1:StatefulSet::tenant3-master", OFF, OFF),
    (
        "update",
        f"{ROLE}:core/v1:NodePatch::tenant3-master",
        {"metadata": {"name": "m1", "labels": {"a": "x"}}},
        {"metadata": {"name": "m1", "labels": {"a": "y"}}},
    ),
    ("update", JOB, {"spec": {"suspend": True}}, {"spec": {"suspend": True, "backoffLimit": 3}}),
]


@pytest.mark.parametrize("state", ["retired", "stopped", "running"])
@pytest.mark.parametrize(("operation", "urn", "before", "after"), CHANGES, ids=lambda value: str(value)[-40:])
def test_a_change_of_a_tenant_without_pods_is_reported_as_harmless(
    operation: str, urn: str, before: dict[str, Any], after: dict[str, Any], state: str
) -> None:
    digest = recorded("nothing-changes")
    tenants_of(digest["steps"])["tenant3"]["state"] = state
    before, after = copy.deepcopy(before), copy.deepcopy(after)
    if state == "running":
        for inputs in (before, after):
            if "replicas" in inputs.get("spec", {}):
                inputs["spec"]["replicas"] = 1
    states = {"oldState": before, "newState": after} if operation != "delete" else {"oldState": before}
    resources = {name: {"custom": True, "inputs": inputs} for name, inputs in states.items()}
    digest["steps"].append({"op": operation, "urn": urn, **resources})
    found = rated(judged(digest))
    assert found
    assert all(text for _, text in found)
    harmless = state != "running" or urn == JOB
    assert (judged(digest).danger is Danger.NONE) is harmless, found


@pytest.mark.parametrize(
    ("operation", "state", "danger"),
    [
        ("delete", "retired", Danger.NONE),
        ("delete", "running", Danger.RESTART),
        ("update", "stopped", Danger.NONE),
        ("update", "running", Danger.TRAFFIC),
    ],
)
def test_shared_objects_are_rated_by_the_tenants_that_run(operation: str, state: str, danger: Danger) -> None:
    def edit(steps: list[Step]) -> None:
        for tenant in tenants_of(steps).values():
            tenant["state"] = state
        urns = (SECRET, f"{COMPONENTS}KeepalivedAccess$kubernetes:core/v1:ServiceAccount::adb-keepalived")
        steps += [{"op": operation, "urn": urn, "oldState": {"custom": True}} for urn in urns]

    assert reviewed("nothing-changes", edit).danger is danger


def test_a_deleted_secret_restarts_a_tenant_that_starts_at_once() -> None:
    def edit(steps: list[Step]) -> None:
        tenants_of(steps)["tenant4"]["state"] = "stopped"
        steps.append({"op": "delete", "urn": SECRET, "oldState": {"custom": True}})

    assert reviewed("tenant-started", edit).danger is Danger.RESTART


# A restart that fails


def test_a_rolling_restart_is_reported_with_the_limits_of_a_revert() -> None:
    found = [text for _, text in rated(judged(recorded("memory-change-of-a-rolling-tenant")))]
    assert [text for text in found if "a revert takes effect only when that pod is deleted by hand" in text]
