"""The path from a client to a tenant's active database, before and after a change."""

from dataclasses import dataclass

from kube.facts import pinned_node, replicas, selected_role, vips
from kube.manifest import at, text
from review.changes import TenantChange
from tenants.fleet import Role, TenantNames
from tenants.objects import Part


@dataclass(frozen=True, kw_only=True)
class AccessPath:
    """client → VIP → keepalived on a node → Service → pod on a node; empty strings for what is absent or unknown."""

    vip: str
    keepalived_host: str
    service: str
    role: str
    pod_host: str


def node_of(role: str, tenant: TenantChange, *, after: bool) -> str:
    """Find the node of a role: in the objects that change, else in the stack's outputs."""
    for change in tenant.of(Part.DATABASE):
        node = pinned_node(change.inputs(after=after))
        if change.role == role and node:
            return node
    for change in tenant.of(Part.KEEPALIVED):
        inputs = change.inputs(after=after)
        label = at(inputs, "spec", "template", "spec", "nodeSelector", TenantNames(name=tenant.name).node_label)
        node = pinned_node(inputs)
        if node and label == role:
            return node
    for change in tenant.of(Part.NODE_LABEL):
        node = text(at(change.inputs(after=after), "metadata", "name"))
        if change.role == role and node:
            return node
    return tenant.deployed.hosts.get(role, "")


def access_path(tenant: TenantChange, *, after: bool) -> AccessPath | None:
    """Read the path from the objects that change and, for the rest, from the stack's outputs; `None` without a VIP."""
    deployed = tenant.deployed
    config_map, service, keepalived = (
        next((change.inputs(after=after) for change in tenant.of(part)), None)
        for part in (Part.VIP_CONFIG, Part.VIP_SERVICE, Part.KEEPALIVED)
    )
    if service is not None and not service:
        return None
    role = selected_role(service) if service else deployed.active_role
    if keepalived is not None and (not keepalived or replicas(keepalived) == 0):
        keepalived_host = ""
    elif keepalived:
        keepalived_host = pinned_node(keepalived) or node_of(role, tenant, after=after)
    else:
        keepalived_host = deployed.active_host if deployed.runs else ""
    databases = tenant.of(Part.DATABASE)
    stopped = not (deployed.runs or databases) or any(
        change.role == role and replicas(change.inputs(after=after)) in (0, None) for change in databases
    )
    addresses = vips(config_map) if config_map is not None else (deployed.vip,) if deployed.vip else ()
    return AccessPath(
        vip=", ".join(addresses),
        keepalived_host=keepalived_host,
        service=TenantNames(name=tenant.name).virtual_ip_name,
        role=role if role in tuple(Role) else "",
        pod_host="" if stopped else node_of(role, tenant, after=after),
    )
