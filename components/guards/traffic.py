"""Refuses, in the preview, to lead clients to a database that is not ready for them, or to a node without keepalived.

keepalived takes a VIP down whose Service has no ready endpoint (kube-keepalived-vip#53), and a VIP whose keepalived pod
cannot start is nowhere, while both databases are well: a failover there is an outage, not a fallback.
"""

from collections.abc import Mapping, Sequence

import pulumi
from pulumi import ResourceHookArgs

from components.guards.refusal import RefusedError
from components.live.cluster import LiveCluster
from components.live.nodes import LiveNodes, Obstacle
from kube.facts import FORCED_ANNOTATION, is_ready, selected_role, vips
from kube.manifest import Manifest, at
from tenants.fleet import Fleet, Role, State, TenantSpec


def refused_addresses(fleet: Fleet, live: LiveCluster, hosts: LiveNodes) -> Sequence[str]:
    """Refuse a VIP that is a node's own address, unless it is announced already."""
    objects, nodes = live.objects(fleet.cluster.namespace), hosts.addresses()
    return [
        f"{tenant.name}: vip {tenant.vip} is the address of node {nodes[str(tenant.vip)]}, which would lose it to "
        "keepalived. Choose an address that no node has."
        for tenant in fleet.tenants
        if str(tenant.vip) in nodes
        # A kubelet may report the VIP that its node holds as the node's own.
        and str(tenant.vip) not in vips(objects.get(("ConfigMap", tenant.virtual_ip_config_map_name), {}))
    ]


def warn_of_hosts_to_power_off(fleet: Fleet, live: LiveCluster, hosts: LiveNodes) -> None:
    """Warn of failovers away from nodes whose keepalived nobody can stop: as long as it runs, it keeps the VIP.

    kube-keepalived-vip starts with `nopreempt` and one priority for all, so that a second one stays BACKUP (measured,
    docs/decisions/0012-the-old-keepalived-is-not-waited-for.md).
    """
    objects = live.objects(fleet.cluster.namespace)
    for tenant in fleet.tenants:
        left = tenant.hosts.of(Role.STANDBY if tenant.active_role is Role.MASTER else Role.MASTER)
        if _leads_elsewhere(tenant, objects.get(("Service", tenant.virtual_ip_name), {})) and hosts.is_lost(left):
            pulumi.log.warn(
                f"{tenant.name}: fails over away from {left}, whose kubelet does not answer. If {left} still runs, its "
                "keepalived keeps the VIP, and clients reach the old database or no database. Power it off, or take it "
                "off the network, before this or right after it."
            )


class TrafficGuard:
    """The checks of what a failover changes first: a fleet's VIP Services, and the Jobs that promote a database."""

    forced: Mapping[str, str | None]
    """By tenant that has `force`: the reason, if its clients are led to what cannot be shown to serve."""

    def __init__(self, fleet: Fleet, live: LiveCluster, hosts: LiveNodes) -> None:
        self._by_service = {tenant.virtual_ip_name: tenant for tenant in fleet.tenants}
        self._by_job = {tenant.promotion_job_name(role): tenant for tenant in fleet.tenants for role in Role}
        self._namespace = fleet.cluster.namespace
        self._live = live
        self._hosts = hosts
        self.forced = {tenant.name: self._why_forced(tenant) for tenant in fleet.tenants if tenant.force is not None}

    def _why_forced(self, tenant: TenantSpec) -> str | None:
        service = self._live.objects(self._namespace).get(("Service", tenant.virtual_ip_name), {})
        refusal = self._refusal(tenant)
        if refusal is None:
            nodes = [self._hosts.obstacle(tenant, role, best_effort=False) for role in Role]
            if tenant.state is State.RUNNING and not any(nodes):
                pulumi.log.warn(
                    f"{tenant.name}: force is no longer needed: {_pod(tenant)} can serve. Remove it from the entry, or "
                    "the next failover is not checked."
                )
            return None
        if _leads_elsewhere(tenant, service):
            pulumi.log.warn(f"{tenant.name}: fails over by force ({tenant.force}). Otherwise: {refusal}")
            return tenant.force
        # It stays as it was made, so that no later run has anything to change.
        return tenant.force if at(service, "metadata", "annotations", FORCED_ANNOTATION) is not None else None

    def refused_failovers(self) -> Sequence[str]:
        """Refuse to lead clients where no database serves them."""
        objects = self._live.objects(self._namespace)
        return [
            refusal
            for name, tenant in self._by_service.items()
            if tenant.force is None and _leads_elsewhere(tenant, objects.get(("Service", name), {}))
            if (refusal := self._refusal(tenant)) is not None
        ]

    def refuse_unready(self, args: ResourceHookArgs) -> None:
        """Before a VIP's Service is updated."""
        tenant = self._by_service[args.name]
        # What is live counts: the state may be older, and the failover done.
        live = self._live.objects(self._namespace).get(("Service", args.name)) or args.old_inputs or {}
        if not _leads_elsewhere(tenant, live) or tenant.force is not None:
            return
        lost = self._hosts.label_obstacle(tenant, tenant.active_role) if tenant.state is State.RUNNING else None
        if refusal := _refusal_of_node(tenant, lost) if lost else self._refusal(tenant):
            raise RefusedError(refusal)

    def refuse_promotion_of_unready(self, args: ResourceHookArgs) -> None:
        """Before a promotion's Job is created: it must not run, and then traffic be refused to what it has promoted."""
        tenant = self._by_job[args.name]
        if (args.new_inputs or {})["spec"]["suspend"] or tenant.force is not None:
            return
        if refusal := self._refusal(tenant):
            raise RefusedError(refusal)

    def _refusal(self, tenant: TenantSpec) -> str | None:
        """Say why the tenant's clients must not be led to its active role; `None` if they may."""
        if tenant.state is not State.RUNNING:
            # No traffic moves yet, so nobody needs a ready pod; but nothing would promote the database before it does.
            return _unpromoted(tenant) if tenant.promotion else None
        pod, host = _pod(tenant), tenant.hosts.of(tenant.active_role)
        if obstacle := self._hosts.obstacle(tenant, tenant.active_role, best_effort=True):
            return _refusal_of_node(tenant, obstacle)
        if not is_ready(self._live.pod(self._namespace, pod) or {}):
            promote = "" if tenant.promotion else "promote its database, "
            return (
                f"{tenant.name} would fail over to {pod} on {host}, which is not ready: its clients would reach "
                f"nobody. Wait until it is (`kubectl get pod`), {promote}and run this again; or, if the other one is "
                f"lost anyway, say so in the tenant's entry:\n  force: <the reason>"
            )
        return None


def _refusal_of_node(tenant: TenantSpec, obstacle: Obstacle) -> str:
    host = tenant.hosts.of(tenant.active_role)
    return (
        f"{tenant.name} would fail over to {_pod(tenant)} on {host}, where its keepalived pod could not start, so that "
        f"its VIP would be gone: {obstacle.what}. To mend that, {obstacle.remedy}, then run this again; or, if the "
        "other one is lost anyway, say so in the tenant's entry:\n  force: <the reason>"
    )


def _unpromoted(tenant: TenantSpec) -> str:
    return (
        f"{tenant.name} is {tenant.state}, so that its promotion cannot run: from its next start on, clients would be "
        f"led to {_pod(tenant)} as it is. Fail over while the tenant runs; or, if that database has been promoted "
        f"otherwise, say so in the tenant's entry:\n  force: <the reason>"
    )


def _leads_elsewhere(tenant: TenantSpec, service: Manifest) -> bool:
    """Tell whether a VIP's Service, if there is one, leads to another role than the tenant's active one."""
    return bool(service) and selected_role(service) != tenant.active_role


def _pod(tenant: TenantSpec) -> str:
    return f"{tenant.control_node_name(tenant.active_role)}-0"
