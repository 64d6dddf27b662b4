"""Changes that the program never declares by itself, made from recorded previews: each is named, and none is harmless.

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


def said(judged: Review) -> str:
    told = [*(each for tenant in judged.tenants for each in tenant.findings), *judged.shared.findings]
    return "\n".join(each.says.plain() for each in told)


def step_of(steps: list[Step], kind: str, name: str) -> Step:
    (found,) = (step for step in steps if step["urn"].endswith(f":{kind}::{name}"))
    return found


def test_a_replaced_provider_is_the_loss_of_everything() -> None:
    def edit(steps: list[Step]) -> None:
        steps.append({"op": "replace", "urn": "urn:pulumi:dev::adb-tenants::pulumi:providers:kubernetes::cluster"})

    judged = reviewed("nothing-changes", edit)
    assert judged.danger is Danger.DATA_LOSS
    assert "every object that was made through it, each database included" in said(judged)


def test_a_provider_under_another_name_is_no_danger_by_itself() -> None:
    def edit(steps: list[Step]) -> None:
        steps.append({"op": "delete", "urn": "urn:pulumi:dev::adb-tenants::pulumi:providers:kubernetes::cluster"})

    assert reviewed("nothing-changes", edit).danger is Danger.NONE


@pytest.mark.parametrize(
    ("operation", "danger"),
    [
        ("create", Danger.NONE),
        ("update", Danger.TRAFFIC),
        ("delete", Danger.DATA_LOSS),
        ("replace", Danger.DATA_LOSS),
        ("an-operation-of-tomorrow", Danger.DATA_LOSS),
    ],
)
@pytest.mark.parametrize(
    "parent", ["Tenant$kubernetes:core/v1:PersistentVolumeClaim", "Extra$kubernetes:core/v1:Namespace"]
)
def test_an_object_that_is_not_known_is_named(operation: str, danger: Danger, parent: str) -> None:
    def edit(steps: list[Step]) -> None:
        state = {"custom": True, "parent": f"{PARENTS}Tenant::tenant3" if "Tenant" in parent else ""}
        steps.append({"op": operation, "urn": f"{PARENTS}{parent}::extra", "oldState": state, "newState": state})

    judged = reviewed("nothing-changes", edit)
    assert judged.danger is danger
    assert "not known to this review" in said(judged)


@pytest.mark.parametrize(
    ("path", "value", "danger", "words"),
    [
        (["spec", "replicas"], 2, Danger.DATA_LOSS, "2 pods instead of 1"),
        (["spec", "ordinals"], {"start": 1}, Danger.RESTART, "spec.ordinals of the StatefulSet changes"),
        (["spec", "updateStrategy"], {"type": "RollingUpdate"}, Danger.RESTART, "restarts the database"),
        (["spec", "template", "spec", "affinity"], {}, Danger.DATA_LOSS, "database moves"),
        (["spec", "template", "spec", "volumes"], [], Danger.DATA_LOSS, "database moves"),
        (["metadata", "labels", "team"], "dba", Danger.NONE, "restarts no pod"),
        ([*CONTAINER, "resources", "limits", "cpu"], "4", Danger.NONE, "CPU change — restarts no pod"),
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
    assert words in said(judged)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (["spec", "ports"], [{"port": 5433}], "VIP's Service changes in spec.ports"),
        (["spec", "selector", "tenancy"], "tenant4", "VIP's Service changes in spec.selector.tenancy"),
        (["spec", "sessionAffinity"], "ClientIP", "VIP's Service changes in spec.sessionAffinity"),
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
    assert words in said(judged)


def test_a_node_label_that_moves_alone_moves_the_database() -> None:
    def edit(steps: list[Step]) -> None:
        steps[:] = [step for step in steps if ":StatefulSet::" not in step["urn"]]

    judged = reviewed("host-move-allowed", edit)
    assert judged.danger is Danger.DATA_LOSS
    assert "node label moves from m1.adb-cell to m2.adb-cell" in said(judged)


def test_a_database_that_is_deleted_alone_is_lost() -> None:
    def edit(steps: list[Step]) -> None:
        for step in steps:
            if ":StatefulSet::tenant3-master" in step["urn"]:
                step["op"] = "delete"
                del step["newState"]

    judged = reviewed("image-change", edit)
    assert judged.danger is Danger.DATA_LOSS
    assert "deleted without being retired" in said(judged)


@pytest.mark.parametrize("kind", ["ConfigMap", "Secret"])
def test_a_shared_object_that_goes_is_named(kind: str) -> None:
    def edit(steps: list[Step]) -> None:
        urn = f"{PARENTS}Platform$kubernetes:core/v1:{kind}::shared"
        steps.append({"op": "delete", "urn": urn, "oldState": {"custom": True}})

    judged = reviewed("nothing-changes", edit)
    assert judged.danger is Danger.RESTART
    assert "none that ends can start again without it" in said(judged)


def test_permissions_of_keepalived_that_change_are_named() -> None:
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
    assert "VIPs go away" in said(judged)


def test_objects_that_the_engine_imports_are_adopted() -> None:
    def edit(steps: list[Step]) -> None:
        for step in steps:
            if "::tenant3-" in step["urn"] and "NodePatch" not in step["urn"]:
                step["op"] = "import"

    judged = reviewed("first-tenants-created", edit)
    assert judged.danger is Danger.NONE
    assert "adopted: what is there is taken over in place, VIP 192.168.143.144" in said(judged)


def test_an_adopted_database_that_restarts_on_a_change_is_named() -> None:
    def edit(steps: list[Step]) -> None:
        for role in ("master", "standby"):
            inputs = step_of(steps, "StatefulSet", f"tenant3-{role}")["newState"]["inputs"]
            inputs["spec"]["updateStrategy"] = {"type": "RollingUpdate"}

    judged = reviewed("tenants-adopted", edit)
    assert judged.danger is Danger.RESTART
    assert "adopted with an update strategy that is not OnDelete" in said(judged)


@pytest.mark.parametrize(
    ("operation", "before", "after", "danger", "words"),
    [
        ("create", None, {"spec": {"suspend": False}}, Danger.TRAFFIC, "the promotion command runs first: Job again-2"),
        ("create", None, {"spec": {"suspend": True}}, Danger.NONE, "kept for the next failover: nothing runs now"),
        ("replace", {"spec": {}}, {"spec": {}}, Danger.TRAFFIC, "the promotion command runs first: Job again-2"),
        ("update", {"spec": {}}, {"spec": {}}, Danger.TRAFFIC, "Job again-2, begun earlier, is waited for"),
        ("update", {"spec": {}}, {"spec": {"backoffLimit": 9}}, Danger.TRAFFIC, "the promotion Job again-2 is updated"),
        ("delete", {"spec": {}}, None, Danger.NONE, "the promotion Job again-2 is removed"),
    ],
)
def test_a_promotion_is_named_for_what_its_job_does(
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
    assert words in said(judged)


@pytest.mark.parametrize(("told_by_outputs", "danger"), [("retired", Danger.NONE), ("running", Danger.DATA_LOSS)])
def test_where_no_object_says_that_its_tenant_was_retired_the_stacks_outputs_do(
    told_by_outputs: str, danger: Danger
) -> None:
    def edit(steps: list[Step]) -> None:
        for step in steps:
            step.get("oldState", {}).get("inputs", {}).get("metadata", {}).pop("annotations", None)
        stack = step_of(steps, "Stack", "adb-tenants-dev")
        stack["oldState"]["outputs"]["tenants"]["tenant3"]["state"] = told_by_outputs

    assert reviewed("retired-tenant-removed", edit).danger is danger
