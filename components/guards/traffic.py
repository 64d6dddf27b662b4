"""Refuses, in the preview, a failover to a database that is not ready, or to a node where keepalived cannot run.

keepalived removes a VIP whose Service has no ready endpoint (kube-keepalived-vip#53), and a VIP whose keepalived pod
cannot start is not announced at all, even if both databases are ready: such a failover is an outage.
"""

from collections.abc import Mapping, Sequence

import pulumi
from pulumi import ResourceHookArgs

from components.guards.refusal import RefusedError
from components.live.fleet import LiveFleet
from components.live.keepalived import announced, keepalived_obstacle
from components.live.nodes import Obstacle
from kube.facts import FORCED_ANNOTATION, is_ready, selected_role
from kube.manifest import Manifest, at
from tenants.fleet import Role, State, TenantSpec


def refused_addresses(live: LiveFleet) -> Sequence[str]:
    """Refuse a VIP that is an address of a node, unless it is announced already."""
    objects, nodes = live.objects, live.nodes.addresses()
    return [
        f"{tenant.name}: vip {tenant.vip} is the address of node {nodes[str(tenant.vip)]}, which would lose it to "
        "keepalived. Choose an address that no node has."
        for tenant in live.fleet.tenants
        if str(tenant.vip) in nodes
        # A kubelet may report the VIP that its node holds as the node's own.
        and str(tenant.vip) not in announced(tenant, objects)
    ]


def warn_of_nodes_to_power_off(live: LiveFleet) -> None:
    """Warn of failovers away from nodes on which keepalived cannot be stopped: while it runs, it keeps the VIP.

    kube-keepalived-vip starts with `nopreempt` and one priority for all, so a second one stays BACKUP (measured,
    docs/decisions/0012-the-old-keepalived-is-not-waited-for.md). A node's own releases the VIP as soon as it reads that
    it has left its ConfigMap, which needs no kubelet.
    """
    for tenant in live.fleet.tenants:
        old_node = tenant.hosts.of(tenant.active_role.other)
        service = live.objects.get(("Service", tenant.virtual_ip_name), {})
        if _selects_other_role(tenant, service) and live.nodes.is_lost(old_node):
            still = "still runs" if tenant.has_own_keepalived else "still runs and cannot reach the API server"
            pulumi.log.warn(
                f"{tenant.name}: fails over from {old_node}, whose kubelet is not ready. If {old_node} {still}, its "
                "keepalived keeps the VIP, and clients connect to the old database or to none. Power it off, or "
                "disconnect it from the network, before this or right after it."
            )


class TrafficGuard:
    """The checks before a failover changes VIP Services, and before Jobs promote a database."""

    forced: Mapping[str, str | None]
    """By tenant that has `force`: the reason, if its VIP's Service selects a pod that may not be ready."""

    def __init__(self, live: LiveFleet) -> None:
        tenants = live.fleet.tenants
        self._live = live
        self._by_service = {tenant.virtual_ip_name: tenant for tenant in tenants}
        self._by_job = {tenant.promotion_job_name(role): tenant for tenant in tenants for role in Role}
        self.forced = {tenant.name: self._why_forced(tenant) for tenant in tenants if tenant.force is not None}

    def _why_forced(self, tenant: TenantSpec) -> str | None:
        service = self._service(tenant)
        refusal = self._refusal(tenant)
        if refusal is None:
            obstacles = [self._live.nodes.obstacle(tenant, role, best_effort=False) for role in Role]
            if tenant.state is State.RUNNING and not any(obstacles):
                pulumi.log.warn(
                    f"{tenant.name}: force is no longer needed: {tenant.pod_name(tenant.active_role)} is ready. Remove "
                    "it from the entry, or the next failover is not checked."
                )
            return None
        if _selects_other_role(tenant, service):
            pulumi.log.warn(f"{tenant.name}: fails over by force ({tenant.force}). Without it: {refusal}")
            return tenant.force
        # It stays as it was created, so that later runs change nothing.
        return tenant.force if at(service, "metadata", "annotations", FORCED_ANNOTATION) is not None else None

    def refused_failovers(self) -> Sequence[str]:
        """Refuse failovers to databases that are not ready."""
        return [
            refusal
            for tenant in self._live.fleet.tenants
            if tenant.force is None and _selects_other_role(tenant, self._service(tenant))
            if (refusal := self._refusal(tenant)) is not None
        ]

    def refuse_unready(self, args: ResourceHookArgs) -> None:
        """Check the update of a VIP's Service."""
        tenant = self._by_service[args.name]
        # The live object counts: the state may be older, and the failover done.
        service = self._service(tenant) or args.old_inputs or {}
        if not _selects_other_role(tenant, service) or tenant.force is not None:
            return
        is_running = tenant.state is State.RUNNING
        needs_label = is_running and tenant.has_own_keepalived
        lost = self._live.nodes.label_obstacle(tenant, tenant.active_role) if needs_label else None
        if refusal := _refusal_of_node(tenant, lost) if lost else self._refusal(tenant):
            raise RefusedError(refusal)

    def refuse_promotion_of_unready(self, args: ResourceHookArgs) -> None:
        """Check the creation of a promotion's Job: a database must not be promoted if the failover is then refused."""
        tenant = self._by_job[args.name]
        if (args.new_inputs or {})["spec"]["suspend"] or tenant.force is not None:
            return
        if refusal := self._refusal(tenant):
            raise RefusedError(refusal)

    def _service(self, tenant: TenantSpec) -> Manifest:
        return self._live.objects.get(("Service", tenant.virtual_ip_name), {})

    def _refusal(self, tenant: TenantSpec) -> str | None:
        """Return why the tenant's clients must not be sent to its active role; `None` if they may."""
        if tenant.state is not State.RUNNING:
            # No traffic moves yet, so no pod has to be ready; but nothing would promote the database before it does.
            return _unpromoted(tenant) if tenant.promotion else None
        pod, node = tenant.pod_name(tenant.active_role), tenant.hosts.of(tenant.active_role)
        if obstacle := keepalived_obstacle(tenant, self._live):
            return _refusal_of_node(tenant, obstacle)
        if tenant.promotion and (obstacle := self._live.nodes.obstacle(tenant, tenant.active_role, best_effort=True)):
            # Only where the node's keepalived serves: a cordoned node's goes on, but no Job starts there.
            return (
                f"{tenant.name} would fail over to {pod} on {node}, where its promotion could not run: "
                f"{obstacle.what}. To fix that, {obstacle.remedy}, then run this again; or promote that database in "
                "another way, and fail over without `promotion` in the entry."
            )
        if not is_ready(self._live.cluster.pod(pod) or {}):
            promote = "" if tenant.promotion else "promote its database, "
            return (
                f"{tenant.name} would fail over to {pod} on {node}, which is not ready: clients could not connect. "
                f"Wait until it is (`kubectl get pod`), {promote}and run this again; {_IF_LOST}"
            )
        return None


_IF_LOST = "or, if the other database is lost anyway, add to the tenant's entry:\n  force: <the reason>"


def _refusal_of_node(tenant: TenantSpec, obstacle: Obstacle) -> str:
    pod, node = tenant.pod_name(tenant.active_role), tenant.hosts.of(tenant.active_role)
    fault = "its keepalived pod could not start" if tenant.has_own_keepalived else "no keepalived would announce it"
    return (
        f"{tenant.name} would fail over to {pod} on {node}, where {fault}, so that the VIP "
        f"would be down: {obstacle.what}. To fix that, {obstacle.remedy}, then run this again; {_IF_LOST}"
    )


def _unpromoted(tenant: TenantSpec) -> str:
    return (
        f"{tenant.name} is {tenant.state}, so its promotion cannot run: from its next start on, clients would connect "
        f"to {tenant.pod_name(tenant.active_role)}, which has not been promoted. Fail over while the tenant runs; or, "
        "if that database has been promoted in another way, add to the tenant's entry:\n  force: <the reason>"
    )


def _selects_other_role(tenant: TenantSpec, service: Manifest) -> bool:
    """Tell whether a VIP's Service, if it exists, selects another role than the tenant's active one."""
    return bool(service) and selected_role(service) != tenant.active_role
