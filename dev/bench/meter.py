"""Measures what commands cost: requests to the API server, and processor time and memory of each process.

Processes are sampled: what one uses after its last sample, a tenth of a second at most, is not seen.
"""

import re
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import psutil

from dev.bench.results import Cost, Part, Usage
from dev.local.cluster import KwokCluster

_INTERVAL_SECONDS = 0.1
_IDLE_SECONDS = 10.0
# The controller manager patches 500 new nodes for two minutes, with 20 requests a second; then it is 1 (2026-11).
_MOST_IDLE_REQUESTS = 5.0
_MOST_IDLE_TURNS = 12
_SERVERS = ("kube-apiserver", "etcd")
_NAMES = {
    "pulumi": Part.ENGINE,
    # Linux cuts a process's name after 15 characters.
    "pulumi-language": Part.PROGRAM,
    "pulumi-resource": Part.PLUGIN,
    "kubectl": Part.KUBECTL,
    "helm": Part.HELM,
}
_PLUGIN_DOUBLE = "dev.plugin"
_REQUESTS = re.compile(r"^apiserver_request_total\{(.*)\} (\S+)$", re.MULTILINE)
# Those of the nodes' heartbeat, many and in bursts, and those of this module.
_NOT_COUNTED = ('resource="leases"', 'subresource="/metrics"')


class Meter:
    """Measures commands that use one cluster; what its API server does without them is subtracted."""

    def __init__(self, cluster: KwokCluster) -> None:
        self._cluster = cluster
        self._servers = [psutil.Process(pid) for name, pid in cluster.processes().items() if name in _SERVERS]
        self._idle_cpu = 0.0
        self._idle_requests = 0.0

    def observe_idleness(self) -> None:
        """Wait until the controllers have finished, and measure what the API server does when idle."""

        def nothing() -> tuple[float, float]:
            time.sleep(_IDLE_SECONDS)
            return _IDLE_SECONDS, _IDLE_SECONDS

        for _ in range(_MOST_IDLE_TURNS):
            self._idle_cpu = self._idle_requests = 0.0
            idle = self.measure(nothing)
            self._idle_cpu = idle.cpu(Part.API_SERVER) / _IDLE_SECONDS
            self._idle_requests = idle.requests / _IDLE_SECONDS
            if self._idle_requests < _MOST_IDLE_REQUESTS:
                break

    def measure(self, work: Callable[[], tuple[float, float]]) -> Cost:
        """Do the work, which returns the seconds until it was done and until its commands had returned."""
        requests, cpu = self._requests(), self._server_seconds()
        began = time.perf_counter()
        with sampling(self._servers) as sampler:
            seconds, returned = work()
        took = time.perf_counter() - began
        cpu = max(0.0, self._server_seconds() - cpu - took * self._idle_cpu)
        requests = max(0.0, self._requests() - requests - took * self._idle_requests)
        usage = {**sampler.usage(), Part.API_SERVER: Usage(cpu_seconds=cpu, peak_octets=sampler.peak[Part.API_SERVER])}
        return Cost(seconds=seconds, returned=returned, requests=round(requests), usage=usage)

    def _requests(self) -> float:
        metrics = self._cluster.kubectl("get", "--raw", "/metrics")
        return sum(
            float(number)
            for labels, number in _REQUESTS.findall(metrics)
            if not any(label in labels for label in _NOT_COUNTED)
        )

    def _server_seconds(self) -> float:
        return sum(sum(server.cpu_times()[:2]) for server in self._servers)


class Sampler:
    """The processes that this one starts, at any depth, and those of the API server."""

    def __init__(self, servers: Sequence[psutil.Process]) -> None:
        self.peak: Counter[Part] = Counter()
        """Octets of memory in the largest sample."""
        self._servers = servers
        self._ignored = {process.pid for process in psutil.Process().children(recursive=True)}
        self._parts: dict[int, Part] = {}
        self._cpu: dict[tuple[int, Part], float] = {}

    def sample(self) -> None:
        memory: Counter[Part] = Counter()
        for server in self._servers:
            memory[Part.API_SERVER] += server.memory_info().rss
        # Parents come before their children.
        for process in psutil.Process().children(recursive=True):
            if process.pid in self._ignored:
                continue
            try:
                with process.oneshot():
                    memory += self._add(process)
            except psutil.NoSuchProcess:
                continue
        self.peak |= memory

    def usage(self) -> dict[Part, Usage]:
        cpu: defaultdict[Part, float] = defaultdict(float)
        for (_, part), seconds in self._cpu.items():
            cpu[part] += seconds
        return {part: Usage(cpu_seconds=seconds, peak_octets=self.peak[part]) for part, seconds in cpu.items()}

    def _add(self, process: psutil.Process) -> Counter[Part]:
        """Record a process, and return its memory."""
        parent = self._parts.get(process.ppid())
        named = Part.PLUGIN if _PLUGIN_DOUBLE in process.cmdline() else _NAMES.get(process.name()[:15])
        part = named or parent
        if part is None:
            return Counter()
        self._parts[process.pid] = part
        times = process.cpu_times()
        # Until it starts another program, a new process has its parent's name and memory.
        if named is None and times.user + times.system == 0:
            return Counter()
        if (parent, part) != (Part.PROGRAM, Part.KUBECTL):
            self._cpu[process.pid, part] = times.user + times.system
        if part is Part.PROGRAM and named is None:
            # The Python process. Its kubectls are brief, so they are counted where the kernel adds them up.
            self._cpu[process.pid, Part.KUBECTL] = times.children_user + times.children_system
        return Counter({part: process.memory_info().rss})


@contextmanager
def sampling(servers: Sequence[psutil.Process] = ()) -> Iterator[Sampler]:
    """Sample the processes that the block starts."""
    sampler = Sampler(servers)
    done = threading.Event()

    def repeat() -> None:
        while not done.wait(_INTERVAL_SECONDS):
            sampler.sample()

    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        yield sampler
    finally:
        done.set()
        thread.join()
