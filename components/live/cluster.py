"""What the program must know of the live cluster before the engine acts: read by kubectl.

Everything else goes through Pulumi. This does not, because a read that fails inside the engine ends the program before
it can say anything, and what the plugin prints then ends in the advice to drop the resources from the state
(`PULUMI_K8S_DELETE_UNREACHABLE`), which would lose every tenant. See docs/decisions/0004-live-reads.md.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from kube import kubectl
from kube.kubectl_errors import NOT_FOUND, KubectlError
from tenants.objects import JOB, SERVICE_ACCOUNT, STATEFUL_SET, Key, ResourceKind, live_kinds

T = TypeVar("T")

MOST_AT_ONCE = 8
"""A read is a process of its own; more of them than this only get in each other's way."""


class UnusableClusterError(Exception):
    """The cluster cannot be used as it is; the text says in a sentence or two what to do."""

    def __init__(self, message: str, *, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason
        """Where the cluster was not read: why, as `KubectlError` has it."""


class LiveCluster:
    """A cluster that answers; each method raises `UnusableClusterError` if it does not.

    Lists are read once a run and show the cluster as it was then. A single pod, node or Secret is read anew whenever
    it is asked for, and so is what `revisions` tells.
    """

    def __init__(self, context: str | None, *, kinds: Iterable[ResourceKind] = ()) -> None:
        """Connect as kubectl does: by the kubeconfig, or inside a pod by its service account.

        Args:
            context: Context of the kubeconfig; `None` for the current one.
            kinds: The kinds that `objects` lists; those of every fleet by default.
        """
        self._context = context
        self._kinds = (*(tuple(kinds) or live_kinds()), SERVICE_ACCOUNT)
        self._reading = ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="kubectl")
        self._begun: dict[str, Future[Mapping[str, Any]]] = {}
        self._objects: dict[str, Mapping[Key, Mapping[str, Any]]] = {}

    def prefetch(self, namespace: str) -> None:
        """Read all lists that the program asks for in every run, side by side.

        One read goes ahead: a login plugin has then kept its token for the others, and a cluster that does not answer
        is asked once.
        """
        self.uid()
        self._begin([_NODES, f"/api/v1/namespaces/{namespace}", *(kind.path(namespace) for kind in self._kinds)])

    def uid(self) -> str:
        """What tells this cluster from every other one: the uid of its namespace `kube-system`, made with it."""
        found = self.namespace("kube-system")
        if found is None:
            raise UnusableClusterError("The cluster has no namespace kube-system, by whose uid it is known.")
        uid: str = found["metadata"]["uid"]
        return uid

    def namespace(self, name: str) -> Mapping[str, Any] | None:
        """A namespace, read once a run; `None` if there is none."""
        path = f"/api/v1/namespaces/{name}"
        self._begin([path])
        return _if_there(self._begun[path].result, name)

    def nodes(self) -> Mapping[str, Mapping[str, Any]]:
        """Every node, by name."""
        return _by_name(self._list(_NODES))

    def objects(self, namespace: str) -> Mapping[Key, Mapping[str, Any]]:
        """Every object of the kinds that a tenant is made of, Secrets left out, by kind and name."""
        if namespace not in self._objects:
            self._begin(kind.path(namespace) for kind in self._kinds)
            # Put together once: each hook of each object asks for it.
            self._objects[namespace] = {
                (kind.name, name): {**item, "kind": kind.name}
                for kind in self._kinds
                for name, item in _by_name(self._list(kind.path(namespace))).items()
            }
        return self._objects[namespace]

    def jobs(self, namespace: str) -> Sequence[Mapping[str, Any]]:
        """Every Job."""
        return self._list(JOB.path(namespace))

    def pods(self, namespace: str) -> Mapping[str, Mapping[str, Any]]:
        """Every pod, by name."""
        return _by_name(self._list(_pods(namespace)))

    def pod(self, namespace: str, name: str) -> Mapping[str, Any] | None:
        """A pod as it is now; `None` if there is none."""
        return _if_there(lambda: kubectl.read(f"{_pods(namespace)}/{name}", context=self._context), name)

    def node(self, name: str) -> Mapping[str, Any] | None:
        """A node as it is now; `None` if there is none."""
        return _if_there(lambda: kubectl.read(f"{_NODES}/{name}", context=self._context), name)

    def delete_node(self, name: str) -> None:
        """Delete a Node object: the only thing that is not left to the engine."""
        _answered(lambda: kubectl.delete(f"{_NODES}/{name}", context=self._context))

    def secret(self, namespace: str, name: str) -> Mapping[str, Any] | None:
        """A Secret as it is now; `None` if there is none."""
        path = f"/api/v1/namespaces/{namespace}/secrets/{name}"
        return _if_there(lambda: kubectl.read(path, context=self._context), name)

    def revisions(self, namespace: str) -> Mapping[str, str]:
        """What each StatefulSet's first pod runs: its `current` template or an `old` one; left out without a pod."""
        # Asked when all is done, so not of what was read when it began.
        paths = (STATEFUL_SET.path(namespace), _pods(namespace))
        stateful_sets, pods = (_answered(future.result) for future in [self._read(path) for path in paths])
        latest = {name: item["status"].get("updateRevision") for name, item in _by_name(_items(stateful_sets)).items()}
        runs = {
            name: item["metadata"].get("labels", {}).get("controller-revision-hash")
            for name, item in _by_name(_items(pods)).items()
        }
        return {
            name: "current" if runs[f"{name}-0"] == revision else "old"
            for name, revision in latest.items()
            if f"{name}-0" in runs
        }

    def _list(self, path: str) -> Sequence[Mapping[str, Any]]:
        self._begin([path])
        return _items(_answered(self._begun[path].result))

    def _begin(self, paths: Iterable[str]) -> None:
        for path in paths:
            if path not in self._begun:
                self._begun[path] = self._read(path)

    def _read(self, path: str) -> Future[Mapping[str, Any]]:
        return self._reading.submit(kubectl.read, path, context=self._context)


_NODES = "/api/v1/nodes"


def _pods(namespace: str) -> str:
    return f"/api/v1/namespaces/{namespace}/pods"


def _items(answer: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    # An empty list may come as `null`.
    return answer.get("items") or ()


def _by_name(found: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    return {item["metadata"]["name"]: item for item in found}


def _answered(read: Callable[[], T]) -> T:
    try:
        return read()
    except KubectlError as error:
        raise UnusableClusterError(f"{error}.", reason=error.reason) from error


def _if_there(read: Callable[[], Mapping[str, Any]], name: str) -> Mapping[str, Any] | None:
    """Take what is read; `None` where the API server says that this very object is not there.

    "The server could not find the requested resource" is none of that: whatever answers so may be no API server.
    """
    try:
        return _answered(read)
    except UnusableClusterError as error:
        if error.reason == NOT_FOUND and f'"{name}" not found' in str(error):
            return None
        raise
