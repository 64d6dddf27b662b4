"""What adoption compares with is what the program then declares."""

from typing import Any
from unittest import mock

import pytest

from components.live.nodes import LiveNodes
from components.live.stack_home import StackHome
from components.objects import declared
from kube.manifest import key_of
from tenants import load
from tests.support.program import CLUSTER_UID, ClusterOfMocks, ready_node, run_program
from tests.unit.components.test_registered import config_with

TENANT4 = {"name": "tenant4", "vip": "192.168.143.145", "hosts": {"master": "m3", "standby": "m4"}}
KINDS = ("Service", "StatefulSet", "ConfigMap", "ReplicationController")


@pytest.mark.parametrize("kubelet_version", ["v1.34.9", "v1.36.3"])
@pytest.mark.parametrize(
    "entry",
    [
        {},
        {"activeRole": "standby", "vrid": 7},
        {"state": "stopped"},
        {"dataPath": "/data9/x", "memory": "1Gi", "tolerations": [], "updateStrategy": "RollingUpdate"},
        {"keepalived": {"image": "keepalived:2"}, "image": "adb:2", "memoryLimit": 7},
    ],
    ids=str,
)
def test_the_plain_manifests_are_what_the_engine_is_told(entry: dict[str, Any], kubelet_version: str) -> None:
    config = config_with(**entry)
    config["tenants"].append(TENANT4)
    fleet = load(config)
    home = StackHome(stack="adb-tenants/dev", namespace=fleet.cluster.namespace, uid=CLUSTER_UID, identifier="any")
    with mock.patch("components.live.cluster.LiveCluster", autospec=True) as live:
        live.nodes.return_value = {name: ready_node(name, kubelet_version=kubelet_version) for name in fleet.node_names}
        live.objects.return_value = {}
        hosts = LiveNodes(fleet, live)
    plain = [
        manifest
        for tenant in fleet.tenants
        for manifest in declared.manifests(
            tenant, home=home, hosts=hosts, platform=fleet.platform, keepalived_account="adb-keepalived"
        ).values()
    ]
    registered = [
        manifest
        for manifest in run_program(config, cluster=ClusterOfMocks(kubelet_version=kubelet_version)).manifests()
        if manifest["kind"] in KINDS and manifest["metadata"]["name"].startswith("tenant")
    ]
    assert {key_of(each): each for each in plain} == {key_of(each): each for each in registered}
    assert len(plain) == len(registered) == 7 * len(fleet.tenants)
