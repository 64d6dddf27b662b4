"""Reads a fleet from the live cluster, by kubectl, independent of the stack's state."""

from collections import defaultdict
from collections.abc import Sequence

from fleet.view import FleetView, NodeKeepalivedView, Seat, TenantView, fleet_of
from kube.facts import (
    NODE_KEEPALIVED_LABEL,
    Forward,
    forward,
    is_ready,
    pinned_node,
    replicas,
    runs_old_template,
    selected_role,
    state,
    vips,
    vrid,
)
from kube.kubectl import objects
from kube.manifest import Manifest, at, text
from tenants.fleet import Role, State, TenantNames
from tenants.objects import Part, row_of

KINDS = "statefulsets,services,configmaps,replicationcontrollers,pods"


def from_cluster(*, namespace: str, context: str | None) -> FleetView:
    """Read the fleet of a namespace; raises `UnreadableError` if the cluster cannot be read."""
    found = objects(["--namespace", namespace, "get", KINDS], context=context)
    nodes = [text(at(node, "metadata", "name")) for node in objects(["get", "nodes"], context=context)]
    return fleet_of(f"namespace {namespace}", tenants_among(found), nodes, keepalived_among(found))


def tenants_among(live: Sequence[Manifest]) -> list[TenantView]:
    """Return the tenants that these objects belong to, whichever tool has created them."""
    found: defaultdict[tuple[str, str], Manifest] = defaultdict(dict)
    for each in live:
        found[text(each.get("kind")), text(at(each, "metadata", "name"))] = each
    entries: defaultdict[str, list[str]] = defaultdict(list)
    for config_map in _of_nodes("ConfigMap", live).values():
        for address, backend in _forwarded(config_map):
            entries[backend.service].append(address)
    rows = ((row_of(kind, name), name) for kind, name in found)
    tenants = []
    for name in {name.removesuffix(row.suffix) for row, name in rows if row and row.part is Part.VIP_SERVICE}:
        names = TenantNames(name=name)
        databases = {role: found["StatefulSet", names.control_node_name(role)] for role in Role}
        if not any(databases.values()):
            # Not a tenant: a Service whose name has the same suffix.
            continue
        pods = {role: found["Pod", names.pod_name(role)] for role in Role}
        entered = entries[names.virtual_ip_name]
        tenants.append(
            TenantView(
                name=name,
                vip=", ".join([*vips(found["ConfigMap", names.virtual_ip_config_map_name]), *entered]),
                active_role=selected_role(found["Service", names.virtual_ip_name]),
                vrid=vrid(found["ReplicationController", names.virtual_ip_name]),
                state=_state(databases[Role.MASTER] or databases[Role.STANDBY]),
                seats=tuple(_seat(role, databases[role], pods[role]) for role in Role),
                has_own_keepalived=not entered or bool(found["ReplicationController", names.virtual_ip_name]),
            )
        )
    return tenants


def keepalived_among(live: Sequence[Manifest]) -> dict[str, NodeKeepalivedView]:
    """Return the keepalived of each node that has one."""
    config_maps, pods = _of_nodes("ConfigMap", live), _of_nodes("Pod", live)
    return {
        node: NodeKeepalivedView(
            vrid=vrid(controller), vips=len(_forwarded(config_maps.get(node, {}))), ready=is_ready(pods.get(node, {}))
        )
        for node, controller in _of_nodes("ReplicationController", live).items()
    }


def _forwarded(config_map: Manifest) -> Sequence[tuple[str, Forward]]:
    """Return the addresses that keepalived forwards, and where to; not one that it has for itself."""
    return [(address, backend) for address in vips(config_map) if (backend := forward(config_map, address))]


def _of_nodes(kind: str, live: Sequence[Manifest]) -> dict[str, Manifest]:
    """Return the objects of nodes' keepalived by node; of several pods, one that is ready."""
    found = [
        (text(at(each, "metadata", "labels", NODE_KEEPALIVED_LABEL)), each) for each in live if each.get("kind") == kind
    ]
    return {node: each for node, each in sorted(found, key=lambda pair: is_ready(pair[1])) if node}


def _state(stateful_set: Manifest) -> str:
    """Return the declared state, or, for a tenant of another tool, the state that its replicas show."""
    return state(stateful_set) or str(State.STOPPED if replicas(stateful_set) == 0 else State.RUNNING)


def _seat(role: Role, stateful_set: Manifest, pod: Manifest) -> Seat:
    meant_to_run = replicas(stateful_set) != 0
    # A StatefulSet without a revision, or that does not exist, does not show that a pod is old.
    latest_known = at(stateful_set, "status", "updateRevision") is not None
    return Seat(
        role=role,
        node=text(at(pod, "spec", "nodeName")) or pinned_node(stateful_set),
        ready=is_ready(pod) if meant_to_run else None,
        old_revision=bool(pod) and latest_known and runs_old_template(stateful_set, pod),
    )
