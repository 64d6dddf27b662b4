"""Changes that the program never declares by itself, made from recorded previews: each is reported as dangerous.

A preview may come from an edited program, a newer plugin, or a cluster that somebody changed by hand.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest

from review.danger import Danger
from review.preview import parse
from review.verdict import Review, review
from tests.support.review_cases import DIRECTORY

Step = dict[str, Any]
CONTAINER = ("spec", "template", "spec", "containers", 0)
PARENTS = "urn:pulumi:dev::adb-tenants::adb:tenants:"


def reviewed(recording: str, edit: Callable[[list[Step]], None]) -> Review:
    digest = json.loads((DIRECTORY / recording / "preview.json").read_text())
    edit(digest["steps"])
    return review(parse(json.dumps(digest).encode()))


def findings(judged: Review) -> str:
    """Return a line for each finding, its rule's id first."""
    found = [*(each for tenant in judged.tenants for each in tenant.findings), *judged.shared.findings]
    return "\n".join(f"{each.rule.id} {each.text()}" for each in found)


def step_of(steps: list[Step], kind: str, name: str) -> Step:
    (found,) = (step for step in steps if step["urn"].endswith(f":{kind}::{name}"))
    return found


def test_a_replaced_provider_loses_all_data() -> None:
    def edit(steps: list[Step]) -> None:
        steps.append({"op": "replace", "urn": "urn:pulumi:dev::adb-tenants::pulumi:providers:kubernetes::cluster"})

    judged = reviewed("nothing-changes", edit)
    assert judged.danger is Danger.DATA_LOSS
    assert "R424 provider cluster" in findings(judged)


def test_a_removed_provider_is_not_dangerous_by_itself() -> None:
    def edit(steps: list[Step]) -> None:
        steps.append({"op": "delete", "urn": "urn:pulumi:dev::adb-tenants::pulumi:providers:kubernetes::cluster"})

    assert reviewed("nothing-changes", edit).danger is Danger.NONE


@pytest.mark.parametrize(
    ("operation", "danger", "rule"),
    [
        ("create", Danger.NONE, "R901"),
        ("update", Danger.TRAFFIC, "R902"),
        ("delete", Danger.DATA_LOSS, "R903"),
        ("replace", Danger.DATA_LOSS, "R903"),
        ("an-operation-of-tomorrow", Danger.DATA_LOSS, "R904"),
    ],
)
@pytest.mark.parametrize(
    "parent", ["Tenant$kubernetes:core/v1:PersistentVolumeClaim", "Extra$kubernetes:core/v1:Namespace"]
)
def test_an_unknown_object_is_reported(operation: str, danger: Danger, rule: str, parent: str) -> None:
    def edit(steps: list[Step]) -> None:
        state = {"custom": True, "parent": f"{PARENTS}Tenant::tenant3" if "Tenant" in parent else ""}
        steps.append({"op": operation, "urn": f"{PARENTS}{parent}::extra", "oldState": state, "newState": state})

    judged = reviewed("nothing-changes", edit)
    assert judged.danger is danger
    assert findings(judged).startswith(f"{rule} unrecognised ")


@pytest.mark.parametrize(
    ("path", "value", "danger", "words"),
    [
        (["spec", "replicas"], 2, Danger.DATA_LOSS, "R317 replicas 1 → 2"),
        (
            ["spec", "ordinals"],
            {"start": 1},
            Danger.RESTART,
            "R905 unrecognised change of StatefulSet, rated restart: spec.ordinals",
        ),
        (["spec", "updateStrategy"], {"type": "RollingUpdate"}, Danger.RESTART, "R321"),
        (["spec", "template", "spec", "affinity"], {}, Danger.DATA_LOSS, "R301"),
        (["spec", "template", "spec", "volumes"], [], Danger.DATA_LOSS, "R301"),
        (["metadata", "labels", "team"], "dba", Danger.NONE, "R322"),
        ([*CONTAINER, "resources", "limits", "cpu"], "4", Danger.NONE, ", CPU. No pod restarts"),
    ],
)
def test_each_field_of_a_stateful_set_is_judged(path: list[Any], value: Any, danger: Danger, words: str) -> None:
    def edit(steps: list[Step]) -> None:
        inputs = step_of(steps, "StatefulSet", "tenant3-master")["newState"]["inputs"]
        for key in path[:-1]:
            inputs = inputs[key] if isinstance(inputs, list) else inputs.setdefault(key, {})
        inputs[path[-1]] = value

    judged = reviewed("image-change", edit)
    assert judged.danger is danger
    assert words in findings(judged)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (["spec", "ports"], [{"port": 5433}], "R210 the VIP's Service changes in spec.ports"),
        (["spec", "selector", "tenancy"], "tenant4", "R210 the VIP's Service changes in spec.selector.tenancy"),
        (["spec", "sessionAffinity"], "ClientIP", "R210 the VIP's Service changes in spec.sessionAffinity"),
    ],
)
def test_each_field_of_the_vip_service_is_judged(path: list[str], value: Any, words: str) -> None:
    def edit(steps: list[Step]) -> None:
        inputs = step_of(steps, "Service", "tenant3-vip")["newState"]["inputs"]
        for key in path[:-1]:
            inputs = inputs[key]
        inputs[path[-1]] = value

    judged = reviewed("failover", edit)
    assert judged.danger is Danger.TRAFFIC
    assert words in findings(judged)


def test_a_node_label_that_moves_alone_moves_the_database() -> None:
    def edit(steps: list[Step]) -> None:
        steps[:] = [step for step in steps if ":StatefulSet::" not in step["urn"]]

    judged = reviewed("host-move-allowed", edit)
    assert judged.danger is Danger.DATA_LOSS
    assert "R304 node label moves from m1.adb-cell to m2.adb-cell" in findings(judged)


def test_a_database_deleted_alone_is_lost() -> None:
    def edit(steps: list[Step]) -> None:
        for step in steps:
            if ":StatefulSet::tenant3-master" in step["urn"]:
                step["op"] = "delete"
                del step["newState"]

    judged = reviewed("image-change", edit)
    assert judged.danger is Danger.DATA_LOSS
    assert "R311" in findings(judged)


@pytest.mark.parametrize("kind", ["ConfigMap", "Secret"])
def test_a_deleted_shared_object_is_reported(kind: str) -> None:
    def edit(steps: list[Step]) -> None:
        urn = f"{PARENTS}Platform$kubernetes:core/v1:{kind}::shared"
        steps.append({"op": "delete", "urn": urn, "oldState": {"custom": True}})

    judged = reviewed("nothing-changes", edit)
    assert judged.danger is Danger.RESTART
    assert f"R412 {kind} shared" in findings(judged)


def test_changed_permissions_of_keepalived_are_reported() -> None:
    def edit(steps: list[Step]) -> None:
        urn = f"{PARENTS}KeepalivedAccess$kubernetes:rbac.authorization.k8s.io/v1:ClusterRole::adb-keepalived"
        rules = [{"resources": ["pods"], "verbs": ["get"]}]
        steps.append(
            {
                "op": "update",
                "urn": urn,
                "oldState": {"custom": True, "inputs": {"rules": rules}},
                "newState": {"custom": True, "inputs": {"rules": []}},
            }
        )

    judged = reviewed("nothing-changes", edit)
    assert judged.danger is Danger.TRAFFIC
    assert "R414 ClusterRole adb-keepalived" in findings(judged)


def test_objects_that_the_engine_imports_are_adopted() -> None:
    def edit(steps: list[Step]) -> None:
        for step in steps:
            if "::tenant3-" in step["urn"] and "NodePatch" not in step["urn"]:
                step["op"] = "import"

    judged = reviewed("first-tenants-created", edit)
    assert judged.danger is Danger.NONE
    assert "R102 adopted in place: VIP 192.168.143.144" in findings(judged)


def test_an_adopted_database_that_may_restart_is_reported() -> None:
    def edit(steps: list[Step]) -> None:
        for role in ("master", "standby"):
            inputs = step_of(steps, "StatefulSet", f"tenant3-{role}")["newState"]["inputs"]
            inputs["spec"]["updateStrategy"] = {"type": "RollingUpdate"}

    judged = reviewed("tenants-adopted", edit)
    assert judged.danger is Danger.RESTART
    assert "R326" in findings(judged)


@pytest.mark.parametrize(
    ("operation", "before", "after", "danger", "words"),
    [
        (
            "create",
            None,
            {"spec": {"suspend": False}},
            Danger.TRAFFIC,
            "R251 the promotion command runs first: Job again-2",
        ),
        ("create", None, {"spec": {"suspend": True}}, Danger.NONE, "R254 the promotion Job again-2"),
        ("replace", {"spec": {}}, {"spec": {}}, Danger.TRAFFIC, "R251 the promotion command runs first: Job again-2"),
        ("update", {"spec": {}}, {"spec": {}}, Danger.TRAFFIC, "R252 the update waits for the promotion Job again-2"),
        (
            "update",
            {"spec": {}},
            {"spec": {"backoffLimit": 9}},
            Danger.TRAFFIC,
            "R253 the promotion Job again-2 changes in spec.backoffLimit",
        ),
        ("delete", {"spec": {}}, None, Danger.NONE, "R255 the promotion Job again-2"),
    ],
)
def test_a_promotion_is_reported_by_what_its_job_does(
    operation: str, before: Step | None, after: Step | None, danger: Danger, words: str
) -> None:
    def edit(steps: list[Step]) -> None:
        urn = f"{PARENTS}Tenant$adb:tenants:Promotion$kubernetes:batch/v1:Job::tenant3-promote-standby"
        states = {
            key: {"custom": True, "inputs": {"kind": "Job", "metadata": {"name": "again-2"}, **inputs}}
            for key, inputs in (("oldState", before), ("newState", after))
            if inputs is not None
        }
        steps.append({"op": operation, "urn": urn, **states})

    judged = reviewed("nothing-changes", edit)
    assert [tenant.name for tenant in judged.tenants] == ["tenant3"]
    assert judged.danger is danger
    assert words in findings(judged)


def policy(*networks: str) -> Step:
    blocks = [{"ipBlock": {"cidr": network}} for network in networks]
    return {"spec": {"ingress": [{"from": blocks}, {"from": [{"podSelector": {}}]}]}}


@pytest.mark.parametrize(
    ("recording", "operation", "before", "after", "danger", "words"),
    [
        ("nothing-changes", "create", None, policy("10.0.0.0/8"), Danger.TRAFFIC, "now on only 10.0.0.0/8 can connect"),
        ("nothing-changes", "create", None, policy(), Danger.TRAFFIC, "R261 a NetworkPolicy is created: from now on"),
        (
            "nothing-changes",
            "update",
            policy("10.0.0.0/8"),
            policy("10.0.0.0/9"),
            Danger.TRAFFIC,
            "R262 the NetworkPolicy changes in spec.ingress[0].from[0].ipBlock.cidr",
        ),
        ("nothing-changes", "delete", policy("10.0.0.0/8"), None, Danger.NONE, "R263 the NetworkPolicy is removed"),
        ("nothing-changes", "an-operation-of-tomorrow", policy(), policy(), Danger.TRAFFIC, "R904"),
        ("tenants-adopted", "create", None, policy("10.0.0.0/8"), Danger.TRAFFIC, "R261"),
        ("first-tenants-created", "create", None, policy("10.0.0.0/8"), Danger.NONE, "R261"),
        ("tenant-started", "create", None, policy("10.0.0.0/8"), Danger.NONE, "R261"),
    ],
)
def test_a_network_policy_is_judged_by_the_clients_it_cuts_off(
    recording: str, operation: str, before: Step | None, after: Step | None, danger: Danger, words: str
) -> None:
    def edit(steps: list[Step]) -> None:
        urn = f"{PARENTS}Tenant$kubernetes:networking.k8s.io/v1:NetworkPolicy::tenant3-policy"
        states = {
            key: {"custom": True, "inputs": {"kind": "NetworkPolicy", **inputs}}
            for key, inputs in (("oldState", before), ("newState", after))
            if inputs is not None
        }
        steps.append({"op": operation, "urn": urn, **states})

    judged = reviewed(recording, edit)
    assert judged.danger is danger
    assert words in findings(judged)


@pytest.mark.parametrize(("state_in_outputs", "danger"), [("retired", Danger.NONE), ("running", Danger.DATA_LOSS)])
def test_the_outputs_have_the_state_where_no_object_has_it(state_in_outputs: str, danger: Danger) -> None:
    def edit(steps: list[Step]) -> None:
        for step in steps:
            step.get("oldState", {}).get("inputs", {}).get("metadata", {}).pop("annotations", None)
        stack = step_of(steps, "Stack", "adb-tenants-dev")
        stack["oldState"]["outputs"]["tenants"]["tenant3"]["state"] = state_in_outputs

    assert reviewed("retired-tenant-removed", edit).danger is danger
