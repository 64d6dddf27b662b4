"""The local cluster: its listening addresses, and its recovery from crashes, reboots and interruptions."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.local import cluster as local_cluster
from dev.local.cluster import DEV_NODES, KwokCluster
from tests.support.cell import eventually

pytestmark = pytest.mark.engine

LISTENING = "0A"
LOOPBACK_ADDRESSES = {
    "0100007F": "127.0.0.1",
    "00000000000000000000000001000000": "::1",
    "0000000000000000FFFF00000100007F": "::ffff:127.0.0.1",
}


@pytest.fixture(scope="module")
def adb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KwokCluster]:
    directory = tmp_path_factory.mktemp("adb")
    with local_cluster.running(name="adb", directory=directory, nodes=DEV_NODES) as cluster:
        yield cluster


def create_pod(cluster: KwokCluster, name: str) -> None:
    spec = {
        "nodeName": "m1.adb.g1.com",
        "automountServiceAccountToken": False,
        "containers": [{"name": "adb", "image": "adb"}],
    }
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}
    cluster.kubectl("create", "--filename=-", stdin=json.dumps(pod))


def wait_for_service_account(cluster: KwokCluster) -> None:
    """Wait for the account that the controller manager creates after the namespace; pods need it."""
    eventually(
        lambda: "serviceaccount/default" in cluster.kubectl("get", "serviceaccounts", "--output=name"),
        what="the namespace has its service account",
    )


def listening_addresses(process: int) -> set[str]:
    """Return the addresses, as Linux writes them, on which a process accepts connections."""
    sockets = {link.readlink().name for link in Path(f"/proc/{process}/fd").iterdir() if link.is_symlink()}
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            _, local_address, _, state, *_, inode = line.split()[:10]
            if state == LISTENING and f"socket:[{inode}]" in sockets:
                found.add(local_address.split(":")[0])
    return found


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="asks Linux which sockets are open")
def test_a_local_cluster_listens_on_loopback_addresses_only(adb: KwokCluster) -> None:
    addresses = {component: listening_addresses(process) for component, process in adb.processes().items()}
    assert len(addresses) == 5
    assert all(addresses.values()), f"a component listens on nothing: {addresses}"
    reachable = {name: found - LOOPBACK_ADDRESSES.keys() for name, found in addresses.items()}
    assert not any(reachable.values()), f"listening on other than loopback addresses: {reachable}"


def test_nodes_are_like_those_of_a_cell(adb: KwokCluster) -> None:
    nodes = json.loads(adb.kubectl("get", "nodes", "--output=json"))["items"]
    seen = {
        node["metadata"]["name"]: (
            node["status"]["nodeInfo"]["kubeletVersion"],
            [address["address"] for address in node["status"]["addresses"] if address["type"] == "InternalIP"],
            [taint for taint in node["spec"]["taints"] if taint["key"] == "dedicated"],
        )
        for node in nodes
    }
    taint = {"key": "dedicated", "value": "master", "effect": "NoSchedule"}
    assert seen == {
        "m1.adb.g1.com": ("v1.36.3", ["192.168.143.101"], [taint]),
        "m2.adb.g1.com": ("v1.36.3", ["192.168.143.102"], [taint]),
    }


def test_an_accidentally_created_node_does_not_become_ready(adb: KwokCluster) -> None:
    phantom = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "phantom"}}
    adb.kubectl("create", "--filename=-", stdin=json.dumps(phantom))
    wait_for_service_account(adb)
    create_pod(adb, "beside-the-phantom")
    adb.kubectl("wait", "--for=condition=Ready", "pod/beside-the-phantom", "--timeout=30s")
    conditions = adb.kubectl(
        "get", "node", "phantom", "--output=jsonpath={.status.conditions[?(@.status=='True')].type}"
    )
    adb.kubectl("delete", "node", "phantom")
    assert conditions == ""


def test_starting_a_running_cluster_changes_nothing(adb: KwokCluster) -> None:
    before = adb.processes()
    assert adb.start(DEV_NODES) is False
    assert adb.processes() == before


def test_the_next_start_recreates_a_deleted_node(adb: KwokCluster) -> None:
    adb.kubectl("delete", "node", "m2.adb.g1.com")
    adb.start(DEV_NODES)
    assert "node/m2.adb.g1.com" in adb.kubectl("get", "nodes", "--output=name").split()


def test_the_data_survives_a_power_failure(adb: KwokCluster) -> None:
    wait_for_service_account(adb)
    create_pod(adb, "survivor")
    for process in adb.processes().values():
        os.kill(process, signal.SIGKILL)
    for stale in adb._data.glob("pids/*.pid"):
        stale.write_text("1")  # after a reboot, any process may have the number
    assert adb.start(DEV_NODES) is False
    adb.kubectl("wait", "--for=condition=Ready", "pod/survivor", "--timeout=30s")


def test_the_api_server_can_be_stopped_and_started(adb: KwokCluster) -> None:
    adb.stop_component("kube-apiserver")
    assert not adb.is_running()
    adb.start_components()
    assert adb.is_running()


def test_a_deleted_cluster_leaves_no_process_and_no_file(adb: KwokCluster, tmp_path: Path) -> None:
    with local_cluster.running(name="short-lived", directory=tmp_path, nodes=DEV_NODES) as other:
        assert set(other.processes().values()).isdisjoint(adb.processes().values())
    assert other.processes() == {}
    assert list(tmp_path.iterdir()) == []
