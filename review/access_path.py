"""The way from a client to a tenant's active database, before and after a change."""

from dataclasses import dataclass

from kube.facts import pinned_host, replicas, selected_role, vips
from kube.manifest import at, mapping, text
from review.changes import Changes, Deployed, TenantChange
from tenants.fleet import Role, TenantNames
from tenants.objects import Part

UNKNOWN = Deployed(vip="", active_role="", hosts={}, vrid="", state="")


@dataclass(frozen=True, kw_only=True)
class AccessPath:
    """client → VIP → keepalived on a node → Service → pod on a node; empty strings for what is not there or unknown."""

    vip: str
    keepalived_host: str
    service: str
    role: str
    pod_host: str


def host_of(role: str, tenant: TenantChange, deployed: Deployed, *, after: bool) -> str:
    """Find the node of a role: what changes says it itself, what does not is in the stack's outputs."""
    for change in tenant.of(Part.DATABASE):
        host = pinned_host(change.inputs(after=after))
        if change.role == role and host:
            return host
    for change in tenant.of(Part.KEEPALIVED):
        inputs = change.inputs(after=after)
        labels = mapping(at(inputs, "spec", "template", "spec", "nodeSelector"))
        host = pinned_host(inputs)
        if host and role in labels.values():
            return host
    for change in tenant.of(Part.NODE_LABEL):
        host = text(at(change.inputs(after=after), "metadata", "name"))
        if change.role == role and host:
            return host
    return deployed.hosts.get(role, "")


def access_path(tenant: TenantChange, changes: Changes, *, after: bool) -> AccessPath | None:
    """Put the way together from what changes and, for the rest, from the stack's outputs; `None` if there is none."""
    deployed = changes.deployed.get(tenant.name, UNKNOWN)
    known = {
        part: next((change.inputs(after=after) for change in tenant.of(part)), None)
        for part in (Part.VIP_CONFIG, Part.VIP_SERVICE, Part.KEEPALIVED)
    }
    config_map, service, keepalived = (known[part] for part in (Part.VIP_CONFIG, Part.VIP_SERVICE, Part.KEEPALIVED))
    if service is not None and not service:
        return None
    role = selected_role(service) if service else deployed.active_role
    if keepalived is not None and (not keepalived or replicas(keepalived) == 0):
        keepalived_host = ""
    elif keepalived:
        keepalived_host = pinned_host(keepalived) or host_of(role, tenant, deployed, after=after)
    else:
        keepalived_host = deployed.active_host if deployed.runs else ""
    stopped = any(
        change.role == role and replicas(change.inputs(after=after)) in (0, None) for change in tenant.of(Part.DATABASE)
    ) or not (deployed.runs or tenant.of(Part.DATABASE))
    addresses = vips(config_map) if config_map is not None else (deployed.vip,) if deployed.vip else ()
    return AccessPath(
        vip=", ".join(addresses),
        keepalived_host=keepalived_host,
        service=TenantNames(name=tenant.name).virtual_ip_name,
        role=role if role in tuple(Role) else "",
        pod_host="" if stopped else host_of(role, tenant, deployed, after=after),
    )
