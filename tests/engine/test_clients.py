"""The program and the plugin connect to the same cluster by any kubeconfig, and report connection errors clearly."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from components.live.cluster import LiveCluster, UnusableClusterError
from drift.cluster import KubectlClient
from fleet.__main__ import main as draw_fleet
from kube import kubectl
from kube.kubectl_errors import KubectlError
from tests.support.cell import Cell
from tests.support.detours import Reply, proxy_to, stub
from tests.support.fleets import tenant3
from tests.support.process import executable
from tests.support.stack import Stack

pytestmark = pytest.mark.engine

DEAD = "https://127.0.0.1:9"
BEHIND_THE_PROXY = "https://127.0.0.2:1"
"""Nothing listens there, and the address is not in the certificate."""
IN_A_POD = """#!/bin/sh
exec unshare {unshare} sh -c '
    mount -t tmpfs none /run && mkdir -p {account} && cp {files}/* {account} && exec "$0" "$@"
' {pulumi} "$@"
"""
ACCOUNT = "/run/secrets/kubernetes.io/serviceaccount"

Changes = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """A cell, and a directory for kubeconfigs."""

    cell: Cell
    directory: Path
    open: ExitStack

    @property
    def original(self) -> dict[str, Any]:
        """The cell's kubeconfig, an administrator's."""
        read: dict[str, Any] = yaml.safe_load(Path(self.cell.environment["KUBECONFIG"]).read_text())
        return read

    @property
    def server(self) -> str:
        """The URL of the API server."""
        server: str = self.original["clusters"][0]["cluster"]["server"]
        return server

    def kubeconfig(self, name: str, *, cluster: Changes | None = None, user: Changes | None = None) -> Path:
        """Write the cell's kubeconfig with changes to its cluster, and with another user."""
        kubeconfig = self.original
        (clusters,), (users,) = kubeconfig["clusters"], kubeconfig["users"]
        clusters["cluster"].update(cluster or {})
        users["user"] = user or users["user"]
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(kubeconfig))
        return path

    def token(self, account: str, role: str) -> str:
        """A token of a new ServiceAccount that has a ClusterRole."""
        self.cell.kubectl("create", "serviceaccount", account)
        subject = f"--serviceaccount={self.cell.namespace}:{account}"
        self.cell.kubectl(
            "create", "clusterrolebinding", f"{account}.{self.cell.namespace}", f"--clusterrole={role}", subject
        )
        return self.cell.kubectl("create", "token", account).strip()

    def home(self, kubeconfig: Path | None) -> str:
        """A home directory, with this as `~/.kube/config`."""
        home = self.directory / "home"
        (home / ".kube").mkdir(parents=True)
        if kubeconfig:
            (home / ".kube" / "config").write_bytes(kubeconfig.read_bytes())
        return str(home)


@pytest.fixture
def here(cell: Cell, tmp_path: Path) -> Iterator[Surroundings]:
    with ExitStack() as stack:
        yield Surroundings(cell=cell, directory=tmp_path, open=stack)


def login_plugin(here: Surroundings) -> Mapping[str, str]:
    credential = here.directory / "credential"
    status = {"token": here.token("machine", "cluster-admin")}
    version = "client.authentication.k8s.io/v1"
    credential.write_text(json.dumps({"apiVersion": version, "kind": "ExecCredential", "status": status}))
    return {"KUBECONFIG": str(here.kubeconfig("config", user={"exec": plugin("cat", str(credential))}))}


def several_files(here: Surroundings) -> Mapping[str, str]:
    complete = here.original
    first, second = here.directory / "first", here.directory / "second"
    first.write_text(yaml.safe_dump({key: value for key, value in complete.items() if key != "users"}))
    # The first file takes precedence.
    complete["clusters"][0]["cluster"] = {"server": DEAD}
    second.write_text(yaml.safe_dump(complete))
    return {"KUBECONFIG": os.pathsep.join(map(str, [first, second, here.directory / "absent"]))}


def empty_variable(here: Surroundings) -> Mapping[str, str]:
    return {"KUBECONFIG": "", "HOME": here.home(here.kubeconfig("config"))}


def in_a_pod(here: Surroundings) -> Mapping[str, str]:
    return {"KUBECONFIG": "", "HOME": here.home(None), **pod(here, here.server)}


def in_a_pod_that_has_a_kubeconfig(here: Surroundings) -> Mapping[str, str]:
    return {"KUBECONFIG": "", "HOME": here.home(here.kubeconfig("config")), **pod(here, DEAD)}


def impersonation(here: Surroundings) -> Mapping[str, str]:
    # The token itself only has the permission to impersonate.
    deputy = f"deputy-of-{here.cell.namespace}"
    permission = ("--verb=impersonate", "--resource=users", f"--resource-name={deputy}")
    here.cell.kubectl("create", "clusterrole", deputy, *permission)
    here.cell.kubectl("create", "clusterrolebinding", deputy, "--clusterrole=cluster-admin", f"--user={deputy}")
    return {"KUBECONFIG": str(here.kubeconfig("config", user={"token": here.token("actor", deputy), "as": deputy}))}


def proxy(here: Surroundings, scheme: str) -> Mapping[str, str]:
    port = urlsplit(here.server).port
    assert port
    entered = here.open.enter_context(proxy_to(port))
    url = f"{scheme}://127.0.0.1:{entered.server_address[1]}"
    cluster = {"server": BEHIND_THE_PROXY, "tls-server-name": "kubernetes.default.svc", "proxy-url": url}
    return {"KUBECONFIG": str(here.kubeconfig("config", cluster=cluster))}


def http_proxy(here: Surroundings) -> Mapping[str, str]:
    return proxy(here, "http")


def socks_proxy(here: Surroundings) -> Mapping[str, str]:
    return proxy(here, "socks5")


def plugin(command: str, *arguments: str) -> dict[str, Any]:
    """A login plugin, as a kubeconfig's user has it."""
    version = "client.authentication.k8s.io/v1"
    return {"apiVersion": version, "command": command, "args": list(arguments), "interactiveMode": "Never"}


def pod(here: Surroundings, server: str) -> Mapping[str, str]:
    """Return an environment in which `pulumi` runs as in a pod, with the mounts of the kubelet."""
    files = here.directory / "account"
    files.mkdir()
    (files / "token").write_text(here.token("pod", "cluster-admin"))
    (files / "namespace").write_text("default")
    (files / "ca.crt").write_bytes(Path(here.original["clusters"][0]["cluster"]["certificate-authority"]).read_bytes())
    path = here.cell.environment["PATH"]
    pulumi = next(found for each in path.split(os.pathsep) if (found := Path(each) / "pulumi").exists())
    as_root = "--mount" if os.geteuid() == 0 else "--mount --map-root-user"
    script = IN_A_POD.format(unshare=as_root, account=ACCOUNT, files=files, pulumi=pulumi)
    shim = executable(here.directory / "bin" / "pulumi", script)
    url = urlsplit(server)
    return {
        "PATH": f"{shim.parent}{os.pathsep}{path}",
        "KUBERNETES_SERVICE_HOST": str(url.hostname),
        "KUBERNETES_SERVICE_PORT": str(url.port),
    }


WAYS: list[Callable[[Surroundings], Mapping[str, str]]] = [
    login_plugin,
    several_files,
    empty_variable,
    in_a_pod,
    in_a_pod_that_has_a_kubeconfig,
    impersonation,
    http_proxy,
    socks_proxy,
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_the_program_and_the_plugin_connect_to_the_same_cluster(
    here: Surroundings, tmp_path: Path, way: Callable[[Surroundings], Mapping[str, str]]
) -> None:
    environment = {**here.cell.environment, **way(here)}
    stack = Stack(tmp_path / "stack", name="dev", environment=environment)
    stack.configure(tenant3(here.cell))
    done = stack.pulumi("preview")
    # Nothing listens at any other address.
    assert done.returncode == 0, done.stdout + done.stderr
    assert "to create" in done.stdout


@pytest.fixture
def ask(here: Surroundings, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Reads the nodes by a kubeconfig with these changes."""
    monkeypatch.setattr(kubectl, "RETRY_PAUSES", (0, 0))

    def asked(*, cluster: Changes | None = None, user: Changes | None = None) -> Any:
        monkeypatch.setenv("KUBECONFIG", str(here.kubeconfig("config", cluster=cluster, user=user)))
        return LiveCluster(None, "default").nodes()

    return asked


NODES = Reply(status=200, body={"kind": "NodeList", "items": [{"metadata": {"name": "m1"}}]})
BUSY = Reply.failure(429, "TooManyRequests", "too many requests", Retry_After="0")
UNAVAILABLE = Reply.failure(503, "ServiceUnavailable", "shutting down")
LEADERLESS = Reply.failure(500, "", "etcdserver: leader changed")
GATEWAY = Reply(status=502, body="<html>Bad Gateway</html>")


@pytest.mark.parametrize("passing", [BUSY, UNAVAILABLE, LEADERLESS, GATEWAY], ids=lambda reply: str(reply.status))
def test_transient_errors_are_retried(ask: Callable[..., Any], passing: Reply) -> None:
    with stub(passing, passing, NODES) as (server, got):
        assert set(ask(cluster={"server": server})) == {"m1"}
    assert len(got) == 3


@pytest.mark.parametrize(
    ("reply", "requests", "expected"),
    [
        (Reply.failure(429, "TooManyRequests", "busy"), 3, "failed several times (busy; TooManyRequests)"),
        (UNAVAILABLE, 3, "(shutting down; ServiceUnavailable): retry when it has recovered"),
        (LEADERLESS, 3, "(etcdserver: leader changed; Unknown): retry when it has recovered"),
        (Reply.failure(500, "InternalError", "a panic"), 1, "failed (a panic; InternalError)"),
        (Reply.failure(401, "Unauthorized", "Unauthorized"), 1, "rejects the credentials of the kubeconfig's user"),
        (
            Reply.failure(403, "Forbidden", "no nodes"),
            1,
            "denies access: no nodes. Grant the kubeconfig's user what README.md",
        ),
        (Reply.failure(404, "NotFound", "no such page"), 1, "failed (no such page; NotFound)"),
        (Reply(status=200, body="<html>Please log in</html>"), 1, "the response is not from a Kubernetes API server"),
    ],
    ids=lambda given: str(given.status) if isinstance(given, Reply) else "",
)
def test_each_status_has_its_own_message(ask: Callable[..., Any], reply: Reply, requests: int, expected: str) -> None:
    with stub(reply) as (server, got):
        with pytest.raises(UnusableClusterError) as raised:
            ask(cluster={"server": server})
        assert f"The API server {server} " in str(raised.value)
    assert expected in str(raised.value)
    assert len(got) == requests
    rights = "What the kubeconfig's user needs" in str(raised.value)
    assert rights == (reply.status == 403), "permissions are mentioned for other errors, or not for missing ones"


def test_an_api_server_that_hangs_causes_a_timeout(ask: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kubectl, "TIMEOUT_SECONDS", 1)
    with stub(Reply(status=200, hangs=True)) as (server, _), pytest.raises(UnusableClusterError) as raised:
        ask(cluster={"server": server})
    assert f"The API server {server} cannot be reached (kubectl did not finish within 1 s)" in str(raised.value)


def test_a_proxy_of_the_environment_is_used(
    here: Surroundings, ask: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    port = urlsplit(here.server).port
    assert port
    for scheme in ("http", "socks5"):
        with proxy_to(port) as entered:
            monkeypatch.setenv("HTTPS_PROXY", f"{scheme}://127.0.0.1:{entered.server_address[1]}")
            # Only the proxy resolves this name; addresses of this machine are never reached through a proxy.
            assert here.cell.node("m1") in ask(cluster={"server": "https://kubernetes.default.svc:6443"})
            assert entered.passed


def test_the_error_of_a_login_plugin_is_quoted_by_all_commands(
    here: Surroundings,
    stack: Stack,
    ask: Callable[..., Any],
    capsys: pytest.CaptureFixture[str],
) -> None:
    error = "Error: the session has expired: run sso login"
    user = {"exec": plugin("sh", "-c", f"echo '{error}' >&2; exit 253")}
    expected = f"The kubeconfig's user cannot log in ({error}; exec: executable sh failed with exit code 253)"
    with pytest.raises(UnusableClusterError) as raised:
        ask(user=user)
    assert expected in str(raised.value)
    with pytest.raises(KubectlError) as raised_by_drift:
        KubectlClient(None).nodes()
    assert expected in str(raised_by_drift.value)
    assert draw_fleet(["--live"]) == 2
    printed = capsys.readouterr().err
    assert expected in printed

    stack.configure(tenant3(here.cell))
    done = stack.pulumi("preview", KUBECONFIG=os.environ["KUBECONFIG"])
    assert done.returncode != 0
    assert expected in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_a_missing_kubectl_is_reported(here: Surroundings, stack: Stack) -> None:
    stack.configure(tenant3(here.cell))
    done = stack.pulumi("preview", PATH=without_kubectl(stack.environment["PATH"], here.directory))
    assert done.returncode != 0
    assert "kubectl, which reads the cluster, cannot be run" in done.stdout + done.stderr


def without_kubectl(path: str, directory: Path) -> str:
    """Return the PATH with each directory that contains kubectl replaced by a copy without it."""
    found = []
    for number, each in enumerate(map(Path, path.split(os.pathsep))):
        if (each / "kubectl").exists():
            copy = directory / f"without-kubectl-{number}"
            copy.mkdir()
            for program in each.iterdir():
                if program.name != "kubectl":
                    (copy / program.name).symlink_to(program)
            found.append(str(copy))
        else:
            found.append(str(each))
    return os.pathsep.join(found)
