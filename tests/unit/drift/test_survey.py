"""The drift of each object, what repairs it, and what a repair writes."""

from typing import Any

import pytest

from drift.findings import MOVES, RESTARTS, Repair
from drift.repair import repair
from drift.survey import DENIED, Survey, compare
from kube.dry_run import Denial, Rejection
from tests.support.cluster_of_lists import ClusterOfLists, deployed, manifest

CREATED, LATER = "2026-11-24T10:00:00Z", "2026-11-24T11:00:00Z"


def drift_of(survey: Survey) -> set[tuple[str, str, str, str, Repair]]:
    return {(f"{each.kind} {each.name}", each.path, each.expected, each.actual, each.repair) for each in survey.drift}


def stateful_set(strategy: str = "OnDelete", **pod: Any) -> dict[str, Any]:
    spec = {"updateStrategy": {"type": strategy}, "template": {"spec": {"dnsPolicy": "ClusterFirst", **pod}}}
    return manifest("StatefulSet", "a-master", spec=spec)


def test_objects_as_declared_have_no_drift() -> None:
    declared = deployed(stateful_set(), manifest("Node", "m1", labels={"tenancy-a": "master"}))
    cluster = ClusterOfLists([stateful_set(), manifest("Node", "m1", labels={"tenancy-a": "master", "os": "linux"})])
    assert compare(declared, cluster) == Survey(stack="prod", objects=2, drift=(), leftovers=(), replacements={})


def test_a_missing_object_is_repaired_by_up_a_missing_node_by_hand() -> None:
    labels = (manifest("Node", "m1", labels={f"tenancy-{tenant}": "master"}) for tenant in "ab")
    found = compare(deployed(stateful_set(), *labels), ClusterOfLists([]))
    assert drift_of(found) == {
        ("StatefulSet a-master", "", "(as declared)", "(gone)", Repair.UP),
        ("Node m1", "", "(as declared)", "(gone)", Repair.BY_HAND),
    }


@pytest.mark.parametrize(
    ("strategy", "repaired_by", "advice"), [("OnDelete", Repair.HERE, ""), ("RollingUpdate", Repair.BY_HAND, RESTARTS)]
)
def test_a_repair_that_restarts_a_database_is_done_by_hand(strategy: str, repaired_by: Repair, advice: str) -> None:
    live = {**stateful_set(strategy, hostPID=True), "metadata": {**stateful_set()["metadata"], "labels": {"x": "y"}}}
    cluster = ClusterOfLists([live])
    found = compare(deployed(stateful_set(strategy)), cluster)
    assert [(each.path, each.repair, each.advice) for each in found.drift] == [
        ("metadata.labels.x", Repair.HERE, ""),
        ("spec.template.spec.hostPID", repaired_by, advice),
    ]
    repair(found, cluster)
    left = {"hostPID": True} if repaired_by is Repair.BY_HAND else {}
    assert cluster.written == [
        {**stateful_set(strategy, **left), "metadata": {**stateful_set()["metadata"], "labels": {}}}
    ]


def test_the_live_update_strategy_decides_whether_a_repair_restarts() -> None:
    found = compare(deployed(stateful_set("OnDelete")), ClusterOfLists([stateful_set("RollingUpdate", hostPID=True)]))
    assert drift_of(found) == {
        ("StatefulSet a-master", "spec.updateStrategy.type", '"OnDelete"', '"RollingUpdate"', Repair.UP),
        ("StatefulSet a-master", "spec.template.spec.hostPID", "(none)", "true", Repair.BY_HAND),
    }


@pytest.mark.parametrize(
    ("volume", "repaired_by", "advice"), [("data", Repair.BY_HAND, MOVES), ("tomcatlogs", Repair.UP, "")]
)
def test_a_changed_data_path_is_repaired_by_hand(volume: str, repaired_by: Repair, advice: str) -> None:
    def mounting(directory: str) -> dict[str, Any]:
        paths = {"data": "/data0/data", "tomcatlogs": "/data0/logs", volume: directory}
        return stateful_set(volumes=[{"name": name, "hostPath": {"path": path}} for name, path in paths.items()])

    (found,) = compare(deployed(mounting("/a")), ClusterOfLists([mounting("/b")])).drift
    assert (found.path, found.repair, found.advice) == (
        f"spec.template.spec.volumes[{volume}].hostPath.path",
        repaired_by,
        advice,
    )


def test_no_deletion_is_advised_for_what_could_not_be_created_again() -> None:
    declared = manifest("StatefulSet", "s")
    denial = {("StatefulSet", "cell", "s"): Denial(message="only images of registry.example")}
    found = compare(deployed(declared), ClusterOfLists([declared], expected=denial))
    assert drift_of(found) == {
        (
            "StatefulSet s",
            "",
            "(as declared)",
            "(the declared object is denied: only images of registry.example)",
            Repair.BY_HAND,
        )
    }
    assert [each.advice for each in found.drift] == [DENIED]


def test_a_rejection_is_reported_beside_declared_fields() -> None:
    declared, live = manifest("ConfigMap", "c", data={"a": "1"}), manifest("ConfigMap", "c", data={"a": "2", "b": "3"})
    rejection = {("ConfigMap", "cell", "c"): Rejection(message="immutable: Forbidden")}
    found = compare(deployed(declared), ClusterOfLists([live], expected=rejection))
    assert drift_of(found) == {
        (
            "ConfigMap c",
            "",
            "(as declared)",
            "(the API server rejects the declared object: immutable: Forbidden)",
            Repair.BY_HAND,
        ),
        ("ConfigMap c", "data.a", '"1"', '"2"', Repair.UP),
    }
    assert {each.advice for each in found.drift} == {
        "",
        "`kubectl --namespace cell delete configmap c`, then `pulumi up --refresh`",
    }


def test_only_declared_fields_of_a_job_are_compared() -> None:
    declared = manifest("Job", "a-promote-1", spec={"backoffLimit": 0})
    live = manifest("Job", "a-promote-1", labels={"job": "x"}, spec={"backoffLimit": 0, "selector": {"uid": "1"}})
    assert not compare(deployed(declared), ClusterOfLists([live])).drift


def test_a_secrets_data_is_masked_and_its_labels_are_shown() -> None:
    declared, live = (
        manifest("Secret", "s", data={"password": "one"}),
        manifest("Secret", "s", labels={"x": "y"}, data={"password": "two", "more": "three"}),
    )
    found = compare(deployed(declared, secret_fields=frozenset({"data"})), ClusterOfLists([live]))
    assert drift_of(found) == {
        ("Secret s", "data.password", "[secret]", "[secret]", Repair.UP),
        ("Secret s", "data.more", "(none)", "[secret]", Repair.HERE),
        ("Secret s", "metadata.labels.x", "(none)", '"y"', Repair.HERE),
    }


def test_a_variable_named_like_a_password_is_masked() -> None:
    live = stateful_set(containers=[{"name": "db", "env": [{"name": "PGPASSWORD", "value": "one"}]}])
    (found,) = compare(deployed(stateful_set(containers=[{"name": "db"}])), ClusterOfLists([live])).drift
    assert "one" not in found.actual
    assert "PGPASSWORD" in found.actual


def adopted(uid: str = "u1", time: str = CREATED) -> dict[str, Any]:
    fields: dict[str, Any] = {"f:metadata": {"f:labels": {"f:old": {}}}}
    entry = {"manager": "okhttp", "operation": "Update", "time": time, "fieldsV1": fields}
    found = manifest("Service", "a-vip", labels={"old": "1"})
    return {
        **found,
        "metadata": {**found["metadata"], "uid": uid, "creationTimestamp": CREATED, "managedFields": [entry]},
    }


def test_leftovers_of_an_adopted_object_are_no_drift_but_are_repaired() -> None:
    cluster = ClusterOfLists([adopted()])
    survey = compare(deployed(manifest("Service", "a-vip")), cluster)
    assert not survey.drift
    assert [(each.path, each.manager) for each in survey.leftovers] == [("metadata.labels.old", "okhttp")]
    assert repair(survey, cluster).repaired == survey.leftovers
    assert [each["metadata"]["labels"] for each in cluster.written] == [{}]  # type: ignore[index]


@pytest.mark.parametrize(
    "live", [adopted(uid="u2"), adopted(time=LATER)], ids=["recreated by hand", "changed by its creator"]
)
def test_fields_added_after_the_adoption_are_drift(live: dict[str, Any]) -> None:
    survey = compare(deployed(manifest("Service", "a-vip")), ClusterOfLists([live]))
    assert [each.path for each in survey.drift] == ["metadata.labels.old"]
    assert not survey.leftovers


def test_a_repair_removes_only_the_foreign_label_from_a_node() -> None:
    node = manifest("Node", "m2", labels={"tenancy-a": "master", "os": "linux"}, spec={"taints": []})
    own = manifest("Node", "m1", labels={"tenancy-a": "master"})
    cluster = ClusterOfLists([node, own])
    survey = compare(deployed(own), cluster)
    assert drift_of(survey) == {("Node m2", "metadata.labels.tenancy-a", "(none)", '"master"', Repair.HERE)}
    repair(survey, cluster)
    assert cluster.written == [manifest("Node", "m2", labels={"os": "linux"}, spec={"taints": []})]


def test_a_failed_repair_is_reported_with_the_error() -> None:
    cluster = ClusterOfLists([manifest("Service", "a-vip", labels={"x": "y"})], error="it has been modified")
    done = repair(compare(deployed(manifest("Service", "a-vip")), cluster), cluster)
    assert not done.repaired
    assert done.failed == {("Service", "cell", "a-vip"): "it has been modified"}
