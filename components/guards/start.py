"""Refuses, in the preview, to start a pod where it cannot run: on a node that takes none, or is too small.

A replaced keepalived pod that stays pending takes the VIP down. A database's pod that requests too much memory or CPU
shows only when it is next deleted.
"""

from collections.abc import Iterator

import pulumi
from pulumi import ResourceHookArgs

from components.guards.refusal import RefusedError
from components.live.cluster import LiveCluster
from components.live.nodes import LiveNodes, Obstacle
from kube.facts import replicas, requests, state
from kube.manifest import Manifest, at, mapping
from kube.quantity import amount
from tenants.fleet import Fleet, Role, State, TenantSpec, UpdateStrategy
from tenants.objects import live_keys

KEEPALIVED_COULD_NOT = "its keepalived pod could not start"


def refused_starts(fleet: Fleet, live: LiveCluster, hosts: LiveNodes) -> Iterator[str]:
    """Refuse new tenants, and stopped ones that are to run again, if their pods could not start."""
    objects = live.objects(fleet.cluster.namespace)
    for tenant in fleet.tenants:
        there = [objects[key] for key in live_keys(tenant) if key in objects]
        starts = not there or any(state(found) in (State.STOPPED, State.RETIRED) for found in there)
        if tenant.state is not State.RUNNING or not starts:
            continue
        for role in Role:
            obstacle = hosts.obstacle(tenant, role, best_effort=False) or hosts.resource_obstacle(tenant, role)
            yield from _refusals(tenant, role, f"its {role}'s pod could not start", obstacle)
        obstacle = hosts.obstacle(tenant, tenant.active_role, best_effort=True)
        yield from _refusals(tenant, tenant.active_role, KEEPALIVED_COULD_NOT, obstacle)


class StartGuard:
    """The checks before StatefulSets and ReplicationControllers start pods."""

    def __init__(self, fleet: Fleet, live: LiveCluster, hosts: LiveNodes) -> None:
        self._by_stateful_set = {
            tenant.control_node_name(role): (tenant, role) for tenant in fleet.tenants for role in Role
        }
        self._by_controller = {tenant.virtual_ip_name: tenant for tenant in fleet.tenants}
        self._objects = live.objects(fleet.cluster.namespace)
        self._hosts = hosts

    def refuse_database(self, args: ResourceHookArgs) -> None:
        """Before a StatefulSet is created or updated."""
        tenant, role = self._by_stateful_set[args.name]
        live = self._live("StatefulSet", args.name)
        if tenant.state is not State.RUNNING:
            return
        if any([*map(amount, requests(live, name))] != [amount(wanted)] for name, wanted in tenant.resources.items()):
            _refuse(tenant, role, f"its {role}'s pod could not start", self._hosts.resource_obstacle(tenant, role))
        # What is created over a live object does not differ from it (`components/guards/creation.py`).
        changes = args.old_inputs is not None and _template(args.old_inputs) != _template(args.new_inputs)
        restarts = changes and tenant.update_strategy is UpdateStrategy.ROLLING_UPDATE
        if restarts or replicas(live) != 1:
            obstacle = self._hosts.obstacle(tenant, role, best_effort=False) or self._hosts.label_obstacle(tenant, role)
            _refuse(tenant, role, f"its {role}'s pod could not start", obstacle)

    def refuse_keepalived(self, args: ResourceHookArgs) -> None:
        """Before a ReplicationController is created, updated or, to make way for its next version, deleted."""
        tenant = self._by_controller[args.name]
        makes_way = args.new_inputs is None
        if tenant.state is State.RUNNING and (
            makes_way or replicas(self._live("ReplicationController", args.name)) != 1
        ):
            role = tenant.active_role
            obstacle = self._hosts.obstacle(tenant, role, best_effort=True) or self._hosts.label_obstacle(tenant, role)
            _refuse(tenant, role, KEEPALIVED_COULD_NOT, obstacle)

    def _live(self, kind: str, name: str) -> Manifest:
        return self._objects.get((kind, name), {})


def _template(inputs: Manifest | None) -> Manifest:
    return mapping(at(inputs, "spec", "template"))


def _refuse(tenant: TenantSpec, role: Role, what: str, obstacle: Obstacle | None) -> None:
    for refusal in _refusals(tenant, role, what, obstacle):
        raise RefusedError(refusal)


def _refusals(tenant: TenantSpec, role: Role, what: str, obstacle: Obstacle | None) -> Iterator[str]:
    """Say why a pod must not be started, if anything keeps it from running and its tenant has no `force`."""
    if obstacle is None:
        return
    sentence = f"{tenant.name}: {what} on {tenant.hosts.of(role)}: {obstacle.what}."
    if tenant.force is not None:
        pulumi.log.warn(f"{sentence} It goes on by force: {tenant.force}")
        return
    yield (
        f"{sentence} To mend that, {obstacle.remedy}, then run this again; or go on nevertheless by writing into the "
        "tenant's entry:\n  force: <the reason>"
    )
