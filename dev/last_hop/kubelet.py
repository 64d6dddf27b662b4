"""A kubelet for the machine's nodes: runs there what the API server has bound to them, and ends what is deleted.

The local cluster's simulated kubelet reports all pods as ready, and lets a deleted one vanish at once. A keepalived pod
must not vanish before its process has, so it gets a finalizer.
"""

import dataclasses
import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO

from dev.last_hop.machine import Machine
from dev.local.cluster import KwokCluster
from dev.local.user_error import UserError

FINALIZER = "adb-tenants/last-hop"
NAMESPACE = "default"
_FIELDS = (
    *("type", "object.metadata.name", "object.spec.nodeName", "object.status.podIP", "object.status.phase"),
    *("object.spec.hostNetwork", "object.metadata.deletionTimestamp", "object.spec.containers[0].args"),
)
# Not tabs: kubectl aligns columns at them.
TEMPLATE = "|".join(f"{{.{name}}}" for name in _FIELDS) + '{"\\n"}'
# As a kubelet's: at once, then with a growing delay.
_RESTART_SECONDS = (0, 10, 20, 40)


@dataclass(frozen=True, kw_only=True)
class Pod:
    """What the API server says of a pod."""

    name: str
    node: str
    address: str
    is_running: bool
    is_keepalived: bool
    is_ending: bool
    is_gone: bool
    arguments: tuple[str, ...]

    @classmethod
    def parsed(cls, line: str) -> "Pod":
        """Read a line of TEMPLATE."""
        event, name, node, address, phase, host_network, deleted, arguments = line.rstrip("\n").split(
            "|", len(_FIELDS) - 1
        )
        return cls(
            name=name,
            node=node,
            address=address,
            is_running=phase == "Running",
            is_keepalived=host_network == "true",
            is_ending=bool(deleted),
            is_gone=event == "DELETED",
            arguments=tuple(json.loads(arguments or "[]")),
        )


@dataclass
class Kubelet:
    """The state of all nodes' kubelets."""

    machine: Machine
    cluster: KwokCluster
    nodes: Mapping[str, str]
    """Their names in the machine."""
    dead: set[str] = field(default_factory=set)
    restarts: int = 0
    """Of processes that have ended by themselves."""
    failure: BaseException | None = None
    _pods: dict[str, Pod] = field(default_factory=dict)
    _started: dict[str, Pod] = field(default_factory=dict)
    _starts: dict[str, list[float]] = field(default_factory=dict)
    _lines_read: int = 0
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def see(self, pod: Pod) -> None:
        """Act on what has changed in the API server."""
        with self._lock:
            self._pods[pod.name] = pod
            if pod.is_gone:
                del self._pods[pod.name]
                if (started := self._started.get(pod.name)) is not None and not started.is_ending:
                    self._started[pod.name] = dataclasses.replace(pod, is_ending=True)
                    self.machine.tell("stop", pod.name)
            elif pod.node not in self.dead:
                self._act(pod)

    def look(self) -> None:
        """Act on processes that have ended in the machine."""
        with self._lock:
            lines = self.machine.lines[self._lines_read :]
            self._lines_read += len(lines)
            for name in [line.about[0] for line in lines if line.word == "exited"]:
                pod = self._started.pop(name, None)
                current = self._pods.get(name)
                if pod is None or current is None or current.node in self.dead:
                    continue
                if not current.is_ending:
                    self.restarts += 1
                self._act(current)
            for pod in list(self._pods.values()):
                if pod.node not in self.dead and pod.is_keepalived and pod.name not in self._started:
                    self._act(pod)

    def lose_power(self, node: str) -> None:
        """Do nothing on a node any more."""
        with self._lock:
            self.dead.add(node)
            self.machine.tell("power_off", self.nodes[node])
            for pod in list(self._started.values()):
                if pod.node == node and pod.is_keepalived:
                    del self._started[pod.name]
                    self._starts.pop(pod.name, None)

    def regain_power(self, node: str) -> None:
        """Run again what is still bound to a node, and let the rest end."""
        with self._lock:
            self.machine.tell("power_on", self.nodes[node])
            self.dead.discard(node)
            for pod in list(self._pods.values()):
                if pod.node == node and pod.is_keepalived:
                    self._act(pod)

    def _act(self, pod: Pod) -> None:
        if pod.is_keepalived:
            self._keepalived(pod)
        elif pod.is_running and pod.address and self._started.get(pod.name, pod).address != pod.address:
            raise UserError(f"Pod {pod.name} has been replaced, which no scenario is about.")
        elif pod.is_running and pod.address and pod.name not in self._started:
            self._started[pod.name] = pod
            self.machine.tell("database", pod.name, self.nodes[pod.node], pod.address, answer(pod.name))

    def _keepalived(self, pod: Pod) -> None:
        if pod.is_ending and pod.name in self._started:
            if not self._started[pod.name].is_ending:
                self._started[pod.name] = pod
                self.machine.tell("stop", pod.name)
        elif pod.is_ending:
            self._set_finalizers(pod, [])
        elif pod.is_running and pod.name not in self._started and self._may_start(pod):
            if not self._starts.get(pod.name):
                self._set_finalizers(pod, [FINALIZER])
            self._starts.setdefault(pod.name, []).append(time.monotonic())
            self._started[pod.name] = pod
            self.machine.tell("keepalived", pod.name, NAMESPACE, self.nodes[pod.node], *pod.arguments)

    def _may_start(self, pod: Pod) -> bool:
        starts = self._starts.get(pod.name)
        if not starts:
            return True
        return time.monotonic() - starts[-1] > _RESTART_SECONDS[min(len(starts), len(_RESTART_SECONDS)) - 1]

    def _set_finalizers(self, pod: Pod, finalizers: list[str]) -> None:
        patch = json.dumps({"metadata": {"finalizers": finalizers}})
        command = ("patch", "pod", pod.name, f"--namespace={NAMESPACE}", "--type=merge", f"--patch={patch}")
        try:
            self.cluster.kubectl(*command)
        except UserError as error:
            if "NotFound" not in str(error):
                raise


def answer(pod: str) -> str:
    """Return what a database pod tells its clients."""
    return f"hello-from-{pod.removesuffix('-0')}"


@contextmanager
def running(machine: Machine, cluster: KwokCluster, nodes: Mapping[str, str], kubectl: str) -> Iterator[Kubelet]:
    """Run the kubelet during the block."""
    kubelet = Kubelet(machine=machine, cluster=cluster, nodes=nodes)
    command = (kubectl, f"--kubeconfig={cluster.kubeconfig}", "get", "pods", f"--namespace={NAMESPACE}", "--watch")
    watch = subprocess.Popen(
        (*command, "--output-watch-events", f"--output=jsonpath={TEMPLATE}"), stdout=subprocess.PIPE, text=True
    )
    ended = threading.Event()
    threads = [
        threading.Thread(target=_guarded, args=(kubelet, lambda: _watch(kubelet, watch.stdout, ended))),
        threading.Thread(target=_guarded, args=(kubelet, lambda: _look(kubelet, ended))),
    ]
    for thread in threads:
        thread.start()
    try:
        yield kubelet
    finally:
        ended.set()
        watch.terminate()
        watch.wait()
        for thread in threads:
            thread.join()


def _guarded(kubelet: Kubelet, work: Callable[[], None]) -> None:
    try:
        work()
    except BaseException as error:
        kubelet.failure = error
        raise


def _watch(kubelet: Kubelet, lines: IO[str] | None, ended: threading.Event) -> None:
    for line in lines or ():
        kubelet.see(Pod.parsed(line))
    if not ended.is_set():
        raise UserError("kubectl's watch of the pods has ended.")


def _look(kubelet: Kubelet, ended: threading.Event) -> None:
    while not ended.wait(0.1):
        kubelet.look()
