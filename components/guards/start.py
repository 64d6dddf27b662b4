"""Refuses, in the preview, to start a pod that could not run: because of its node, or for lack of memory or CPU.

If a replaced keepalived pod stays pending, the VIP is down. A database's pod that requests too much would be
noticed only when it is next deleted.
"""

from collections.abc import Iterator

import pulumi
from pulumi import ResourceHookArgs

from components.guards.refusal import RefusedError
from components.live.fleet import LiveFleet
from components.live.keepalived import keepalived_obstacle
from components.live.nodes import Obstacle
from kube.facts import replicas, requests, state
from kube.manifest import Manifest, at, mapping
from kube.quantity import amount
from tenants.fleet import NODE_KEEPALIVED_PREFIX, Role, State, TenantSpec, UpdateStrategy
from tenants.objects import live_keys

KEEPALIVED = "keepalived"


def refused_starts(live: LiveFleet) -> Iterator[str]:
    """Refuse new tenants, and stopped ones that are started again, if their pods could not start."""
    for tenant in live.fleet.tenants:
        existing = [live.objects[key] for key in live_keys(tenant) if key in live.objects]
        starts = not existing or any(state(found) in (State.STOPPED, State.RETIRED) for found in existing)
        if tenant.state is not State.RUNNING or not starts:
            continue
        for role in Role:
            obstacle = live.nodes.obstacle(tenant, role, best_effort=False) or live.nodes.resource_obstacle(
                tenant, role
            )
            yield from _refusals(tenant, role, role, obstacle)
        yield from _refusals(tenant, tenant.active_role, KEEPALIVED, keepalived_obstacle(tenant, live))


class StartGuard:
    """The checks before StatefulSets and ReplicationControllers start pods."""

    def __init__(self, live: LiveFleet) -> None:
        self._live = live
        self._by_stateful_set = {
            tenant.control_node_name(role): (tenant, role) for tenant in live.fleet.tenants for role in Role
        }
        self._by_controller = {
            tenant.virtual_ip_name: tenant for tenant in live.fleet.tenants if tenant.has_own_keepalived
        }

    def refuse_database(self, args: ResourceHookArgs) -> None:
        """Check the creation or update of a StatefulSet."""
        tenant, role = self._by_stateful_set[args.name]
        if tenant.state is not State.RUNNING:
            return
        nodes, live = self._live.nodes, self._live.objects.get(("StatefulSet", args.name), {})
        if any([*map(amount, requests(live, name))] != [amount(wanted)] for name, wanted in tenant.resources.items()):
            _refuse(tenant, role, role, nodes.resource_obstacle(tenant, role))
        # If it is created over a live object, it does not differ from that (`CreationGuard`).
        changes = args.old_inputs is not None and _template(args.old_inputs) != _template(args.new_inputs)
        restarts = changes and tenant.update_strategy is UpdateStrategy.ROLLING_UPDATE
        if restarts or replicas(live) != 1:
            obstacle = nodes.obstacle(tenant, role, best_effort=False) or nodes.label_obstacle(tenant, role)
            _refuse(tenant, role, role, obstacle)

    def refuse_keepalived(self, args: ResourceHookArgs) -> None:
        """Check the creation, update or, before it is recreated, deletion of a ReplicationController."""
        tenant = self._by_controller[args.name]
        nodes, live = self._live.nodes, self._live.objects.get(("ReplicationController", args.name), {})
        is_replaced = args.new_inputs is None
        if tenant.state is State.RUNNING and (is_replaced or replicas(live) != 1):
            role = tenant.active_role
            obstacle = nodes.obstacle(tenant, role, best_effort=True) or nodes.label_obstacle(tenant, role)
            _refuse(tenant, role, KEEPALIVED, obstacle)

    def refuse_node_keepalived(self, args: ResourceHookArgs) -> None:
        """Check the creation, update or, before it is recreated, deletion of a node's ReplicationController."""
        node = args.name.removeprefix(NODE_KEEPALIVED_PREFIX)
        live = self._live.objects.get(("ReplicationController", args.name), {})
        is_replaced = args.new_inputs is None
        declared = self._live.fleet.cluster.node_keepalived.on(node)
        obstacle = self._live.nodes.keepalived_obstacle(node) if declared else None
        if obstacle is None or not (is_replaced or replicas(live) != 1):
            return
        served = [
            tenant
            for tenant in self._live.fleet.tenants
            if tenant.active_host == node and not tenant.has_own_keepalived and tenant.state is State.RUNNING
        ]
        sentence = f"The keepalived pod of node {node} could not start there: {obstacle.what}."
        unforced = [tenant.name for tenant in served if tenant.force is None]
        if unforced:
            raise RefusedError(
                f"{sentence} It serves {', '.join(unforced)}. To fix that, {obstacle.remedy}, then run this again; or "
                "first fail them over."
            )
        pulumi.log.warn(f"{sentence} It starts once that has changed: {obstacle.remedy}.")


def _template(inputs: Manifest | None) -> Manifest:
    return mapping(at(inputs, "spec", "template"))


def _refuse(tenant: TenantSpec, role: Role, pod: str, obstacle: Obstacle | None) -> None:
    for refusal in _refusals(tenant, role, pod, obstacle):
        raise RefusedError(refusal)


def _refusals(tenant: TenantSpec, role: Role, pod: str, obstacle: Obstacle | None) -> Iterator[str]:
    """Return why a pod must not be started; with `force`, warn instead."""
    if obstacle is None:
        return
    sentence = f"{tenant.name}: its {pod} pod could not start on {tenant.hosts.of(role)}: {obstacle.what}."
    if tenant.force is not None:
        pulumi.log.warn(f"{sentence} It is started by force: {tenant.force}")
        return
    yield (
        f"{sentence} To fix that, {obstacle.remedy}, then run this again; or start it anyway by adding to the tenant's "
        "entry:\n  force: <the reason>"
    )
