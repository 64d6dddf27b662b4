"""Refuses, in the preview, to lead clients to a database that is not ready for them."""

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi import ResourceHook, ResourceHookArgs, ResourceHookBinding, ResourceHookOptions

from components.data_guard import RefusedError
from components.live_cluster import LiveCluster
from tenants.fleet import Fleet, Role, State


class TrafficGuard:
    """The hook of a fleet's VIP Services.

    keepalived takes a VIP down whose Service has no ready endpoint (kube-keepalived-vip#53): a failover to a pod that
    is not ready is an outage, not a fallback.
    """

    service: ResourceHookBinding

    def __init__(self, fleet: Fleet, live: LiveCluster) -> None:
        self._tenants = {tenant.virtual_ip_name: tenant for tenant in fleet.tenants}
        self._namespace = fleet.cluster.namespace
        self._live = live
        switched = ResourceHook(
            "traffic-goes-where-it-is-served", self._refuse_unready, ResourceHookOptions(on_dry_run=True)
        )
        self.service = ResourceHookBinding(before_update=[switched])

    def _refuse_unready(self, args: ResourceHookArgs) -> None:
        tenant = self._tenants[args.name]
        old, new = _role(args.old_inputs), _role(args.new_inputs)
        if old == new or tenant.state is not State.RUNNING:
            return
        pod = f"{tenant.control_node_name(tenant.active_role)}-0"
        if self._live.pod_is_ready(self._namespace, pod):
            return
        if tenant.force is not None:
            pulumi.log.warn(f"{tenant.name} fails over to {pod}, which is not ready, by force: {tenant.force}")
            return
        raise RefusedError(
            f"{tenant.name} would fail over to {pod} on {tenant.hosts.of(tenant.active_role)}, which is not ready: its "
            "clients would reach nobody. Wait until it is (`kubectl get pod`), promote its database, and run this "
            "again; or, if the other one is lost anyway, say so in the tenant's entry:\n"
            "  force: <the reason>"
        )


def _role(inputs: Mapping[str, Any] | None) -> Role:
    return Role((inputs or {})["spec"]["selector"]["role"])
