"""A cluster for unit tests, with given live and expected objects."""

from collections.abc import Mapping, Sequence
from typing import Any

from drift.cluster import KubectlClient
from drift.deployed import Declared, DeployedStack
from kube.dry_run import Rejection
from kube.manifest import Key, Manifest, key_of


class ClusterOfLists(KubectlClient):
    """Reads lists instead of running kubectl."""

    def __init__(
        self,
        live: Sequence[Manifest],
        *,
        expected: Mapping[Key, Manifest | Rejection] | None = None,
        stateful_sets: Sequence[Manifest] = (),
        error: str = "",
    ) -> None:
        super().__init__(None)
        self._live = {key_of(each): each for each in live}
        self._expected = expected or {}
        self._stateful_sets = stateful_sets
        self._error = error
        self.written: list[Manifest] = []

    def live(self, declared: Sequence[Manifest]) -> dict[Key, Manifest]:
        return {key_of(each): self._live[key_of(each)] for each in declared if key_of(each) in self._live}

    def expected(self, declared: Sequence[Manifest]) -> dict[Key, Manifest | Rejection]:
        return {key_of(each): self._expected.get(key_of(each), each) for each in declared}

    def nodes(self) -> Sequence[Manifest]:
        return [each for each in self._live.values() if each["kind"] == "Node"]

    def stateful_sets(self) -> Sequence[Manifest]:
        return self._stateful_sets

    def replace(self, manifest: Manifest) -> str:
        self.written.append(manifest)
        return self._error


def manifest(kind: str, name: str, *, labels: Mapping[str, str] | None = None, **fields: Any) -> dict[str, Any]:
    """Return an object in the namespace `cell`, or a node."""
    metadata: dict[str, Any] = {"name": name} | ({} if kind == "Node" else {"namespace": "cell"})
    return {"kind": kind, "metadata": metadata | ({"labels": dict(labels)} if labels else {}), **fields}


def deployed(*manifests: Manifest, uid: str = "u1", secret_fields: frozenset[str] = frozenset()) -> DeployedStack:
    """Return a stack of these objects; nodes are patches."""
    return DeployedStack(
        stack="prod",
        context=None,
        objects=tuple(
            Declared(manifest=each, is_patch=each["kind"] == "Node", uid=uid, secret_fields=secret_fields)
            for each in manifests
        ),
    )
