"""Changes that the program never declares by itself, made from recorded previews: each is reported as dangerous.

A preview may come from an edited program, a newer plugin, or a cluster that somebody changed by hand.
"""

from typing import Any

import pytest

from review.access_path import node_of
from review.changes import Deployed, ObjectChange, TenantChange
from review.danger import Danger
from review.preview import Action
from review.verdict import Review
from tenants.objects import Part
from tests.support.previews import COMPONENTS, Edit, Step, findings, reviewed, step_of

PROVIDER = "urn:pulumi:dev::adb-tenants::pulumi:providers:kubernetes::cluster"
KEEPALIVED_ROLE = f"{COMPONENTS}KeepalivedAccess$kubernetes:rbac.authorization.k8s.io/v1:ClusterRole::adb-keepalived"


def lines(judged: Review) -> str:
    """Return a line for each finding, its rule's id first."""
    return "\n".join(f"{each.rule.id} {each.text()}" for each in findings(judged))


def added(operation: str, urn: str, **states: Step) -> Edit:
    """Add a step with these states, `oldState` and `newState`."""
    return lambda steps: steps.append({"op": operation, "urn": urn, **states})


def holding(**inputs: Any) -> Step:
    return {"custom": True, "inputs": inputs}


def deleted_shared(kind: str) -> Edit:
    return added("delete", f"{COMPONENTS}Platform$kubernetes:core/v1:{kind}::shared", oldState={"custom": True})


def changed(kind: str, name: str, path: str, value: Any) -> Edit:
    """Change one declared field, by its path with dots."""

    def edit(steps: list[Step]) -> None:
        inputs = step_of(steps, kind, name)["newState"]["inputs"]
        *parents, last = path.split(".")
        for key in parents:
            inputs = inputs[int(key)] if isinstance(inputs, list) else inputs.setdefault(key, {})
        inputs[last] = value

    return edit


def of_database(path: str, value: Any) -> Edit:
    return changed("StatefulSet", "tenant3-master", path, value)


def of_vip(path: str, value: Any) -> Edit:
    return changed("Service", "tenant3-vip", path, value)


def without_databases(steps: list[Step]) -> None:
    steps[:] = [step for step in steps if ":StatefulSet::" not in step["urn"]]


def without_database(steps: list[Step]) -> None:
    step = step_of(steps, "StatefulSet", "tenant3-master")
    step["op"] = "delete"
    del step["newState"]


def imported(steps: list[Step]) -> None:
    for step in steps:
        if "::tenant3-" in step["urn"] and "NodePatch" not in step["urn"]:
            step["op"] = "import"


def rolling(steps: list[Step]) -> None:
    for role in ("master", "standby"):
        changed("StatefulSet", f"tenant3-{role}", "spec.updateStrategy", {"type": "RollingUpdate"})(steps)


CHANGES: dict[str, tuple[str, Edit, Danger, str]] = {
    "replaced provider": ("nothing-changes", added("replace", PROVIDER), Danger.DATA_LOSS, "R424 provider cluster"),
    "removed provider": ("nothing-changes", added("delete", PROVIDER), Danger.NONE, ""),
    "deleted ConfigMap": ("nothing-changes", deleted_shared("ConfigMap"), Danger.RESTART, "R412 ConfigMap shared"),
    "deleted Secret": ("nothing-changes", deleted_shared("Secret"), Danger.RESTART, "R412 Secret shared"),
    "permissions of keepalived": (
        "nothing-changes",
        added(
            "update",
            KEEPALIVED_ROLE,
            oldState=holding(rules=[{"resources": ["pods"], "verbs": ["get"]}]),
            newState=holding(rules=[]),
        ),
        Danger.TRAFFIC,
        "R414 ClusterRole adb-keepalived",
    ),
    "replicas": ("image-change", of_database("spec.replicas", 2), Danger.DATA_LOSS, "R317 replicas 1 → 2"),
    "ordinals": (
        "image-change",
        of_database("spec.ordinals", {"start": 1}),
        Danger.RESTART,
        "R905 unrecognised change of StatefulSet, rated restart: spec.ordinals",
    ),
    "update strategy": (
        "image-change",
        of_database("spec.updateStrategy", {"type": "RollingUpdate"}),
        Danger.RESTART,
        "R321",
    ),
    "affinity": ("image-change", of_database("spec.template.spec.affinity", {}), Danger.DATA_LOSS, "R301"),
    "volumes": ("image-change", of_database("spec.template.spec.volumes", []), Danger.DATA_LOSS, "R301"),
    "label": ("image-change", of_database("metadata.labels.team", "dba"), Danger.NONE, "R322"),
    "cpu": (
        "image-change",
        of_database("spec.template.spec.containers.0.resources.limits.cpu", "4"),
        Danger.NONE,
        ", CPU. No pod restarts",
    ),
    "node selector, label cpu": (
        "image-change",
        of_database("spec.template.spec.nodeSelector.cpu", "amd"),
        Danger.NONE,
        ", node selector. No pod restarts",
    ),
    "node selector, label image": (
        "image-change",
        of_database("spec.template.spec.nodeSelector.image", "x"),
        Danger.NONE,
        ", node selector. No pod restarts",
    ),
    **{
        f"VIP's {path}": ("failover", of_vip(path, value), Danger.TRAFFIC, f"R210 the VIP's Service changes in {path}")
        for path, value in (
            ("spec.ports", [{"port": 5433}]),
            ("spec.selector.tenancy", "tenant4"),
            ("spec.sessionAffinity", "ClientIP"),
        )
    },
    "node label alone": (
        "host-move-allowed",
        without_databases,
        Danger.DATA_LOSS,
        "R304 node label moves from m1.adb-cell to m2.adb-cell",
    ),
    "database deleted alone": ("image-change", without_database, Danger.DATA_LOSS, "R311"),
    "imported": ("first-tenants-created", imported, Danger.NONE, "R102 adopted in place: VIP 192.168.143.144"),
    "adopted database that may restart": ("tenants-adopted", rolling, Danger.RESTART, "R326"),
}


@pytest.mark.parametrize(("recording", "edit", "danger", "words"), CHANGES.values(), ids=CHANGES)
def test_a_change_is_rated_and_reported(recording: str, edit: Edit, danger: Danger, words: str) -> None:
    judged = reviewed(recording, edit)
    assert judged.danger is danger
    assert words in lines(judged)


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
    state = {"custom": True, "parent": f"{COMPONENTS}Tenant::tenant3" if "Tenant" in parent else ""}
    judged = reviewed(
        "nothing-changes", added(operation, f"{COMPONENTS}{parent}::extra", oldState=state, newState=state)
    )
    assert judged.danger is danger
    assert lines(judged).startswith(f"{rule} unrecognised ")


RUNS_FIRST = "R251 the promotion command runs first: Job again-2"


@pytest.mark.parametrize(
    ("operation", "before", "after", "danger", "words"),
    [
        ("create", None, {"suspend": False}, Danger.TRAFFIC, RUNS_FIRST),
        ("create", None, {"suspend": True}, Danger.NONE, "R254 the promotion Job again-2"),
        ("replace", {}, {}, Danger.TRAFFIC, RUNS_FIRST),
        ("update", {}, {}, Danger.TRAFFIC, "R252 the update waits for the promotion Job again-2"),
        (
            "update",
            {},
            {"backoffLimit": 9},
            Danger.TRAFFIC,
            "R253 the promotion Job again-2 changes in spec.backoffLimit",
        ),
        ("delete", {}, None, Danger.NONE, "R255 the promotion Job again-2"),
    ],
)
def test_a_promotion_is_reported_by_what_its_job_does(
    operation: str, before: Step | None, after: Step | None, danger: Danger, words: str
) -> None:
    states = {
        key: holding(kind="Job", metadata={"name": "again-2"}, spec=spec)
        for key, spec in (("oldState", before), ("newState", after))
        if spec is not None
    }
    urn = f"{COMPONENTS}Tenant$adb:tenants:Promotion$kubernetes:batch/v1:Job::tenant3-promote-standby"
    judged = reviewed("nothing-changes", added(operation, urn, **states))
    assert [tenant.name for tenant in judged.tenants] == ["tenant3"]
    assert judged.danger is danger
    assert words in lines(judged)


def policy(*networks: str) -> Step:
    blocks = [{"ipBlock": {"cidr": network}} for network in networks]
    return {"spec": {"ingress": [{"from": blocks}, {"from": [{"podSelector": {}}]}]}}


@pytest.mark.parametrize(
    ("recording", "operation", "before", "after", "danger", "words"),
    [
        (
            "nothing-changes",
            "create",
            None,
            policy("10.0.0.0/8"),
            Danger.TRAFFIC,
            "only 10.0.0.0/8 and",
        ),
        (
            "nothing-changes",
            "create",
            None,
            policy(),
            Danger.TRAFFIC,
            "R261 a NetworkPolicy is created: only no",
        ),
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
        urn = f"{COMPONENTS}Tenant$kubernetes:networking.k8s.io/v1:NetworkPolicy::tenant3-policy"
        states = {
            key: {"custom": True, "inputs": {"kind": "NetworkPolicy", **inputs}}
            for key, inputs in (("oldState", before), ("newState", after))
            if inputs is not None
        }
        steps.append({"op": operation, "urn": urn, **states})

    judged = reviewed(recording, edit)
    assert judged.danger is danger
    assert words in lines(judged)


@pytest.mark.parametrize(("state_in_outputs", "danger"), [("retired", Danger.NONE), ("running", Danger.DATA_LOSS)])
def test_the_outputs_have_the_state_where_no_object_has_it(state_in_outputs: str, danger: Danger) -> None:
    def edit(steps: list[Step]) -> None:
        for step in steps:
            step.get("oldState", {}).get("inputs", {}).get("metadata", {}).pop("annotations", None)
        stack = step_of(steps, "Stack", "adb-tenants-dev")
        stack["oldState"]["outputs"]["tenants"]["tenant3"]["state"] = state_in_outputs

    assert reviewed("retired-tenant-removed", edit).danger is danger


def test_the_node_of_a_role_is_found_by_the_label_of_its_tenant_alone() -> None:
    selector = {"dedicated": "master", "tenancy-tenant3": "standby"}
    pod = {"nodeSelector": selector, "nodeName": "m2"}
    change = ObjectChange(
        kind="ReplicationController",
        name="tenant3-vip",
        part=Part.KEEPALIVED,
        role=None,
        action=Action.UPDATE,
        before={},
        after={"kind": "ReplicationController", "spec": {"template": {"spec": pod}}},
        fields=(),
    )
    tenant = TenantChange(name="tenant3", objects=(change,), deployed=Deployed(hosts={"master": "m1"}))
    assert {role: node_of(role, tenant, after=True) for role in ("master", "standby")} == {
        "master": "m1",
        "standby": "m2",
    }
