"""Refuses, in the preview, to start a pod where it cannot run: on a node that takes none, or has too little memory.

A replaced keepalived pod that stays pending leaves the VIP nowhere; a database's pod that asks for too much is
found out when it is next deleted.
"""

import pulumi
from pulumi import ResourceHookArgs

from components.adoption import objects_of
from components.data_guard import RefusedError
from components.hosts import Hosts, Obstacle
from components.live_cluster import LiveCluster, UnusableClusterError
from kube.facts import memory_requests, replicas, state
from kube.manifest import Manifest, at, mapping
from tenants.fleet import Fleet, Role, State, Tenant, UpdateStrategy


def refuse_starts(fleet: Fleet, live: LiveCluster, hosts: Hosts) -> None:
    """Refuse tenants whose pods could not start, before anything of them is declared: a new one is not left half-made.

    Raises:
        UnusableClusterError: A new tenant, or one that is to run again, has a node that takes none of its pods.
    """
    objects = live.objects(fleet.cluster.namespace)
    faults: list[str] = []
    for tenant in fleet.tenants:
        there = [objects[key] for key in objects_of(tenant) if key in objects]
        starts = not there or any(state(found) in (State.STOPPED, State.RETIRED) for found in there)
        if tenant.state is State.RUNNING and starts:
            wanted = [(role, f"its {role}'s pod could not start", False) for role in Role]
            wanted.append((tenant.active_role, "its keepalived pod could not start", True))
            for role, what, best_effort in wanted:
                if refusal := _refusal(tenant, role, what, hosts.obstacle(tenant, role, best_effort=best_effort)):
                    faults.append(refusal)
    if faults:
        raise UnusableClusterError("\n".join(faults))


class StartGuard:
    """The checks before StatefulSets and ReplicationControllers start pods."""

    def __init__(self, fleet: Fleet, live: LiveCluster, hosts: Hosts) -> None:
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
        if memory_requests(live) != (tenant.memory,):
            _refuse(tenant, role, f"its {role}'s pod could not start", self._hosts.memory_obstacle(tenant, role))
        restarts = tenant.update_strategy is UpdateStrategy.ROLLING_UPDATE and _template(args.old_inputs) != _template(
            args.new_inputs
        )
        if restarts or replicas(live) != 1:
            obstacle = self._hosts.obstacle(tenant, role, best_effort=False)
            _refuse(tenant, role, f"its {role}'s pod could not start", obstacle)

    def refuse_keepalived(self, args: ResourceHookArgs) -> None:
        """Before a ReplicationController is created, updated or, to make way for its next version, deleted."""
        tenant = self._by_controller[args.name]
        makes_way = args.new_inputs is None
        if tenant.state is State.RUNNING and (
            makes_way or replicas(self._live("ReplicationController", args.name)) != 1
        ):
            obstacle = self._hosts.obstacle(tenant, tenant.active_role, best_effort=True)
            _refuse(tenant, tenant.active_role, "its keepalived pod could not start", obstacle)

    def _live(self, kind: str, name: str) -> Manifest:
        return self._objects.get((kind, name), {})


def _template(inputs: Manifest | None) -> Manifest:
    return mapping(at(inputs, "spec", "template"))


def _refuse(tenant: Tenant, role: Role, what: str, obstacle: Obstacle | None) -> None:
    if refusal := _refusal(tenant, role, what, obstacle):
        raise RefusedError(refusal)


def _refusal(tenant: Tenant, role: Role, what: str, obstacle: Obstacle | None) -> str | None:
    """Say why a pod must not be started; `None` if nothing keeps it from running, or its tenant has `force`."""
    if obstacle is None:
        return None
    sentence = f"{tenant.name}: {what} on {tenant.hosts.of(role)}: {obstacle.what}."
    if tenant.force is not None:
        pulumi.log.warn(f"{sentence} It goes on by force: {tenant.force}")
        return None
    return (
        f"{sentence} To mend that, {obstacle.remedy}, then run this again; or go on nevertheless by writing into the "
        "tenant's entry:\n  force: <the reason>"
    )
