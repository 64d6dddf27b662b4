"""Accesses the live cluster by kubectl."""

from collections.abc import Sequence

from kube import dry_run, kubectl
from kube.dry_run import FIELD_MANAGER, Rejection, as_list
from kube.manifest import Key, Manifest, key_of


class KubectlClient:
    """Reads live objects, computes expected ones by dry run, and writes repairs; raises `UnreadableError`."""

    def __init__(self, context: str | None) -> None:
        self._context = context

    def live(self, declared: Sequence[Manifest]) -> dict[Key, Manifest]:
        """Return those of the objects that exist."""
        if not declared:
            return {}
        get = ["get", "--filename", "-", "--ignore-not-found", "--show-managed-fields"]
        return {key_of(found): found for found in kubectl.objects(get, context=self._context, stdin=as_list(declared))}

    def expected(self, declared: Sequence[Manifest]) -> dict[Key, Manifest | Rejection]:
        """Return what the API server would make of existing objects if they were replaced by their declaration.

        So they have the API server's defaults and what it has allocated, a cluster IP for instance. The declarations
        are not validated: the `up` has done that.
        """
        return dry_run.replaced(declared, context=self._context)

    def nodes(self) -> Sequence[Manifest]:
        return kubectl.objects(["get", "nodes", "--show-managed-fields"], context=self._context)

    def stateful_sets(self) -> Sequence[Manifest]:
        """Return the StatefulSets of all namespaces."""
        return kubectl.objects(["get", "statefulsets", "--all-namespaces"], context=self._context)

    def replace(self, manifest: Manifest) -> str:
        """Replace an object that was read before; return kubectl's error, for instance if it has changed since."""
        replace = ["replace", "--filename", "-", "--validate=ignore", "--field-manager", FIELD_MANAGER]
        return kubectl.run(replace, context=self._context, stdin=as_list([manifest])).last_line
