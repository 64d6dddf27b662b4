"""A cluster for unit tests: it holds what it is given, and makes of a declaration what it is told."""

from collections.abc import Mapping, Sequence
from typing import Any

from drift.cluster import RepairClient
from drift.deployed import Declared, DeployedStack
from kube.dry_run import Rejection
from kube.manifest import Key, Manifest, key_of


class ClusterOfLists(RepairClient):
    """Answers without kubectl."""

    def __init__(
        self,
        live: Sequence[Manifest],
        *,
        clean: Mapping[Key, Manifest | Rejection] | None = None,
        stateful_sets: Sequence[Manifest] = (),
        replaces: str = "",
    ) -> None:
        super().__init__(None)
        self._live = {key_of(each): each for each in live}
        self._clean = clean or {}
        self._stateful_sets = stateful_sets
        self._replaces = replaces
        self.written: list[Manifest] = []

    def live(self, wanted: Sequence[Manifest]) -> dict[Key, Manifest]:
        return {key_of(each): self._live[key_of(each)] for each in wanted if key_of(each) in self._live}

    def clean(self, declared: Sequence[Manifest]) -> dict[Key, Manifest | Rejection]:
        return {key_of(each): self._clean.get(key_of(each), each) for each in declared}

    def nodes(self) -> Sequence[Manifest]:
        return [each for each in self._live.values() if each["kind"] == "Node"]

    def stateful_sets(self) -> Sequence[Manifest]:
        return self._stateful_sets

    def replace(self, righted: Manifest) -> str:
        self.written.append(righted)
        return self._replaces


def manifest(kind: str, name: str, *, labels: Mapping[str, str] | None = None, **fields: Any) -> dict[str, Any]:
    """An object in the namespace `cell`; a node in none."""
    metadata: dict[str, Any] = {"name": name} | ({} if kind == "Node" else {"namespace": "cell"})
    return {"kind": kind, "metadata": metadata | ({"labels": dict(labels)} if labels else {}), **fields}


def deployed(*manifests: Manifest, uid: str = "u1", secret_fields: frozenset[str] = frozenset()) -> DeployedStack:
    """A stack of these objects; nodes are declared in part."""
    return DeployedStack(
        stack="prod",
        context=None,
        objects=tuple(
            Declared(manifest=each, in_part=each["kind"] == "Node", uid=uid, secret_fields=secret_fields)
            for each in manifests
        ),
    )
