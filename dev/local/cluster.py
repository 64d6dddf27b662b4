"""Runs a local kwok cluster, with a real etcd, API server, controller manager and scheduler, and fake nodes.

A cluster has one directory and listens on loopback only, so several can run in parallel: one per checkout, others for
tests.
"""

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dev.local.user_error import UserError

LOOPBACK = "127.0.0.1"
KUBELET_VERSION = "v1.36.3"
# In start order.
_COMPONENTS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok-controller")
# Below Linux's range of outgoing connections (32768 and up), so that none takes a port between two starts.
_PORTS = range(20000, 32000)
_READY_SECONDS = 120


@dataclass(frozen=True)
class Node:
    """A fake node like those in production: reserved for masters, with a kubelet's version, which the program reads.

    kwok keeps the status fields that are set at creation.
    """

    name: str
    address: str
    """Its InternalIP, and that of pods on the host network."""

    def manifest(self) -> dict[str, Any]:
        resources = {"cpu": "64", "memory": "1Ti", "pods": "1000"}
        return {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {
                "name": self.name,
                "annotations": {"kwok.x-k8s.io/node": "fake"},
                "labels": {"kubernetes.io/hostname": self.name, "kubernetes.io/os": "linux"},
            },
            "spec": {"taints": [{"key": "dedicated", "value": "master", "effect": "NoSchedule"}]},
            "status": {
                "addresses": [
                    {"type": "InternalIP", "address": self.address},
                    {"type": "Hostname", "address": self.name},
                ],
                "allocatable": resources,
                "capacity": resources,
                "nodeInfo": {
                    "architecture": "amd64",
                    "bootID": "",
                    "containerRuntimeVersion": "kwok",
                    "kernelVersion": "kwok",
                    "kubeProxyVersion": "",
                    "kubeletVersion": KUBELET_VERSION,
                    "machineID": "",
                    "operatingSystem": "linux",
                    "osImage": "",
                    "systemUUID": "",
                },
            },
        }


DEV_NODES = (Node("m1.adb.g1.com", "192.168.143.101"), Node("m2.adb.g1.com", "192.168.143.102"))


@dataclass(frozen=True)
class KwokCluster:
    """A cluster, identified by name and directory, running or not. Its kubeconfig context is `kwok-<name>`."""

    name: str
    directory: Path
    path: str = field(default_factory=lambda: os.environ["PATH"])
    """The search path for kwokctl, kubectl and the components."""
    audit_policy: Path | None = None
    """What the API server writes to `audit.log` in `logs`; nothing without a policy."""

    @property
    def kubeconfig(self) -> Path:
        """The kubeconfig, with this cluster's context only."""
        return self.directory / "kubeconfig"

    @property
    def context(self) -> str:
        return f"kwok-{self.name}"

    @property
    def etcd(self) -> str:
        """The address of etcd, which must be running."""
        mark = "--listen-client-urls="
        _, arguments = self._running()["etcd"]
        return next(each.removeprefix(mark) for each in arguments if each.startswith(mark))

    @property
    def logs(self) -> Path:
        """The directory of the components' log files."""
        return self._data / "logs"

    def start(self, nodes: Sequence[Node] = ()) -> bool:
        """Start the cluster, with its existing data, and create missing nodes; tell whether it is new, without data."""
        if any(character.isspace() for character in str(self.directory)):
            # kwokctl 0.8.0 silently cuts KWOK_WORKDIR at the space, and works in another directory.
            raise UserError(f"kwok does not support a directory with a space in its name: move {self.directory}.")
        new = not self._finished.exists() or self._finished.read_text() != str(self._data)
        if new:
            # Also the remains of an interrupted start or of a moved checkout: kwok's files contain full paths.
            self.delete()
            try:
                self._create()
            except BaseException:
                if self.logs.exists():
                    shutil.copytree(self.logs, self._kept_logs, dirs_exist_ok=True)
                self.delete()
                raise
        else:
            self.start_components()
        self._ensure_nodes(nodes)
        return new

    def stop(self) -> None:
        """Stop all processes and keep the data."""
        # Clients before servers, etcd last, so that no component stops with errors. Not by kwokctl, which may have been
        # removed, and relies on pid files (see `processes`).
        for component in reversed(_COMPONENTS):
            self._end(component)
        self._forget_dead_processes()

    def delete(self) -> None:
        """Stop the cluster and delete its data."""
        self.stop()
        shutil.rmtree(self._data.parent.parent, ignore_errors=True)
        self.kubeconfig.unlink(missing_ok=True)

    def is_running(self) -> bool:
        """Whether all processes run and the API server reports that it is ready."""
        return set(self.processes()) >= set(_COMPONENTS) and self._is_ready()

    def stop_component(self, component: str) -> None:
        """Stop one process, e.g. `kube-apiserver`, to simulate a crash."""
        self._end(component)
        self._forget_dead_processes()

    def start_components(self) -> None:
        """Start the components that do not run, and restart those that exit before all are ready.

        kwokctl starts each component once. An API server exits if etcd is busy with its recovery, and the clients of
        the API server then exit too (seen after a power cut, on a loaded machine, 2026-11).
        """
        deadline = time.monotonic() + _READY_SECONDS
        while not self.is_running():
            absent = set(_COMPONENTS) - set(self.processes())
            if time.monotonic() > deadline:
                raise UserError(
                    f"The local cluster {self.name} is not ready (not running: {', '.join(sorted(absent)) or 'none'}); "
                    f"the components' logs are in {self._log_places}."
                )
            if absent:
                self._forget_dead_processes()
                self._kwokctl("start", "cluster")
            time.sleep(0.5)

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """Run kubectl on this cluster and return its output; raises `UserError` with its error message."""
        command = [self._tool("kubectl"), f"--kubeconfig={self.kubeconfig}", *arguments]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise UserError(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    @property
    def _data(self) -> Path:
        return self.directory / "kwok" / "clusters" / self.name

    @property
    def _finished(self) -> Path:
        """Written, with the data directory's path, when the creation has succeeded."""
        return self._data / "finished"

    def _create(self) -> None:
        home = self._data.parent.parent
        home.mkdir(parents=True, exist_ok=True)
        configuration = home / "kwokctl.json"
        configuration.write_text(json.dumps(self._configuration(), indent=2))
        self._kwokctl(
            *("create", "cluster", "--config", str(configuration)),
            *("--kubeconfig", str(self.kubeconfig), "--timeout", f"{_READY_SECONDS}s", "--wait", f"{_READY_SECONDS}s"),
        )
        self.start_components()
        self._finished.write_text(str(self._data))

    @property
    def _log_places(self) -> Path:
        return self.logs if self._finished.exists() else self._kept_logs

    @property
    def _kept_logs(self) -> Path:
        """The logs of the last failed start."""
        return self.directory / "logs" / f"cluster-{self.name}"

    def _configuration(self) -> dict[str, Any]:
        etcd, peer, api, manager, scheduler, kwok = _free_ports(6)
        return {
            "apiVersion": "config.kwok.x-k8s.io/v1alpha1",
            "kind": "KwokctlConfiguration",
            "options": {
                "runtime": "binary",
                # The default is every interface.
                "bindAddress": LOOPBACK,
                "securePort": True,
                "kubeAuthorization": True,
                "kubeAdmission": True,
                "kubeVersion": KUBELET_VERSION,
                **({"kubeAuditPolicy": str(self.audit_policy)} if self.audit_policy else {}),
                "etcdPort": etcd,
                "etcdPeerPort": peer,
                "kubeApiserverPort": api,
                "kubeControllerManagerPort": manager,
                "kubeSchedulerPort": scheduler,
                "kwokControllerPort": kwok,
                "etcdBinary": self._tool("etcd"),
                "kubeApiserverBinary": self._tool("kube-apiserver"),
                "kubeControllerManagerBinary": self._tool("kube-controller-manager"),
                "kubeSchedulerBinary": self._tool("kube-scheduler"),
                "kwokControllerBinary": self._tool("kwok"),
                "kubectlBinary": self._tool("kubectl"),
            },
            "componentsPatches": [
                # Separate ranges for Services and pods, those of the seed's cluster; kwok's defaults overlap.
                _extra_arguments("kube-apiserver", {"service-cluster-ip-range": "10.96.0.0/12"}),
                # There is one of each. With leader election, they exit if the API server is unavailable for 10 s.
                _extra_arguments("kube-controller-manager", overridden={"leader-elect": "false"}),
                _extra_arguments("kube-scheduler", overridden={"leader-elect": "false"}),
                _extra_arguments(
                    "kwok-controller",
                    {
                        "cidr": "10.244.0.1/16",
                        "manage-nodes-with-annotation-selector": "kwok.x-k8s.io/node=fake",
                    },
                    # By default kwok makes every node ready, also one that a mistaken patch has created.
                    overridden={"manage-all-nodes": "false"},
                ),
            ],
        }

    def _kwokctl(self, *arguments: str) -> None:
        # The user's KWOK_… settings are for the user's own clusters.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("KWOK_")}
        environment |= {"KWOK_WORKDIR": str(self._data.parent.parent), "PATH": self.path}
        command = [self._tool("kwokctl"), "--name", self.name, *arguments]
        done = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise UserError(
                f"`kwokctl {' '.join(arguments[:2])}` failed; the components' logs are in {self._log_places}.\n"
                f"{done.stderr.strip()}"
            )

    def _tool(self, name: str) -> str:
        found = shutil.which(name, path=self.path)
        if found is None:
            raise UserError(f'{name} is not on PATH: run `make setup`, and `eval "$(make -s env)"` in this shell.')
        return found

    def _is_ready(self) -> bool:
        try:
            self.kubectl("get", "--raw", "/readyz", "--request-timeout=5s")
        except UserError:
            return False
        return True

    def _ensure_nodes(self, nodes: Sequence[Node]) -> None:
        """Create missing nodes, with POST: only POST accepts a node's status."""
        existing = set(self.kubectl("get", "nodes", "--output=name").split())
        missing = [node.manifest() for node in nodes if f"node/{node.name}" not in existing]
        if missing:
            items = json.dumps({"apiVersion": "v1", "kind": "List", "items": missing})
            self.kubectl("create", "--filename=-", stdin=items)
        if nodes:
            self._await_ready({node.name for node in nodes})

    def _await_ready(self, nodes: set[str]) -> None:
        # `kubectl wait` takes a fifth of a second for each node, ready or not: 100 s for 500 (2026-11).
        conditions = '{range .items[*]}{.status.conditions[?(@.type=="Ready")].status} {.metadata.name}{"\\n"}{end}'
        deadline = time.monotonic() + _READY_SECONDS
        while True:
            listed = self.kubectl("get", "nodes", f"--output=jsonpath={conditions}").splitlines()
            unready = nodes - {name for status, _, name in (line.partition(" ") for line in listed) if status == "True"}
            if not unready:
                return
            if time.monotonic() > deadline:
                raise UserError(f"Nodes of the local cluster {self.name} are not ready: {', '.join(sorted(unready))}.")
            time.sleep(0.2)

    def processes(self) -> dict[str, int]:
        """Return the component processes by name."""
        return {name: pid for name, (pid, _) in self._running().items()}

    def _running(self) -> dict[str, tuple[int, list[str]]]:
        """Return the component processes with their arguments, in which the data directory identifies them.

        kwokctl relies on its pid files: after a reboot they may contain the id of any process, which it would end on
        `stop`.
        """
        mark = f"{self._data}{os.sep}"
        return {
            name: (pid, arguments)
            for pid, arguments in _processes()
            if (name := Path(arguments[0]).name) in _COMPONENTS and any(mark in argument for argument in arguments[1:])
        }

    def _forget_dead_processes(self) -> None:
        running = self.processes()
        for file in self._data.glob("pids/*.pid"):
            if file.read_text().strip() != str(running.get(file.stem)):
                file.unlink()

    def _end(self, component: str) -> None:
        """Terminate a component, and kill it if it still runs after 10 s.

        A process counts as ended when it is no longer listed with its arguments: a zombie, which remains in a container
        whose first process does not reap children, can still be signalled.
        """
        for timeout, how in ((10.0, signal.SIGTERM), (5.0, signal.SIGKILL)):
            process = self.processes().get(component)
            if process is None:
                return
            try:
                os.kill(process, how)
            except ProcessLookupError:
                return
            except PermissionError:
                raise UserError(
                    f"Cannot stop {component} of {self._data}: process {process} belongs to another user."
                ) from None
            deadline = time.monotonic() + timeout
            while component in self.processes() and time.monotonic() < deadline:
                time.sleep(0.02)


@contextmanager
def running(
    *, name: str, directory: Path, nodes: Sequence[Node] = (), audit_policy: Path | None = None
) -> Iterator[KwokCluster]:
    """Run a cluster during the block, and delete it afterwards."""
    cluster = KwokCluster(name, directory, audit_policy=audit_policy)
    try:
        cluster.start(nodes)
        yield cluster
    finally:
        cluster.delete()


def _extra_arguments(
    component: str, added: dict[str, str] | None = None, overridden: dict[str, str] | None = None
) -> dict[str, Any]:
    """Return a kwokctl patch of a component's command line."""
    arguments = [{"key": key, "value": value} for key, value in (added or {}).items()]
    overriding = [{"key": key, "value": value, "override": True} for key, value in (overridden or {}).items()]
    return {"name": component, "extraArgs": arguments + overriding}


def _processes() -> Iterator[tuple[int, list[str]]]:
    """Yield all processes with their arguments, of all users: root may have to stop a user's cluster."""
    if Path("/proc/self/cmdline").exists():
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                arguments = (entry / "cmdline").read_bytes().decode(errors="replace").rstrip("\0").split("\0")
                yield int(entry.name), arguments
            except OSError:
                continue  # it has exited
    else:
        listing = subprocess.run(["ps", "-axo", "pid=,args="], capture_output=True, text=True, check=True)
        for line in listing.stdout.splitlines():
            pid, _, arguments_line = line.strip().partition(" ")
            yield int(pid), arguments_line.split()


def _free_ports(number: int) -> list[int]:
    """Return unused ports, chosen at random so that two clusters created at once get different ones."""
    ports: list[int] = []
    for port in random.sample(_PORTS, len(_PORTS)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
        ports.append(port)
        if len(ports) == number:
            return ports
    raise UserError(f"No {number} free ports between {_PORTS.start} and {_PORTS.stop}.")
