"""The way from a client to a tenant's active database, before and after a change."""

from dataclasses import dataclass

from review.changes import Changes, Deployed, Part, TenantChange
from review.manifest import Manifest, at, items, mapping, named, number, text
from tenants.fleet import Role

UNKNOWN = Deployed(vip="", active_role="", hosts={}, vrid="", state="")
STATE_ANNOTATION = "adb-tenants/state"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a control node's data lies; empty strings where the preview does not say."""

    host: str
    data_path: str
    log_path: str

    @property
    def known(self) -> bool:
        """Whether it says where."""
        return bool(self.host and self.data_path)


@dataclass(frozen=True, kw_only=True)
class AccessPath:
    """client → VIP → keepalived on a node → Service → pod on a node; empty strings for what is not there or unknown."""

    vip: str
    keepalived_host: str
    service: str
    role: str
    pod_host: str


def place(stateful_set: Manifest) -> Place:
    """Read where a StatefulSet's pod runs and keeps its data."""
    pod = at(stateful_set, "spec", "template", "spec")
    volumes = at(pod, "volumes")
    return Place(
        host=pinned_host(stateful_set),
        data_path=text(at(named(volumes, "data"), "hostPath", "path")),
        log_path=text(at(named(volumes, "adminlog"), "hostPath", "path")),
    )


def pinned_host(workload: Manifest) -> str:
    """Read the one node that a StatefulSet's or ReplicationController's pod may run on."""
    required = at(
        workload,
        *("spec", "template", "spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"),
    )
    hosts = [
        text(host)
        for term in items(at(required, "nodeSelectorTerms"))
        for field in items(at(term, "matchFields"))
        if at(field, "key") == "metadata.name"
        for host in items(at(field, "values"))
    ]
    return hosts[0] if len(hosts) == 1 else ""


def vips(config_map: Manifest) -> tuple[str, ...]:
    """Read the addresses that keepalived is told to announce."""
    return tuple(mapping(config_map.get("data")))


def selected_role(service: Manifest) -> str:
    """Read the role that the VIP's Service leads to."""
    return text(at(service, "spec", "selector", "role"))


def replicas(workload: Manifest) -> int | None:
    """Read how many pods a workload is to have; `None` where it is not there or does not say."""
    return number(at(workload, "spec", "replicas"))


def state(workload: Manifest) -> str:
    """Read what the tenant was meant to be doing."""
    return text(at(workload, "metadata", "annotations", STATE_ANNOTATION))


def host_of(role: str, tenant: TenantChange, deployed: Deployed, *, after: bool) -> str:
    """Find the node of a role: what changes says it itself, what does not is in the stack's outputs."""
    for change in tenant.of(Part.DATABASE):
        host = pinned_host(change.after if after else change.before)
        if change.role == role and host:
            return host
    for change in tenant.of(Part.KEEPALIVED):
        inputs = change.after if after else change.before
        labels = mapping(at(inputs, "spec", "template", "spec", "nodeSelector"))
        host = pinned_host(inputs)
        if host and role in labels.values():
            return host
    for change in tenant.of(Part.NODE_LABEL):
        host = text(at(change.after if after else change.before, "metadata", "name"))
        if change.role == role and host:
            return host
    return deployed.hosts.get(role, "")


def access_path(tenant: TenantChange, changes: Changes, *, after: bool) -> AccessPath | None:
    """Put the way together from what changes and, for the rest, from the stack's outputs; `None` if there is none."""
    deployed = changes.deployed.get(tenant.name, UNKNOWN)
    known = {
        part: next((change.after if after else change.before for change in tenant.of(part)), None)
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
        change.role == role and replicas(change.after if after else change.before) in (0, None)
        for change in tenant.of(Part.DATABASE)
    ) or not (deployed.runs or tenant.of(Part.DATABASE))
    addresses = vips(config_map) if config_map is not None else (deployed.vip,) if deployed.vip else ()
    return AccessPath(
        vip=", ".join(addresses),
        keepalived_host=keepalived_host,
        service=f"{tenant.name}-vip",
        role=role if role in tuple(Role) else "",
        pod_host="" if stopped else host_of(role, tenant, deployed, after=after),
    )
