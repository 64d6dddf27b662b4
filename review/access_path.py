"""The path from a client to a tenant's active database, before and after a change."""

from dataclasses import dataclass

from kube.facts import pinned_node, replicas, selected_role, vips
from kube.manifest import Manifest, at, text
from review.changes import TenantChange
from tenants.fleet import NODE_KEEPALIVED_PREFIX, KeepalivedPer, Role, TenantNames
from tenants.objects import Part


@dataclass(frozen=True, kw_only=True)
class AccessPath:
    """client → VIP → keepalived on a node → Service → pod on a node; empty strings for what is absent or unknown."""

    vip: str
    keepalived_host: str
    keepalived_per: KeepalivedPer
    """Whether keepalived is the tenant's own, or serves all tenants whose VIPs are on that node."""
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


def entry_node(entry: Manifest) -> str:
    """Return the node whose keepalived announces a tenant's VIP, by the ConfigMap that its entry is in."""
    return text(at(entry, "metadata", "name")).removeprefix(NODE_KEEPALIVED_PREFIX)


def access_path(tenant: TenantChange, *, after: bool) -> AccessPath | None:
    """Read the path from the objects that change and, for the rest, from the stack's outputs; `None` without a VIP."""
    deployed = tenant.deployed
    config_map, entry, service, keepalived = (
        next((change.inputs(after=after) for change in tenant.of(part)), None)
        for part in (Part.VIP_CONFIG, Part.VIP_ENTRY, Part.VIP_SERVICE, Part.KEEPALIVED)
    )
    if service is not None and not service:
        return None
    role = selected_role(service) if service else deployed.active_role
    # Of a tenant that changes from one to the other, the one that is not there now is empty.
    is_own = not entry if entry or keepalived else deployed.has_own_keepalived
    if entry:
        keepalived_host = entry_node(entry)
    elif keepalived and replicas(keepalived) != 0:
        keepalived_host = pinned_node(keepalived) or node_of(role, tenant, after=after)
    elif keepalived is None and entry is None:
        # The entry of a stopped tenant stays.
        keepalived_host = deployed.active_host if deployed.runs or not is_own else ""
    else:
        keepalived_host = ""
    databases = tenant.of(Part.DATABASE)
    stopped = not (deployed.runs or databases) or any(
        change.role == role and replicas(change.inputs(after=after)) in (0, None) for change in databases
    )
    unchanged = config_map is None and entry is None
    addresses = ([deployed.vip] if deployed.vip else []) if unchanged else vips(config_map or entry or {})
    return AccessPath(
        vip=", ".join(addresses),
        keepalived_host=keepalived_host,
        keepalived_per=KeepalivedPer.TENANT if is_own else KeepalivedPer.NODE,
        service=TenantNames(name=tenant.name).virtual_ip_name,
        role=role if role in tuple(Role) else "",
        pod_host="" if stopped else node_of(role, tenant, after=after),
    )
