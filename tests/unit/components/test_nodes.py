"""Obstacles that keep new pods from running on a node, and which pods the engine waits for."""

from typing import Any
from unittest import mock

import pytest

from components.live.cluster import LiveCluster, UnusableClusterError
from components.live.nodes import (
    DERIVED_TAINTS,
    LiveNodes,
    node_obstacle,
    selector_obstacle,
    supports_hostname_override,
)
from tenants import load
from tenants.fleet import Role, State, Toleration
from tests.support.fleets import config_with
from tests.support.program import ready_node

SEEDS = (Toleration(key="dedicated", operator="Equal", value="master", effect="NoSchedule"),)
OUT_OF_SERVICE = "node.kubernetes.io/out-of-service"


def node(*, taints: list[dict[str, str]] | None = None, **changes: Any) -> dict[str, Any]:
    """A ready node with changes to its `spec` or conditions."""
    conditions = [{"type": "Ready", "status": changes.pop("ready", "True")}]
    conditions += [{"type": changes.pop("condition"), "status": "True"}] if "condition" in changes else []
    return {"spec": {"taints": taints or [], **changes}, "status": {"conditions": conditions}}


def taint(key: str, value: str = "", effect: str = "NoSchedule") -> list[dict[str, str]]:
    return [{"key": key, "value": value, "effect": effect}]


@pytest.mark.parametrize(
    ("existing", "hint"),
    [("m1.adb", "did you mean m1.adb?"), ("worker", "`kubectl get nodes` lists the nodes.")],
)
def test_every_role_on_an_unknown_node_is_refused(existing: str, hint: str) -> None:
    live = mock.create_autospec(LiveCluster, instance=True)
    live.objects.return_value = {}
    live.nodes.return_value = {existing: node()}
    with pytest.raises(UnusableClusterError) as refused:
        LiveNodes(load(config_with(hosts={"master": "m1.abd", "standby": "m2.abd"})), live)
    assert str(refused.value).splitlines() == [
        f"tenant3: hosts.{role} is {name}, which is not a node of this cluster: {hint}"
        for role, name in (("master", "m1.abd"), ("standby", "m2.abd"))
    ]


@pytest.mark.parametrize(
    ("found", "what"),
    [
        (None, "node m1 does not exist"),
        (node(unschedulable=True), "node m1 is cordoned"),
        (node(ready="Unknown"), "node m1 is not ready"),
        ({"status": {}}, "node m1 is not ready"),
        (node(condition="DiskPressure"), "node m1 reports DiskPressure"),
        (node(condition="PIDPressure"), "node m1 reports PIDPressure"),
        (node(condition="NetworkUnavailable"), "node m1 reports NetworkUnavailable"),
        *(
            (node(taints=taint(*parts)), f"node m1 has the taint {shown}, which the tenant does not tolerate")
            for parts, shown in (
                (("dedicated", "others"), "dedicated=others:NoSchedule"),
                (("dedicated", "master", "NoExecute"), "dedicated=master:NoExecute"),
                ((OUT_OF_SERVICE, "", "NoExecute"), f"{OUT_OF_SERVICE}:NoExecute"),
            )
        ),
    ],
    ids=str,
)
def test_obstacles_are_named(found: dict[str, Any] | None, what: str) -> None:
    obstacle = node_obstacle("m1", found, SEEDS, best_effort=True)
    assert obstacle is not None
    assert obstacle.what == what


@pytest.mark.parametrize(
    ("taints", "tolerations"),
    [
        ([], ()),
        (taint("dedicated", "master"), SEEDS),
        (taint("dedicated", "others"), (Toleration(key="dedicated", operator="Exists"),)),
        (taint("anything", "at all", "NoExecute"), (Toleration(operator="Exists"),)),
        (taint("empty"), (Toleration(key="empty"),)),
        (taint("soft", "", "PreferNoSchedule"), ()),
    ],
    ids=str,
)
def test_tolerated_taints_are_no_obstacle(taints: list[dict[str, str]], tolerations: tuple[Toleration, ...]) -> None:
    assert node_obstacle("m1", node(taints=taints), tolerations, best_effort=True) is None


@pytest.mark.parametrize("key", sorted(DERIVED_TAINTS))
def test_a_taint_that_lags_behind_the_nodes_condition_is_no_obstacle(key: str) -> None:
    assert node_obstacle("m1", node(taints=taint(key)), (), best_effort=True) is None


def test_memory_pressure_is_an_obstacle_to_best_effort_pods_only() -> None:
    pressed = node(condition="MemoryPressure")
    assert node_obstacle("m1", pressed, SEEDS, best_effort=True) is not None
    assert node_obstacle("m1", pressed, SEEDS, best_effort=False) is None


@pytest.mark.parametrize(
    ("labels", "what"),
    [
        ({"disk": "ssd", "rack": "", "more": "x"}, None),
        ({"disk": "ssd"}, "node m1 lacks the label rack= of the tenant's nodeSelector"),
        ({"rack": ""}, "node m1 lacks the label disk=ssd of the tenant's nodeSelector"),
        (
            {"disk": "hdd", "rack": ""},
            "node m1 lacks the label disk=ssd of the tenant's nodeSelector (it has disk=hdd)",
        ),
    ],
    ids=str,
)
def test_a_node_needs_every_label_of_the_node_selector(labels: dict[str, str], what: str | None) -> None:
    obstacle = selector_obstacle("m1", {"metadata": {"labels": labels}}, {"disk": "ssd", "rack": ""})
    assert (obstacle and obstacle.what) == what


@pytest.mark.parametrize(("pods_node", "awaited"), [("m3", True), ("m1", False)])
def test_a_moved_pod_is_awaited_only_if_its_last_node_still_reports(pods_node: str, awaited: bool) -> None:
    fleet = load(config_with(hosts={"master": "m2", "standby": "m3"}))
    moved = {"spec": {"template": {"spec": {"nodeName": pods_node}}}}
    cluster = mock.create_autospec(LiveCluster, instance=True)
    cluster.objects.return_value = {("StatefulSet", "tenant3-master"): moved}
    cluster.nodes.return_value = {name: ready_node(name, kubelet_version="v1.36.3") for name in ("m2", "m3")}
    ready = {"conditions": [{"type": "Ready", "status": "True"}]}
    cluster.pods.return_value = {"tenant3-master-0": {"spec": {"nodeName": pods_node}, "status": ready}}
    assert LiveNodes(fleet, cluster).is_awaited(fleet.tenants[0], Role.MASTER) is awaited


def test_a_pod_that_is_pending_for_its_old_node_is_not_awaited_after_the_move() -> None:
    fleet = load(config_with(hosts={"master": "m2", "standby": "m3"}))
    cluster = mock.create_autospec(LiveCluster, instance=True)
    moved = {"spec": {"replicas": 1, "template": {"spec": {"nodeName": "m2"}}}, "status": {"currentReplicas": 1}}
    cluster.objects.return_value = {("StatefulSet", "tenant3-master"): moved}
    cluster.nodes.return_value = {name: ready_node(name, kubelet_version="v1.36.3") for name in ("m2", "m3")}
    cluster.pods.return_value = {"tenant3-master-0": {"spec": {"nodeSelector": {"kubernetes.io/hostname": "m1"}}}}
    assert not LiveNodes(fleet, cluster).is_awaited(fleet.tenants[0], Role.MASTER)


@pytest.mark.parametrize("state", [State.STOPPED, State.RETIRED])
def test_a_stopped_tenant_is_awaited_on_a_cordoned_and_a_new_node(state: State) -> None:
    fleet = load(config_with(state=str(state)))
    there = {"spec": {"replicas": 0, "template": {"spec": {"nodeName": "m9.adb.g1.com"}}}}
    cluster = mock.create_autospec(LiveCluster, instance=True)
    cluster.objects.return_value = {("StatefulSet", "tenant3-master"): there}
    cordoned = {"unschedulable": True}
    cluster.nodes.return_value = {
        name: {**ready_node(name, kubelet_version="v1.36.3"), "spec": cordoned} for name in fleet.node_names
    }
    cluster.pods.return_value = {}
    nodes = LiveNodes(fleet, cluster)
    assert [nodes.is_awaited(fleet.tenants[0], role) for role in Role] == [True, True]


@pytest.mark.parametrize(
    ("version", "knows"),
    [("v1.34.9", False), ("v1.35.0", True), ("v2.0.0", True), ("v1.36.3-eks-1", True), ("", False), ("1.36", False)],
)
def test_kubelets_since_1_35_set_the_hostname_override(version: str, knows: bool) -> None:
    assert supports_hostname_override(version) is knows
