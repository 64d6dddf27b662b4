"""Refuses, in the preview, to lead clients to a database that is not ready for them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi import ResourceHook, ResourceHookArgs, ResourceHookBinding, ResourceHookOptions

from components.data_guard import RefusedError
from components.live_cluster import LiveCluster
from tenants.fleet import Fleet, Role, State, Tenant


class TrafficGuard:
    """The hooks of what a failover changes first: a fleet's VIP Services, and the Jobs that promote a database.

    keepalived takes a VIP down whose Service has no ready endpoint (kube-keepalived-vip#53): a failover to a pod that
    is not ready is an outage, not a fallback.
    """

    service: ResourceHookBinding
    promotion: ResourceHookBinding
    """A promotion must not run, and then traffic be refused to what it has promoted."""

    def __init__(self, fleet: Fleet, live: LiveCluster) -> None:
        self._by_service = {tenant.virtual_ip_name: tenant for tenant in fleet.tenants}
        self._by_job = {tenant.promotion_job_name(role): tenant for tenant in fleet.tenants for role in Role}
        self._namespace = fleet.cluster.namespace
        self._live = live
        in_previews_too = ResourceHookOptions(on_dry_run=True)
        switched = ResourceHook("traffic-goes-where-it-is-served", self._refuse_unready, in_previews_too)
        promoted = ResourceHook("promoted-is-what-can-serve", self._refuse_promotion_of_unready, in_previews_too)
        self.service = ResourceHookBinding(before_update=[switched])
        self.promotion = ResourceHookBinding(before_create=[promoted])

    def _refuse_unready(self, args: ResourceHookArgs) -> None:
        tenant = self._by_service[args.name]
        if _role(args.old_inputs) == _role(args.new_inputs):
            return
        obstacle = self._obstacle(tenant)
        if obstacle and tenant.force is not None:
            pulumi.log.warn(f"{tenant.name} fails over to {obstacle.pod}, {obstacle.what}, by force: {tenant.force}")
        elif obstacle:
            raise RefusedError(obstacle.refusal)

    def _refuse_promotion_of_unready(self, args: ResourceHookArgs) -> None:
        tenant = self._by_job[args.name]
        if (args.new_inputs or {})["spec"]["suspend"] or tenant.force is not None:
            return
        if obstacle := self._obstacle(tenant):
            raise RefusedError(obstacle.refusal)

    def _obstacle(self, tenant: Tenant) -> "_Obstacle | None":
        if tenant.state is not State.RUNNING:
            # No traffic moves yet, so nobody needs a ready pod; but nothing would promote the database before it does.
            return _unpromoted(tenant) if tenant.promotion else None
        ready = self._live.pod_is_ready(self._namespace, _pod(tenant))
        return None if ready else _unready(tenant)


@dataclass(frozen=True, kw_only=True)
class _Obstacle:
    """Why a failover should not be."""

    pod: str
    """Where it leads."""
    what: str
    """What is wrong with that, in half a sentence."""
    refusal: str
    """In full, with what to do."""


def _unready(tenant: Tenant) -> _Obstacle:
    pod, host = _pod(tenant), tenant.hosts.of(tenant.active_role)
    promote = "" if tenant.promotion else "promote its database, "
    return _Obstacle(
        pod=pod,
        what="which is not ready",
        refusal=f"{tenant.name} would fail over to {pod} on {host}, which is not ready: its clients would reach "
        f"nobody. Wait until it is (`kubectl get pod`), {promote}and run this again; or, if the other one is lost "
        f"anyway, say so in the tenant's entry:\n  force: <the reason>",
    )


def _unpromoted(tenant: Tenant) -> _Obstacle:
    pod = _pod(tenant)
    return _Obstacle(
        pod=pod,
        what=f"which nothing promotes while the tenant is {tenant.state}",
        refusal=f"{tenant.name} is {tenant.state}, so that its promotion cannot run: from its next start on, clients "
        f"would be led to {pod} as it is. Fail over while the tenant runs; or, if that database has been promoted "
        f"otherwise, say so in the tenant's entry:\n  force: <the reason>",
    )


def _pod(tenant: Tenant) -> str:
    return f"{tenant.control_node_name(tenant.active_role)}-0"


def _role(inputs: Mapping[str, Any] | None) -> Role:
    return Role((inputs or {})["spec"]["selector"]["role"])
