"""The limits of the double of the `kubernetes` plugin: loopback only, known kinds only, the engine's lifetime."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from dev.plugin.api_server import UnreachableError
from dev.plugin.connection import Connection, NotLoopbackError
from dev.plugin.manifest import UnsupportedKindError, canonical_quantity, resource_type
from dev.plugin.settings import diff_settings
from tests.support.cell import eventually
from tests.support.conformance import plugins


def _kubeconfig(server: str, **cluster: str) -> dict[str, object]:
    return {
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "here", "user": "me"}}],
        "clusters": [{"name": "here", "cluster": {"server": server} | cluster}],
        "users": [{"name": "me", "user": {}}],
    }


@pytest.mark.parametrize(
    "server",
    [
        "https://10.0.0.1:6443",
        "https://192.168.143.1",
        "https://[2001:db8::1]:6443",
        "https://0.0.0.0:6443",
        "https://127.0.0.1.example.invalid:6443",
        "https://127.0.0.1@10.0.0.1:6443",
        "",
    ],
)
def test_an_api_server_on_another_machine_is_refused(server: str) -> None:
    with pytest.raises(NotLoopbackError, match="API servers on this machine only"):
        Connection(_kubeconfig(server), "", None)


def test_a_proxy_to_another_machine_is_refused() -> None:
    with pytest.raises(NotLoopbackError):
        Connection(_kubeconfig("https://127.0.0.1:1", **{"proxy-url": "http://10.0.0.1:3128"}), "", None)


@pytest.mark.parametrize(
    "server", ["http://127.0.0.1:1", "http://127.8.9.10:1", "http://[::1]:1", "http://localhost:1"]
)
def test_an_api_server_on_this_machine_is_accepted(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://10.0.0.1:3128")
    with pytest.raises(UnreachableError, match=r"/openapi/v3.*refused"):
        Connection(_kubeconfig(server), "", None)


def test_an_unsupported_kind_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedKindError, match="kubernetes:apps/v1:Deployment"):
        resource_type("urn:pulumi:dev::adb-tenants::adb:tenants:Tenant$kubernetes:apps/v1:Deployment::web")


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("16Gi", "16Gi"),
        ("16384Mi", "16Gi"),
        ("1536Mi", "1536Mi"),
        ("1.5Gi", "1536Mi"),
        ("1000M", "1G"),
        ("17179869184", "17179869184"),
        ("1000", "1k"),
        ("512", "512"),
        ("0", "0"),
        ("0Mi", "0"),
        ("500m", "500m"),
        ("1e9", "1e9"),
        ("plenty", "plenty"),
    ],
)
def test_quantities_are_spelled_as_by_the_api_server(written: str, kept: str) -> None:
    assert canonical_quantity(written) == kept


def test_only_another_cluster_replaces_the_providers_resources(tmp_path: Path) -> None:
    paths = [tmp_path / "one", tmp_path / "other"]
    for number, path in enumerate(paths):
        path.write_text(yaml.safe_dump(_kubeconfig(f"https://127.0.0.1:{number}")))
    one, other = ({"kubeconfig": str(path), "enableConfigMapMutable": "true"} for path in paths)

    assert diff_settings(one, other).replaces == ["kubeconfig"]
    assert diff_settings(one, one | {"enableConfigMapMutable": "false"}).replaces == []
    assert diff_settings(one, one).changed == []


def test_a_plugin_ends_with_its_engine(tmp_path: Path) -> None:
    engine = "import subprocess, sys, time; subprocess.Popen(sys.argv[1:]); time.sleep(60)"
    output = tmp_path / "port"
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    launcher = str(plugins.DOUBLE.directory / plugins.NAME)
    with output.open("w") as stdout:
        parent = subprocess.Popen([sys.executable, "-c", engine, launcher], stdout=stdout, env=environment)
    try:
        eventually(lambda: output.read_text().strip().isdecimal(), what="the plugin prints its port")
        (plugin,) = _children(parent.pid)
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    eventually(lambda: not _is_running(plugin), what="the plugin has exited")


def _children(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-A", "-o", "ppid=,pid="], capture_output=True, text=True, check=True)
    pairs = [line.split() for line in listed.stdout.splitlines()]
    return [int(child) for parent, child in pairs if parent == str(pid)]


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
