"""Refuses, in the preview, to create over an object that is there and differs: a lost state must not move a VIP.

To the engine an object that its state does not know is new, whatever is live; the provider then takes it over in place.
That heals a lost or old state, as long as the object stays as it is. What would change it is refused, since neither the
other guards nor the review see a change.
"""

import pulumi
from pulumi import ResourceHookArgs

from components.guards.refusal import RefusedError
from components.live.cluster import LiveCluster
from kube.comparison import Difference, differences, overlay
from kube.facts import is_declared_by_a_stack, owner
from kube.manifest import Manifest, at, mapping, text
from kube.masking import shown
from kube.spelling import normalised
from tenants.fleet import Fleet, TenantSpec
from tenants.objects import live_keys


class CreationGuard:
    """The check before a tenant's Services, ConfigMap, StatefulSets and ReplicationController are created."""

    def __init__(self, fleet: Fleet, live: LiveCluster) -> None:
        self._fleet = fleet
        self._live = live
        self._making_way: set[str] = set()

    def expect_replacement(self, name: str) -> None:
        """Note that a controller of this name is about to be deleted and created again."""
        self._making_way.add(name)

    def refuse_overwrite(self, args: ResourceHookArgs) -> None:
        """Before an object is created."""
        declared: Manifest = args.new_inputs or {}
        kind, name = text(declared.get("kind")), text(at(declared, "metadata", "name"))
        namespace = self._fleet.cluster.namespace
        if kind == "ReplicationController" and name in self._making_way:
            return
        live = self._live.objects(namespace).get((kind, name))
        if live is None or not is_declared_by_a_stack(live):
            # Nothing is there, or the adoption has decided on it.
            return
        tenant = self._tenant(kind, name)
        if not owner(live) and not tenant.adopt:
            raise RefusedError(
                f"{kind} {namespace}/{name} is there already, made by Pulumi, but not known to this stack's state: "
                "another program's, or this stack's if its state was lost. Write `adopt: true` in "
                f"{tenant.name}'s entry to take it over as it is, or choose another name."
            )
        changes = [
            f"{each.path} is {shown(each.path, each.actual, opaque=False)}, and the entry makes it "
            f"{shown(each.path, each.expected, opaque=False)}"
            for each in _changes(normalised(declared), normalised(live))
            if not each.path.startswith("metadata.annotations")
        ]
        if changes:
            raise RefusedError(
                f"{kind} {namespace}/{name} is live, but not known to this stack's state, which was lost or is old: "
                f"{'; '.join(changes)}. Write the entry as it is live and run `pulumi up`, which takes the object back "
                "in place; then change it."
            )
        pulumi.log.info(f"{tenant.name} adopts what is there, in place and without restarting a pod: {kind} {name}")

    def _tenant(self, kind: str, name: str) -> TenantSpec:
        return next(tenant for tenant in self._fleet.tenants if (kind, name) in live_keys(tenant))


def _changes(declared: Manifest, live: Manifest) -> list[Difference]:
    """List what declaring it would change of a live object, by the fields that are declared."""
    return differences(declared, mapping(overlay(live, declared)), live)
