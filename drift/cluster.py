"""The live cluster, asked by kubectl."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from drift.deployed import Key, key_of
from kube import kubectl
from kube.manifest import Manifest

FIELD_MANAGER = "adb-tenants"
"""Under whose name a repair is written, for the next reader of `managedFields`."""


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why the API server would not make an object what it should be."""

    message: str


class Cluster:
    """What is there, what should be, and the way from one to the other; each method raises `UnreadableError`."""

    def __init__(self, context: str | None) -> None:
        self._context = context

    def live(self, wanted: Sequence[Manifest]) -> dict[Key, Manifest]:
        """Those of the objects that are there."""
        if not wanted:
            return {}
        get = ["get", "--filename", "-", "--ignore-not-found", "--show-managed-fields"]
        return {key_of(found): found for found in kubectl.objects(get, context=self._context, given=_list(wanted))}

    def clean(self, declared: Sequence[Manifest]) -> dict[Key, Manifest | Refusal]:
        """What the API server would make of objects that are there if it were given nothing but the declaration.

        Each is written anew in a dry run, so that the API server's defaults are in it, and what it has allotted: a
        cluster IP, for instance. Whether the declaration is valid was for the `up` to say.
        """
        if not declared:
            return {}
        found: dict[Key, Manifest | Refusal] = {}
        answer = self._replaced(declared)
        found.update((key_of(each), each) for each in answer.objects)
        for manifest in declared:
            if key_of(manifest) not in found:
                # By itself, so that what kubectl says is about this one. A conflict with a controller is gone by now.
                answer = self._replaced([manifest])
                found.update((key_of(each), each) for each in answer.objects)
                if answer.complaint:
                    found[key_of(manifest)] = _refusal(answer)
        return found

    def nodes(self) -> Sequence[Manifest]:
        """Every node."""
        return kubectl.objects(["get", "nodes", "--show-managed-fields"], context=self._context)

    def stateful_sets(self) -> Sequence[Manifest]:
        """The StatefulSets of every namespace."""
        return kubectl.objects(["get", "statefulsets", "--all-namespaces"], context=self._context)

    def replace(self, righted: Manifest) -> str:
        """Write an object that was read before; what kubectl says if it cannot, or the object has changed since."""
        replace = ["replace", "--filename", "-", "--validate=ignore", "--field-manager", FIELD_MANAGER]
        return kubectl.ask(replace, context=self._context, given=_list([righted])).last_word

    def _replaced(self, declared: Sequence[Manifest]) -> kubectl.Answer:
        replace = ["replace", "--filename", "-", "--validate=ignore", "--dry-run=server"]
        return kubectl.ask(replace, context=self._context, given=_list(declared), repeatable=True)


def _list(objects: Sequence[Manifest]) -> bytes:
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)}).encode()


def _refusal(answer: kubectl.Answer) -> Refusal:
    _, invalid, why = answer.complaint.partition(" is invalid:")
    if not invalid:
        # The user may not, or the API server does not answer: nothing that is said of the object itself.
        raise answer.error()
    # What follows may be the value, and that a secret one.
    return Refusal(message=" ".join(why.partition(": Invalid value")[0].split()))
