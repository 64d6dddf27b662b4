"""The live cluster, asked by kubectl."""

from collections.abc import Sequence

from kube import dry_run, kubectl
from kube.dry_run import FIELD_MANAGER, Rejection, listed
from kube.manifest import Key, Manifest, key_of


class RepairClient:
    """What is there, what should be, and the way from one to the other; each method raises `UnreadableError`."""

    def __init__(self, context: str | None) -> None:
        self._context = context

    def live(self, wanted: Sequence[Manifest]) -> dict[Key, Manifest]:
        """Those of the objects that are there."""
        if not wanted:
            return {}
        get = ["get", "--filename", "-", "--ignore-not-found", "--show-managed-fields"]
        return {key_of(found): found for found in kubectl.objects(get, context=self._context, given=listed(wanted))}

    def clean(self, declared: Sequence[Manifest]) -> dict[Key, Manifest | Rejection]:
        """What the API server would make of objects that are there if it were given nothing but the declaration.

        Each is written anew in a dry run, so that the API server's defaults are in it, and what it has allotted: a
        cluster IP, for instance. Whether the declaration is valid was for the `up` to say.
        """
        return dry_run.replaced(declared, context=self._context)

    def nodes(self) -> Sequence[Manifest]:
        """Every node."""
        return kubectl.objects(["get", "nodes", "--show-managed-fields"], context=self._context)

    def stateful_sets(self) -> Sequence[Manifest]:
        """The StatefulSets of every namespace."""
        return kubectl.objects(["get", "statefulsets", "--all-namespaces"], context=self._context)

    def replace(self, righted: Manifest) -> str:
        """Write an object that was read before; what kubectl says if it cannot, or the object has changed since."""
        replace = ["replace", "--filename", "-", "--validate=ignore", "--field-manager", FIELD_MANAGER]
        return kubectl.ask(replace, context=self._context, given=listed([righted])).last_word
