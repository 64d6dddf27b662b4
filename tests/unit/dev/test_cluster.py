import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.local import cluster
from dev.local.cluster import KwokCluster, Node
from dev.local.user_error import UserError
from tests.support.process import executable


@pytest.fixture
def adb(tmp_path: Path) -> KwokCluster:
    """A cluster without processes, as after a reboot."""
    found = KwokCluster("adb", tmp_path, "/nowhere")
    (found._data / "pids").mkdir(parents=True)
    found._finished.write_text(str(found._data))
    return found


@pytest.fixture
def etcd(adb: KwokCluster) -> Iterator[subprocess.Popen[bytes]]:
    """A process that looks like the cluster's etcd, by name and arguments."""
    sleeping = [f"{adb._data}/bin/etcd", "-c", "import time; time.sleep(60)", f"--data-dir={adb._data}/etcd"]
    with subprocess.Popen(sleeping, executable=sys.executable) as process:
        deadline = time.monotonic() + 10
        while not adb.processes() and time.monotonic() < deadline:
            time.sleep(0.01)
        yield process
        process.kill()


@pytest.fixture
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


def test_a_stale_pid_file_is_removed_and_its_process_left_alone(
    adb: KwokCluster, bystander: subprocess.Popen[bytes]
) -> None:
    stale = adb._data / "pids" / "etcd.pid"
    stale.write_text(str(bystander.pid))
    adb.stop()
    assert not stale.exists()
    assert bystander.poll() is None, "stopping a cluster ended another process"


def test_a_clusters_processes_are_found_without_pid_files(adb: KwokCluster, etcd: subprocess.Popen[bytes]) -> None:
    assert adb.processes() == {"etcd": etcd.pid}


def test_processes_of_other_clusters_are_ignored(adb: KwokCluster, etcd: subprocess.Popen[bytes]) -> None:
    assert etcd.poll() is None
    assert KwokCluster("adb", adb.directory / "other").processes() == {}
    assert KwokCluster("ad", adb.directory).processes() == {}


def test_delete_ends_processes_of_an_interrupted_start(adb: KwokCluster, etcd: subprocess.Popen[bytes]) -> None:
    adb._finished.unlink()
    adb.delete()
    assert etcd.wait(10) != 0
    assert list(adb.directory.iterdir()) == []


def test_a_missing_tool_is_reported(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^etcd is not on PATH: run `make setup`"):
        KwokCluster("adb", tmp_path, "/nowhere").start()
    assert list(tmp_path.iterdir()) == []


def test_a_directory_with_a_space_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="kwok does not support a directory with a space in its name"):
        KwokCluster("adb", tmp_path / "a b").start()


def test_the_logs_of_a_failed_start_are_kept(tmp_path: Path) -> None:
    logs = tmp_path / "cell" / "kwok" / "clusters" / "adb" / "logs"
    for name in ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok", "kubectl", "kwokctl"):
        script = f"#!/bin/sh\nmkdir -p {logs}\necho 'disk full' > {logs}/etcd.log\necho no etcd >&2\nexit 1\n"
        executable(tmp_path / "bin" / name, script)
    found = KwokCluster("adb", tmp_path / "cell", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    kept = tmp_path / "cell" / "logs" / "cluster-adb"
    with pytest.raises(
        UserError, match=rf"^`kwokctl create cluster` failed; the components' logs are in {kept}\.\nno etcd"
    ):
        found.start()
    assert (kept / "etcd.log").read_text() == "disk full\n"
    assert not logs.exists()


def test_ports_are_free_distinct_and_not_ephemeral() -> None:
    ports = cluster._free_ports(50)
    assert len(set(ports)) == 50
    assert all(20000 <= port < 32768 for port in ports)


def test_a_clusters_configuration_binds_nothing_but_loopback(tmp_path: Path) -> None:
    for name in ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok", "kubectl"):
        (tmp_path / name).touch(mode=0o755)
    options = KwokCluster("adb", tmp_path, str(tmp_path))._configuration()["options"]
    assert options["bindAddress"] == "127.0.0.1"
    ports = [value for name, value in options.items() if name.endswith("Port") and name != "securePort"]
    assert len(set(ports)) == len(ports) == 6


def test_a_node_has_the_masters_taint_and_a_kubelet_version() -> None:
    manifest = Node("m1.adb.g1.com", "192.168.143.101").manifest()
    assert manifest["metadata"]["annotations"] == {"kwok.x-k8s.io/node": "fake"}
    assert manifest["spec"]["taints"] == [{"key": "dedicated", "value": "master", "effect": "NoSchedule"}]
    assert manifest["status"]["nodeInfo"]["kubeletVersion"] == "v1.36.3"
