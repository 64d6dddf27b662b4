"""Keeps each VIP announced by one keepalived: it leaves the old one before the new one announces it.

The engine deletes what is no longer declared at the end of an `up`. That is too late for a tenant whose VIP changes
from its own keepalived to its node's, or back: when the old pod ends, it removes the address that the new one has just
announced on the same node, and the new one does not notice (`docs/decisions/0016-a-vip-is-an-entry-of-its-node.md`).
And whatever a killed `up` has left in a ConfigMap, no later one knows of. So the old announcement is ended right before
the new one is made, as it is found in the cluster then.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pulumi
from pulumi import ResourceHookArgs

from components.guards.ownership import allowed_owners
from components.guards.refusal import RefusedError
from components.live.cluster import MOST_AT_ONCE, UnusableClusterError
from components.live.fleet import LiveFleet
from components.live.keepalived import (
    backends,
    changes_in_place,
    entries,
    keepalived_obstacle,
    node_of_own_keepalived,
)
from kube.facts import forward, is_declared_by_a_stack, owner, vips
from kube.manifest import at, text
from tenants.fleet import NODE_KEEPALIVED_PREFIX, State, TenantSpec, node_keepalived_name

RELOAD_SECONDS = 3.0
"""In which keepalived has done what its ConfigMap says: kube-keepalived-vip waits up to 2 s between two reloads."""


def refused_keepalived(live: LiveFleet) -> Iterator[str]:
    """Refuse keepalived pods of tenants that are not adopted yet, and of nodes that another stack serves."""
    keepalived = live.fleet.cluster.node_keepalived
    for tenant in live.fleet.tenants if keepalived.nodes else ():
        own = live.objects.get(("ReplicationController", tenant.virtual_ip_name))
        if not tenant.has_own_keepalived and own is not None and not is_declared_by_a_stack(own):
            yield (
                f"{tenant.name} has a keepalived of its own, ReplicationController {tenant.virtual_ip_name}, which is "
                "not adopted yet: set `keepalived: {per: tenant}` in its entry, run `pulumi up`, and change it to "
                "`node` afterwards."
            )
    yield from _refused_addresses(live)
    yield from _refused_changes(live)
    if keepalived.declared_by is None:
        yield from _refused_nodes(live)
        return
    if keepalived.declared_by == live.home.stack:
        yield "cluster.nodeKeepalived.of names this stack itself: remove it."
    for node in keepalived.nodes:
        if owner(live.objects.get(("ConfigMap", node.object_name), {})) != keepalived.declared_by:
            yield (
                f"ConfigMap {node.object_name} of namespace {live.home.namespace} is not declared by stack "
                f"{keepalived.declared_by}: run `pulumi up` of that stack with {node.name} in its "
                "cluster.nodeKeepalived.nodes first, or correct cluster.nodeKeepalived.of."
            )


def _refused_addresses(live: LiveFleet) -> Iterator[str]:
    """Refuse an address that a node announces for another tenant of the namespace: the entry would replace that one.

    An entry for a Service that does not exist was made by hand, and `up --refresh` repairs it.
    """
    ours = {tenant.virtual_ip_name for tenant in live.fleet.tenants}
    for tenant in live.fleet.tenants:
        for config_map, backend in backends(str(tenant.vip), live.objects) if not tenant.has_own_keepalived else ():
            exists = backend.namespace == live.home.namespace and ("Service", backend.service) in live.objects
            if exists and backend.service not in ours:
                yield (
                    f"{tenant.name}: vip {tenant.vip} is that of Service {backend.namespace}/{backend.service}, in "
                    f"ConfigMap {config_map}: choose another address, or first remove that tenant by itself."
                )


def _refused_changes(live: LiveFleet) -> Iterator[str]:
    """Refuse to end a tenant's own keepalived for that of its node, if this one runs already and is not ready."""
    declared_here = live.fleet.cluster.node_keepalived.declared_by is None
    for tenant in live.fleet.tenants:
        changes = not tenant.has_own_keepalived and ("ReplicationController", tenant.virtual_ip_name) in live.objects
        exists = ("ReplicationController", node_keepalived_name(tenant.active_host)) in live.objects
        # On a lost node, the tenant's own does not announce it either; and what does not exist yet is started.
        needs_check = tenant.state is State.RUNNING and tenant.force is None and (exists or not declared_here)
        if changes and needs_check and not live.nodes.is_lost(tenant.active_host):
            obstacle = keepalived_obstacle(tenant, live)
            missing = None if exists else f"no keepalived pod is declared for node {tenant.active_host}"
            if what := obstacle.what if obstacle else missing:
                yield (
                    f"{tenant.name}: its own keepalived would end, and its node's would not announce the VIP: {what}. "
                    "Repair that first, or leave the tenant its own with `keepalived: {per: tenant}`."
                )


def _refused_nodes(live: LiveFleet) -> Iterator[str]:
    """Refuse to declare a node's keepalived over an object of another stack or client."""
    namespace, allowed = live.home.namespace, allowed_owners(live)
    for node in live.fleet.cluster.node_keepalived.nodes:
        objects = {kind: live.objects.get((kind, node.object_name)) for kind in ("ConfigMap", "ReplicationController")}
        # If one of them is declared, the other was recreated by hand, and is taken over.
        is_declared = any(found and is_declared_by_a_stack(found) for found in objects.values())
        if live.nodes.is_missing(node.name) and ("ReplicationController", node.object_name) not in live.objects:
            yield f"cluster.nodeKeepalived.nodes has {live.nodes.unknown(node.name)}"
        for kind, found in objects.items():
            if found is None:
                continue
            if owner(found) not in allowed:
                yield (
                    f"{kind} {node.object_name} of namespace {namespace} belongs to stack {owner(found)}, whose "
                    "keepalived pods serve this stack's VIPs too if you add:\n  adb-tenants:cluster:\n"
                    f"    nodeKeepalived:\n      of: {owner(found)}"
                )
            elif not is_declared:
                yield (
                    f"{kind} {node.object_name} of namespace {namespace} exists and was not created by Pulumi: delete "
                    f"it first, or remove {node.name} from cluster.nodeKeepalived.nodes."
                )


class AnnouncementGuard:
    """The steps before a VIP is announced, and the checks before a node's keepalived is removed."""

    def __init__(self, live: LiveFleet) -> None:
        self._live = live
        self._tenants = {tenant.virtual_ip_name: tenant for tenant in live.fleet.tenants}
        self._ended: set[str] = set()
        self._removed: set[tuple[str, str, str]] = set()
        self._in_turn: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        # Pods take seconds to end, so nodes do not wait for each other: otherwise the VIPs of the first of 20 would be
        # down until the pods of the last had ended. Not in the event loop's own threads, which the SDK needs.
        self._kubectl = ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="kubectl")

    async def end_other_announcements(self, args: ResourceHookArgs) -> None:
        """End every announcement of a tenant's VIP but the one that is about to be made. Not in previews."""
        tenant = self._tenants[args.name]
        try:
            async with self._in_turn[node_of_own_keepalived(tenant, self._live.objects) or tenant.name]:
                if tenant.has_own_keepalived:
                    await self._leave_nodes(tenant)
                else:
                    await self._end_own_keepalived(tenant)
                    await self._remove_entries(tenant, besides=tenant.active_host)
        except UnusableClusterError as error:
            raise RefusedError(
                f"{tenant.name}: its VIP may still be announced where it was, so it is not announced elsewhere yet. "
                f"Run this again. {error}"
            ) from error

    async def remove_left_entry(self, args: ResourceHookArgs) -> None:
        """Remove an entry that the change of its patch has left, as the fields of a killed `up` have two managers."""
        old, new = args.old_inputs or {}, args.new_inputs or {}
        name = text(at(old, "metadata", "name"))
        left = [address for address in vips(old) if address not in vips(new)]
        try:
            for address in left:
                await self._remove(name, address, text(at(old, "data", address)))
        except UnusableClusterError as error:
            pulumi.log.warn(
                f"ConfigMap {name} may still contain {', '.join(left)}, so that its node announces it: check with "
                f"`kubectl get configmap {name} --output yaml`, and remove the line. {error}"
            )

    def refuse_removal_of_node(self, args: ResourceHookArgs) -> None:
        """Check the deletion of a node's keepalived or of its ConfigMap: nobody may use it any more.

        While the node is in the configuration, `pulumi destroy` deletes them.
        """
        node = args.name.removeprefix(NODE_KEEPALIVED_PREFIX)
        served = [
            tenant.name
            for tenant in self._live.fleet.tenants
            if tenant.active_host == node and not tenant.has_own_keepalived and tenant.state is not State.RETIRED
        ]
        if served:
            raise RefusedError(
                f"The keepalived of node {node} would be deleted while it serves {', '.join(served)}. To remove "
                "tenants, set `state: retired` in their entries and run `pulumi up` first."
            )
        objects = self._live.objects
        found = objects.get(("ConfigMap", args.name), {})
        backends = [backend for address in vips(found) if (backend := forward(found, address))]
        allowed = {"", self._live.home.stack}
        others = {owner(objects.get(("Service", backend.service), {})) for backend in backends} - allowed
        if others:
            raise RefusedError(
                f"The keepalived of node {node} serves VIPs of stack {', '.join(sorted(others))}: move those tenants "
                f"first, or restore {node} in cluster.nodeKeepalived.nodes."
            )

    async def _end_own_keepalived(self, tenant: TenantSpec) -> None:
        """End a tenant's own keepalived pod, and those of all tenants on its node that change like it.

        At once, since the first of many that end one by one would be without its VIP for long. One that fails over at
        the same time is not among them: its promotion may fail.
        """
        objects = self._live.objects
        node = node_of_own_keepalived(tenant, objects)
        on_node = (each for each in self._live.fleet.tenants if each.active_host == node)
        alike = [each for each in on_node if changes_in_place(each, objects)]
        ending = {each.virtual_ip_name: each.virtual_ip_config_map_name for each in (tenant, *alike)}
        if not node or tenant.virtual_ip_name in self._ended:
            return
        # On a lost node nothing ends a pod; a failover must not wait for it.
        is_lost = self._live.nodes.is_lost(node)
        if not is_lost:
            # A pod that ends may leave the address or the IPVS service on the node, since kube-keepalived-vip does not
            # wait for keepalived (3 of 12 times on a busy machine, 2026-11). Told that it has no VIP, it removes both.
            for config_map in ending.values():
                for address in vips(objects.get(("ConfigMap", config_map), {})):
                    await self._remove(config_map, address, self._line(config_map, address))
            await asyncio.sleep(RELOAD_SECONDS)
        await self._run(lambda: self._live.cluster.delete_controllers(sorted(ending), wait=not is_lost))
        self._ended.update(ending)

    async def _leave_nodes(self, tenant: TenantSpec) -> None:
        """Remove a tenant's entries, and wait until the keepalived of their nodes has done the same.

        A node's pod that ends, as it does at the end of an `up` that no longer lists the node, takes the addresses and
        IPVS services along that it knows of, also those that a pod of the tenant's own has set up since.
        """
        if not all(map(self._live.nodes.is_lost, await self._remove_entries(tenant, besides=None))):
            await asyncio.sleep(RELOAD_SECONDS)

    def _line(self, config_map: str, address: str) -> str:
        """Return what a ConfigMap forwards an address to, as it was read: whoever has written it."""
        return text(at(self._live.objects.get(("ConfigMap", config_map), {}), "data", address))

    async def _remove_entries(self, tenant: TenantSpec, *, besides: str | None) -> set[str]:
        """Remove a tenant's entries, and return their nodes."""
        others = [(node, address) for node, address in entries(tenant, self._live.objects) if node != besides]
        for node, address in others:
            name = node_keepalived_name(node)
            await self._remove(name, address, self._line(name, address))
        return {node for node, _ in others}

    async def _remove(self, config_map: str, address: str, backend: str) -> None:
        line = config_map, address, backend
        # Each is a read of the cluster, and a replaced patch comes twice: after its deletion, and before its creation.
        if line not in self._removed:
            await self._run(lambda: self._live.cluster.remove_data(*line))
            self._removed.add(line)

    async def _run(self, write: Callable[[], None]) -> None:
        await asyncio.get_running_loop().run_in_executor(self._kubectl, write)
