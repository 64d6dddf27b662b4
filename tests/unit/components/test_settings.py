"""Settings reach the objects; memory and CPU are compared with the nodes, and named when an adoption changes them."""

import copy
from typing import Any
from unittest import mock

import pulumi
import pytest

from components.live.cluster import LiveCluster
from components.live.nodes import LiveNodes
from kube.facts import control_container, pod_spec
from kube.manifest import mapping
from tenants import Role, load
from tenants.contract import SETTINGS
from tests.support.adoption import DECLARED, adopting, judgements
from tests.support.fleets import config_with
from tests.support.program import run_program
from tests.support.strategies import EVERY_FIELD

NOT_IN_OBJECTS = {"adopt", "promotion", "waivers"}
"""Settings of the program itself, and of the Job that a failover runs."""
KEY = ("StatefulSet", "default", "tenant3-master")


@pytest.mark.parametrize("setting", sorted(SETTINGS.keys() - NOT_IN_OBJECTS))
def test_every_setting_changes_the_objects(setting: str) -> None:
    key = SETTINGS[setting].key
    # Keepalived per node has no objects of its own that could be adopted (`test_node_keepalived.py`).
    value = EVERY_FIELD[key] if key != "keepalived" else {"image": "k"}
    assert adopting(**{key: value})[1] != DECLARED, f"no object has {key}"


@pytest.mark.parametrize(
    ("entry", "expected"),
    [({}, {"memory": "16Gi"}), ({"memory": "1Gi", "cpu": "500m"}, {"memory": "1Gi", "cpu": "500m"})],
)
def test_control_pods_request_what_they_are_limited_to(entry: dict[str, Any], expected: dict[str, str]) -> None:
    container = control_container(run_program(config_with(**entry)).manifest("StatefulSet", "tenant3-master"))
    assert mapping(container)["resources"] == {"limits": expected, "requests": expected}


@pytest.mark.parametrize(
    ("entry", "what"),
    [
        ({"memory": "1Ti", "cpu": "3920m"}, None),
        ({"memory": "2Ti"}, "it requests 2Ti of memory, and node m1.adb.g1.com can allocate 1Ti"),
        ({"cpu": 4}, "it requests 4 of cpu, and node m1.adb.g1.com can allocate 3920m"),
    ],
)
def test_a_node_that_is_too_small_is_an_obstacle(entry: dict[str, Any], what: str | None) -> None:
    fleet = load(config_with(**entry))
    live = mock.create_autospec(LiveCluster, instance=True)
    live.objects.return_value = {}
    node = {"status": {"allocatable": {"memory": "1Ti", "cpu": "3920m"}}}
    live.nodes.return_value = dict.fromkeys(fleet.node_names, node)
    obstacle = LiveNodes(fleet, live).resource_obstacle(fleet.tenants[0], Role.MASTER)
    assert (obstacle and obstacle.what) == what


def test_every_pod_of_a_tenant_selects_its_node_by_all_labels() -> None:
    entry = {"activeRole": "standby", "nodeSelector": {"disk": "ssd"}, "promotion": {"command": ["true"]}}
    program = run_program(config_with(**entry))
    roles = {
        ("StatefulSet", "tenant3-master"): "master",
        ("StatefulSet", "tenant3-standby"): "standby",
        ("ReplicationController", "tenant3-vip"): "standby",
        ("Job", "tenant3-promote-standby"): "standby",
    }
    assert {key: pod_spec(program.manifest(*key))["nodeSelector"] for key in roles} == {
        key: {"disk": "ssd", "tenancy-tenant3": role} for key, role in roles.items()
    }


def test_a_pod_is_not_started_on_a_node_without_its_labels() -> None:
    with pytest.raises(pulumi.RunError) as refused:
        run_program(config_with(nodeSelector={"disk": "nvme"}))
    assert (
        "tenant3: its master pod could not start on m1.adb.g1.com: node m1.adb.g1.com lacks the label disk=nvme of the "
        "tenant's nodeSelector (it has disk=ssd). To fix that, run `kubectl label --overwrite node m1.adb.g1.com "
        "disk=nvme`, or change the nodeSelector, then run this again"
    ) in str(refused.value)


def test_an_adoption_names_the_labels_of_the_selector_that_it_changes() -> None:
    tenant, declared = adopting(nodeSelector={"disk": "ssd"})
    live: Any = copy.deepcopy(declared[KEY])
    labels = {"rack": "7", "kubernetes.io/hostname": "m1.adb.g1.com"}
    live["spec"]["template"]["spec"]["nodeSelector"] = labels
    assert {found.words for found in judgements(live, declared[KEY], declared[KEY], tenant)} == {
        'gets nodeSelector.disk "ssd" instead of (none) when its pod next starts',
        'loses nodeSelector.rack "7" when its pod next starts',
    }


def test_an_adoption_names_the_resources_that_it_changes() -> None:
    tenant, declared = adopting(memory="1Gi", cpu="4")
    judged = judgements(DECLARED[KEY], declared[KEY], declared[KEY], tenant)
    assert {found.words.partition(" when ")[0] for found in judged} == {
        "gets memory 1Gi instead of 16Gi",
        "gets cpu 4 instead of none",
    }
