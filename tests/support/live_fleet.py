"""A fleet with a mocked cluster, for tests of checks and builders."""

from collections.abc import Mapping
from unittest import mock

from components.live.cluster import LiveCluster
from components.live.fleet import LiveFleet
from components.live.nodes import LiveNodes
from components.live.stack_home import StackHome
from kube.manifest import Manifest
from tenants.fleet import Fleet
from tenants.objects import LocalKey
from tests.support.program import CLUSTER_UID, PROJECT, ready_node


def live_fleet(
    fleet: Fleet, *, objects: Mapping[LocalKey, Manifest] | None = None, kubelet_version: str = "v1.36.3"
) -> LiveFleet:
    """Return a fleet whose cluster has these objects, and a ready node for each role."""
    cluster = mock.create_autospec(LiveCluster, instance=True)
    cluster.objects.return_value = objects or {}
    cluster.nodes.return_value = {name: ready_node(name, kubelet_version=kubelet_version) for name in fleet.node_names}
    stack = f"{PROJECT}/dev"
    home = StackHome(stack=stack, namespace=fleet.cluster.namespace, uid=CLUSTER_UID, identifier=stack)
    return LiveFleet(fleet=fleet, cluster=cluster, home=home, nodes=LiveNodes(fleet, cluster))
