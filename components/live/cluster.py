"""Reads of the live cluster by kubectl, before and during a run, and three writes.

All other writes than `delete_node`, `delete_controllers` and `remove_data` go through Pulumi. These reads do not: one
that fails inside the engine ends the program before it can report anything, and the plugin's message then ends in the
advice to drop the resources from the state (`PULUMI_K8S_DELETE_UNREACHABLE`), which would lose every tenant. See
docs/decisions/0004-live-reads.md.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from kube import kubectl
from kube.facts import runs_old_template
from kube.kubectl_errors import KubectlError, Reason
from tenants.objects import JOB, SERVICE_ACCOUNT, STATEFUL_SET, LocalKey, ResourceKind, live_kinds

T = TypeVar("T")

ENDING_SECONDS = 60
"""How long pods may take to end: their grace period is 30 s."""
MOST_AT_ONCE = 8
"""A read is a process of its own; more of them at once only slow each other down."""


class UnusableClusterError(Exception):
    """The cluster cannot be used as it is; the message states in a sentence or two what to do."""

    def __init__(self, message: str, *, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason
        """Where a read failed: why, as in `KubectlError`."""


class LiveCluster:
    """A namespace of a live cluster, and the nodes; each method raises `UnusableClusterError` if a read fails.

    Lists are read once a run and show the cluster as it was then. `pod`, `node`, `secrets` and `revisions` read again
    at each call.
    """

    def __init__(self, context: str | None, namespace: str, *, kinds: Iterable[ResourceKind] = ()) -> None:
        """Connect as kubectl does; `objects` lists these kinds, by default those that every tenant has."""
        self._context = context
        self._namespace = namespace
        self._lists = {kind.name: kind.path(namespace) for kind in (*(tuple(kinds) or live_kinds()), SERVICE_ACCOUNT)}
        self._reading = ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="kubectl")
        self._begun: dict[str, Future[Mapping[str, Any]]] = {}
        self._objects: Mapping[LocalKey, Mapping[str, Any]] | None = None

    def prefetch(self) -> None:
        """Read all lists that every run needs, side by side.

        One read goes first: a login plugin has then cached its token for the others, and an API server that cannot be
        reached is tried once.
        """
        self.uid()
        self._begin([_NODES, f"{_NAMESPACES}/{self._namespace}", *self._lists.values()])

    def uid(self) -> str:
        """Return the uid of namespace `kube-system`, which identifies the cluster."""
        found = self._named_namespace("kube-system")
        if found is None:
            raise UnusableClusterError("The cluster has no namespace kube-system; its uid identifies the cluster.")
        uid: str = found["metadata"]["uid"]
        return uid

    def namespace(self) -> Mapping[str, Any] | None:
        """Return the namespace, read once a run; `None` if it does not exist."""
        return self._named_namespace(self._namespace)

    def _named_namespace(self, name: str) -> Mapping[str, Any] | None:
        path = f"{_NAMESPACES}/{name}"
        self._begin([path])
        return _if_exists(self._begun[path].result, name)

    def nodes(self) -> Mapping[str, Mapping[str, Any]]:
        """Return every node, by name."""
        return _by_name(self._list(_NODES))

    def objects(self) -> Mapping[LocalKey, Mapping[str, Any]]:
        """Return every object of the kinds that a tenant is made of, and every ServiceAccount, by kind and name."""
        if self._objects is None:
            self._begin(self._lists.values())
            # Put together once: each hook of each object needs it.
            self._objects = {
                (kind, name): {**item, "kind": kind}
                for kind, path in self._lists.items()
                for name, item in _by_name(self._list(path)).items()
            }
        return self._objects

    def jobs(self) -> Sequence[Mapping[str, Any]]:
        return self._list(JOB.path(self._namespace))

    def pods(self) -> Mapping[str, Mapping[str, Any]]:
        """Return every pod, by name."""
        return _by_name(self._list(self._pods_path))

    def pod(self, name: str) -> Mapping[str, Any] | None:
        """Return a pod as it is now; `None` if it does not exist."""
        return self._read_now(f"{self._pods_path}/{name}", name)

    def node(self, name: str) -> Mapping[str, Any] | None:
        """Return a node as it is now; `None` if it does not exist."""
        return self._read_now(f"{_NODES}/{name}", name)

    def delete_node(self, name: str) -> None:
        """Delete a Node object."""
        _answered(lambda: kubectl.delete(f"{_NODES}/{name}", context=self._context))

    def delete_controllers(self, names: Sequence[str], *, wait: bool) -> None:
        """Delete those of these ReplicationControllers that exist, and wait until their pods have ended."""
        waiting = ["--cascade=foreground", f"--timeout={ENDING_SECONDS}s"] if wait else ["--wait=false"]
        self._write(["delete", "replicationcontrollers", *names, "--ignore-not-found", *waiting])

    def remove_data(self, config_map: str, key: str, value: str) -> None:
        """Remove a key with this value from a ConfigMap, if they exist."""
        path = f"{_NAMESPACES}/{self._namespace}/configmaps/{config_map}"
        found = self._read_now(path, config_map)
        data = (found or {}).get("data") or {}
        if data.get(key) == value:
            # A key with another value is not removed, whoever wrote it since.
            test = {"op": "test", "path": f"/data/{key}", "value": value}
            patch = json.dumps([test, {"op": "remove", "path": f"/data/{key}"}])
            self._write(["patch", "configmap", config_map, "--type", "json", "--patch", patch])

    def _write(self, arguments: Sequence[str]) -> None:
        _answered(lambda: kubectl.write(["--namespace", self._namespace, *arguments], context=self._context))

    def secrets(self, names: Iterable[str]) -> Mapping[str, Mapping[str, Any]]:
        """Return those of these Secrets that exist, as they are now, by name."""
        # Not as a list, for which the kubeconfig's user may lack the permission.
        reads = {name: self._read(f"{_NAMESPACES}/{self._namespace}/secrets/{name}") for name in names}
        found = {name: _if_exists(read.result, name) for name, read in reads.items()}
        return {name: secret for name, secret in found.items() if secret is not None}

    def revisions(self) -> Mapping[str, str]:
        """Return what each StatefulSet's first pod runs now: `current` or `old`; omitted if it has no pod."""
        # Read after the update, so not from the lists of the beginning.
        paths = (STATEFUL_SET.path(self._namespace), self._pods_path)
        stateful_sets, pods = (
            _by_name(_items(_answered(future.result))) for future in [self._read(path) for path in paths]
        )
        return {
            name: "old" if runs_old_template(stateful_set, pods[f"{name}-0"]) else "current"
            for name, stateful_set in stateful_sets.items()
            if f"{name}-0" in pods
        }

    @property
    def _pods_path(self) -> str:
        return f"{_NAMESPACES}/{self._namespace}/pods"

    def _read_now(self, path: str, name: str) -> Mapping[str, Any] | None:
        return _if_exists(lambda: kubectl.read(path, context=self._context), name)

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
_NAMESPACES = "/api/v1/namespaces"


def _items(answer: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    # An empty list may be `null`.
    return answer.get("items") or ()


def _by_name(found: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    return {item["metadata"]["name"]: item for item in found}


def _answered(read: Callable[[], T]) -> T:
    try:
        return read()
    except KubectlError as error:
        raise UnusableClusterError(f"{error}.", reason=error.reason) from error


def _if_exists(read: Callable[[], Mapping[str, Any]], name: str) -> Mapping[str, Any] | None:
    """Return what is read; `None` if the API server reports that this very object does not exist.

    "The server could not find the requested resource" is not such a report: it may not come from an API server at all.
    """
    try:
        return _answered(read)
    except UnusableClusterError as error:
        if error.reason == Reason.NOT_FOUND and f'"{name}" not found' in str(error):
            return None
        raise
