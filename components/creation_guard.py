"""Refuses, in the preview, to create over an object that is there and differs: a lost state must not move a VIP.

To the engine an object that its state does not know is new, whatever is live; the provider then takes it over in place.
That heals a lost or old state, as long as the object stays as it is. What would change it is refused, since neither the
other guards nor the review see a change.
"""

import pulumi
from pulumi import ResourceHookArgs

from components.data_guard import RefusedError
from components.live_cluster import LiveCluster
from kube.comparison import differences, laid_over
from kube.facts import is_made_by_pulumi, owner
from kube.manifest import Manifest, at, mapping, text
from kube.masking import shown
from tenants.fleet import Fleet, Tenant


class CreationGuard:
    """The check of every object of a tenant."""

    def __init__(self, fleet: Fleet, live: LiveCluster, stack: str) -> None:
        self._fleet = fleet
        self._live = live
        self._stack = stack
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
        if self._live.namespace(namespace) is None:
            raise RefusedError(
                f"Namespace {namespace} does not exist: run `kubectl create namespace {namespace}` first."
            )
        live = self._live.objects(namespace).get((kind, name))
        if live is None or not self._is_ours(live):
            # Nothing is there, or the adoption has decided on it.
            return
        tenant = self._tenant(name)
        if not owner(live) and not tenant.adopt:
            raise RefusedError(
                f"{kind} {namespace}/{name} is there already, made by Pulumi, but not known to this stack's state: "
                "another program's, or this stack's if its state was lost. Write `adopt: true` in "
                f"{tenant.name}'s entry to take it over as it is, or choose another name."
            )
        changes = [
            f"{each.path} is {shown(each.path, each.actual, opaque=False)}, and the entry makes it "
            f"{shown(each.path, each.expected, opaque=False)}"
            for each in differences(declared, mapping(laid_over(live, declared)), live)
            if not each.path.startswith("metadata.annotations")
        ]
        if changes:
            raise RefusedError(
                f"{kind} {namespace}/{name} is live, but not known to this stack's state, which was lost or is old: "
                f"{'; '.join(changes)}. Write the entry as it is live and run `pulumi up`, which takes the object back "
                "in place; then change it."
            )
        pulumi.log.info(f"{tenant.name} adopts what is there, in place and without restarting a pod: {kind} {name}")

    def _is_ours(self, live: Manifest) -> bool:
        return is_made_by_pulumi(live) or owner(live) in (self._stack, self._fleet.cluster.adopt_from)

    def _tenant(self, object_name: str) -> Tenant:
        return next(
            tenant
            for tenant in self._fleet.tenants
            if object_name in (tenant.virtual_ip_name, tenant.virtual_ip_config_map_name)
            or object_name in tenant.control_node_names
        )
