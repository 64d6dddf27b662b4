"""Where VIPs are announced now, and whether the keepalived that is to announce them can."""

from collections.abc import Mapping, Sequence

from components.live.fleet import LiveFleet
from components.live.nodes import Obstacle
from kube.facts import NODE_KEEPALIVED_LABEL, Forward, forward, is_ready, pinned_node, vips
from kube.manifest import Manifest, at, text
from tenants.fleet import TenantSpec, node_keepalived_name
from tenants.objects import LocalKey


def keepalived_obstacle(tenant: TenantSpec, live: LiveFleet) -> Obstacle | None:
    """Find what keeps keepalived from announcing a tenant's VIP on the node of its active role.

    A pod of the tenant's own would start there. A node's has to be ready: nothing is started for a failover.
    """
    if tenant.has_own_keepalived:
        return live.nodes.obstacle(tenant, tenant.active_role, best_effort=True)
    node = tenant.active_host
    exists = ("ReplicationController", node_keepalived_name(node)) in live.objects
    if not exists or live.nodes.is_lost(node):
        return live.nodes.keepalived_obstacle(node)
    pods = [pod for pod in live.cluster.pods().values() if _node_of(pod) == node]
    if any(map(is_ready, pods)):
        return None
    return Obstacle(
        what=f"the keepalived pod of node {node} is not ready",
        remedy=f"see `kubectl describe pod --selector {NODE_KEEPALIVED_LABEL}={node}`",
    )


def node_of_own_keepalived(tenant: TenantSpec, objects: Mapping[LocalKey, Manifest]) -> str:
    """Return the node of a tenant's own keepalived now; empty if it has none."""
    return pinned_node(objects.get(("ReplicationController", tenant.virtual_ip_name), {}))


def changes_in_place(tenant: TenantSpec, objects: Mapping[LocalKey, Manifest]) -> bool:
    """Tell whether a tenant's own keepalived runs on the node whose keepalived is to announce the VIP instead."""
    return not tenant.has_own_keepalived and node_of_own_keepalived(tenant, objects) == tenant.active_host


def announced(tenant: TenantSpec, objects: Mapping[LocalKey, Manifest]) -> frozenset[str]:
    """Return the addresses that keepalived announces for a tenant now, on its own or on any node."""
    own = vips(objects.get(("ConfigMap", tenant.virtual_ip_config_map_name), {}))
    return frozenset(own) | frozenset(address for _, address in entries(tenant, objects))


def entries(tenant: TenantSpec, objects: Mapping[LocalKey, Manifest]) -> Sequence[tuple[str, str]]:
    """Return each node in whose ConfigMap a tenant has an address now, with that address."""
    return [
        (_node_of(found), address)
        for (kind, _), found in objects.items()
        if kind == "ConfigMap" and _node_of(found)
        for address in vips(found)
        if (backend := forward(found, address)) and backend.service == tenant.virtual_ip_name
    ]


def backends(address: str, objects: Mapping[LocalKey, Manifest]) -> Sequence[tuple[str, Forward]]:
    """Return each ConfigMap of a node that has an address now, with the Service behind it."""
    return [
        (name, backend)
        for (kind, name), found in objects.items()
        if kind == "ConfigMap" and _node_of(found) and (backend := forward(found, address))
    ]


def _node_of(found: Manifest) -> str:
    """Return the node of an object or pod of a node's keepalived; empty for every other."""
    return text(at(found, "metadata", "labels", NODE_KEEPALIVED_LABEL))
