"""What is said of each object, what repairs it, and what a repair writes."""

from typing import Any

import pytest

from drift.findings import MOVES, RESTARTS, Repair
from drift.repair import repair
from drift.survey import Survey, look
from kube.dry_run import Rejection
from tests.support.cluster_of_lists import ClusterOfLists, deployed, manifest

MADE, LATER = "2026-11-24T10:00:00Z", "2026-11-24T11:00:00Z"


def said(survey: Survey) -> set[tuple[str, str, str, str, Repair]]:
    return {
        (f"{each.kind} {each.name}", each.path, each.expected, each.actual, each.repair) for each in survey.findings
    }


def stateful_set(strategy: str = "OnDelete", **pod: Any) -> dict[str, Any]:
    spec = {"updateStrategy": {"type": strategy}, "template": {"spec": {"dnsPolicy": "ClusterFirst", **pod}}}
    return manifest("StatefulSet", "a-master", spec=spec)


def test_what_is_as_declared_is_not_mentioned() -> None:
    declared = deployed(stateful_set(), manifest("Node", "m1", labels={"tenancy-a": "master"}))
    cluster = ClusterOfLists([stateful_set(), manifest("Node", "m1", labels={"tenancy-a": "master", "os": "linux"})])
    assert look(declared, cluster) == Survey(stack="prod", objects=2, findings=(), left_behind=(), righted={})


def test_what_is_gone_is_made_anew_by_an_up_but_for_a_node_and_that_is_said_once() -> None:
    labels = (manifest("Node", "m1", labels={f"tenancy-{tenant}": "master"}) for tenant in "ab")
    found = look(deployed(stateful_set(), *labels), ClusterOfLists([]))
    assert said(found) == {
        ("StatefulSet a-master", "", "(as declared)", "(gone)", Repair.UP),
        ("Node m1", "", "(as declared)", "(gone)", Repair.BY_HAND),
    }


@pytest.mark.parametrize(
    ("strategy", "repaired_by", "advice"), [("OnDelete", Repair.HERE, ""), ("RollingUpdate", Repair.BY_HAND, RESTARTS)]
)
def test_a_repair_that_would_restart_a_database_is_left_to_a_person(
    strategy: str, repaired_by: Repair, advice: str
) -> None:
    live = {**stateful_set(strategy, hostPID=True), "metadata": {**stateful_set()["metadata"], "labels": {"x": "y"}}}
    cluster = ClusterOfLists([live])
    found = look(deployed(stateful_set(strategy)), cluster)
    assert [(each.path, each.repair, each.advice) for each in found.findings] == [
        ("metadata.labels.x", Repair.HERE, ""),
        ("spec.template.spec.hostPID", repaired_by, advice),
    ]
    repair(found, cluster)
    left = {"hostPID": True} if repaired_by is Repair.BY_HAND else {}
    assert cluster.written == [
        {**stateful_set(strategy, **left), "metadata": {**stateful_set()["metadata"], "labels": {}}}
    ]


def test_a_strategy_that_was_changed_by_hand_is_the_one_that_counts() -> None:
    found = look(deployed(stateful_set("OnDelete")), ClusterOfLists([stateful_set("RollingUpdate", hostPID=True)]))
    assert said(found) == {
        ("StatefulSet a-master", "spec.updateStrategy.type", '"OnDelete"', '"RollingUpdate"', Repair.UP),
        ("StatefulSet a-master", "spec.template.spec.hostPID", "(none)", "true", Repair.BY_HAND),
    }


@pytest.mark.parametrize(
    ("volume", "repaired_by", "advice"), [("data", Repair.BY_HAND, MOVES), ("tomcatlogs", Repair.UP, "")]
)
def test_a_path_of_a_databases_data_is_put_back_only_by_who_knows_where_the_data_lies(
    volume: str, repaired_by: Repair, advice: str
) -> None:
    def mounting(directory: str) -> dict[str, Any]:
        paths = {"data": "/data0/data", "tomcatlogs": "/data0/logs", volume: directory}
        return stateful_set(volumes=[{"name": name, "hostPath": {"path": path}} for name, path in paths.items()])

    (found,) = look(deployed(mounting("/a")), ClusterOfLists([mounting("/b")])).findings
    assert (found.path, found.repair, found.advice) == (
        f"spec.template.spec.volumes[{volume}].hostPath.path",
        repaired_by,
        advice,
    )


def test_what_the_api_server_refuses_is_said_beside_what_is_declared() -> None:
    declared, live = manifest("ConfigMap", "c", data={"a": "1"}), manifest("ConfigMap", "c", data={"a": "2", "b": "3"})
    refusal = {("ConfigMap", "cell", "c"): Rejection(message="immutable: Forbidden")}
    found = look(deployed(declared), ClusterOfLists([live], clean=refusal))
    assert said(found) == {
        (
            "ConfigMap c",
            "",
            "(as declared)",
            "(the API server refuses to put it right: immutable: Forbidden)",
            Repair.BY_HAND,
        ),
        ("ConfigMap c", "data.a", '"1"', '"2"', Repair.UP),
    }
    assert {each.advice for each in found.findings} == {
        "",
        "`kubectl --namespace cell delete configmap c`, then `pulumi up --refresh`",
    }


def test_of_a_job_only_what_is_declared_is_compared_since_the_api_server_writes_the_rest() -> None:
    declared = manifest("Job", "a-promote-1", spec={"backoffLimit": 0})
    live = manifest("Job", "a-promote-1", labels={"job": "x"}, spec={"backoffLimit": 0, "selector": {"uid": "1"}})
    assert not look(deployed(declared), ClusterOfLists([live])).findings


def test_a_secret_value_is_said_to_differ_and_a_label_of_a_secret_is_shown() -> None:
    declared, live = (
        manifest("Secret", "s", data={"password": "one"}),
        manifest("Secret", "s", labels={"x": "y"}, data={"password": "two", "more": "three"}),
    )
    found = look(deployed(declared, secret_fields=frozenset({"data"})), ClusterOfLists([live]))
    assert said(found) == {
        ("Secret s", "data.password", "[secret]", "[secret]", Repair.UP),
        ("Secret s", "data.more", "(none)", "[secret]", Repair.HERE),
        ("Secret s", "metadata.labels.x", "(none)", '"y"', Repair.HERE),
    }


def test_a_variable_whose_name_speaks_of_a_password_is_shown_without_its_value() -> None:
    live = stateful_set(containers=[{"name": "db", "env": [{"name": "PGPASSWORD", "value": "one"}]}])
    (found,) = look(deployed(stateful_set(containers=[{"name": "db"}])), ClusterOfLists([live])).findings
    assert "one" not in found.actual
    assert "PGPASSWORD" in found.actual


def adopted(uid: str = "u1", time: str = MADE) -> dict[str, Any]:
    fields: dict[str, Any] = {"f:metadata": {"f:labels": {"f:old": {}}}}
    entry = {"manager": "okhttp", "operation": "Update", "time": time, "fieldsV1": fields}
    found = manifest("Service", "a-vip", labels={"old": "1"})
    return {**found, "metadata": {**found["metadata"], "uid": uid, "creationTimestamp": MADE, "managedFields": [entry]}}


def test_what_the_maker_of_an_adopted_object_left_is_no_drift_but_a_repair_takes_it_out() -> None:
    cluster = ClusterOfLists([adopted()])
    survey = look(deployed(manifest("Service", "a-vip")), cluster)
    assert not survey.findings
    assert [(each.path, each.manager) for each in survey.left_behind] == [("metadata.labels.old", "okhttp")]
    assert repair(survey, cluster).repaired == survey.left_behind
    assert [each["metadata"]["labels"] for each in cluster.written] == [{}]  # type: ignore[index]


@pytest.mark.parametrize(
    "live", [adopted(uid="u2"), adopted(time=LATER)], ids=["made anew by hand", "changed by its maker since"]
)
def test_what_was_added_after_the_adoption_is_drift(live: dict[str, Any]) -> None:
    survey = look(deployed(manifest("Service", "a-vip")), ClusterOfLists([live]))
    assert [each.path for each in survey.findings] == ["metadata.labels.old"]
    assert not survey.left_behind


def test_a_foreign_label_is_taken_from_the_node_and_nothing_else_of_it_is_touched() -> None:
    node = manifest("Node", "m2", labels={"tenancy-a": "master", "os": "linux"}, spec={"taints": []})
    own = manifest("Node", "m1", labels={"tenancy-a": "master"})
    cluster = ClusterOfLists([node, own])
    survey = look(deployed(own), cluster)
    assert said(survey) == {("Node m2", "metadata.labels.tenancy-a", "(none)", '"master"', Repair.HERE)}
    repair(survey, cluster)
    assert cluster.written == [manifest("Node", "m2", labels={"os": "linux"}, spec={"taints": []})]


def test_an_object_that_cannot_be_written_is_named_with_the_reason_and_not_among_the_repaired() -> None:
    cluster = ClusterOfLists([manifest("Service", "a-vip", labels={"x": "y"})], replaces="it has been modified")
    done = repair(look(deployed(manifest("Service", "a-vip")), cluster), cluster)
    assert not done.repaired
    assert done.refused == {("Service", "cell", "a-vip"): "it has been modified"}
