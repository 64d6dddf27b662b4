"""Refuses, in the preview, to create an object over a live one that differs: a lost state must not move a VIP.

For the engine an object that is missing in its state is new, whatever is live; the provider then adopts the live one in
place. That repairs a lost or old state if the object does not change. Any change is refused, since neither the other
guards nor the review can see it.
"""

import pulumi
from pulumi import ResourceHookArgs

from components.guards.refusal import RefusedError
from components.live.fleet import LiveFleet
from kube import adoption_notice
from kube.comparison import differences, overlay
from kube.facts import is_declared_by_a_stack, owner
from kube.manifest import Manifest, at, mapping, text
from kube.masking import shown
from kube.spelling import normalised
from tenants.objects import live_keys


class CreationGuard:
    """The check before a tenant's objects are created."""

    def __init__(self, live: LiveFleet) -> None:
        self._live = live
        self._tenants = {key: tenant for tenant in live.fleet.tenants for key in live_keys(tenant)}
        self._replaced: set[str] = set()

    def expect_replacement(self, name: str) -> None:
        """Record that the controller of this name is about to be deleted and recreated."""
        self._replaced.add(name)

    def refuse_overwrite(self, args: ResourceHookArgs) -> None:
        """Check the creation of an object."""
        declared: Manifest = args.new_inputs or {}
        kind, name = key = text(declared.get("kind")), text(at(declared, "metadata", "name"))
        namespace = self._live.home.namespace
        if kind == "ReplicationController" and name in self._replaced:
            return
        live = self._live.objects.get(key)
        if live is None or not is_declared_by_a_stack(live):
            # It does not exist, or `adopt_or_refuse` has decided on it.
            return
        tenant = self._tenants.get(key)
        # Of a node, if it is no tenant's; its owner has been checked then (`refused_keepalived`).
        entry = "the entry" if tenant else "cluster.nodeKeepalived"
        if tenant and not owner(live) and not tenant.adopt:
            raise RefusedError(
                f"{kind} {namespace}/{name} already exists, created by Pulumi, but is not in this stack's state: it "
                "belongs to another program, or to this stack if its state was lost. Set `adopt: true` in "
                f"{tenant.name}'s entry to adopt it as it is, or choose another name."
            )
        declared, live = normalised(declared), normalised(live)
        changes = [
            f"{each.path} is {shown(each.path, each.actual, opaque=False)}, but {entry} declares "
            f"{shown(each.path, each.expected, opaque=False)}"
            for each in differences(declared, mapping(overlay(live, declared)), live)
            if not each.path.startswith("metadata.annotations")
        ]
        if changes:
            raise RefusedError(
                f"{kind} {namespace}/{name} exists, but is not in this stack's state, which was lost or is old: "
                f"{'; '.join(changes)}. Change {entry} to match the live object and run `pulumi up`, which adopts "
                "the object in place; then change it."
            )
        pulumi.log.info(adoption_notice.write(tenant.name if tenant else name, [key]))
