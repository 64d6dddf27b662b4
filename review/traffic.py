"""What happens to a tenant's clients: their address, the keepalived pod behind it, the Service that leads on."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from kube.facts import FORCED_ANNOTATION, pinned_host, pod_spec, replicas, selected_role, vips, vrid
from kube.manifest import Manifest, at, items, text
from review.access_path import UNKNOWN, access_path, host_of
from review.changes import Changes, Deployed, ObjectChange, TenantChange
from review.danger import Danger
from review.findings import Finding, finding
from review.preview import Action
from tenants.objects import Part

POD_START = "VIP away for the time of one pod start"
METADATA = ("metadata.annotations", "metadata.labels")


def traffic_findings(tenant: TenantChange, changes: Changes, *, serving: bool) -> Iterator[Finding]:
    """Judge a tenant that stays; `serving` tells whether clients can be cut off at all: it was running."""
    deployed = changes.deployed.get(tenant.name, UNKNOWN)
    danger = Danger.TRAFFIC if serving else Danger.NONE
    for change in tenant.of(Part.PROMOTION):
        yield from _promotion(change)
    for change in tenant.of(Part.VIP_SERVICE):
        yield from _vip_service(change, tenant, deployed, danger)
    for change in tenant.of(Part.VIP_CONFIG):
        yield from _vip_config(change, danger)
    for change in tenant.of(Part.KEEPALIVED):
        yield from _keepalived(change, danger)


def forced_findings(tenant: TenantChange, changes: Changes, *, serving: bool) -> Iterator[Finding]:
    """Name a `force` that leads clients somewhere now; one that did so earlier stays on the Service and is nothing."""
    for change in tenant.of(Part.VIP_SERVICE):
        reason, earlier = _reason(change.after), _reason(change.before)
        old_role, new_role = selected_role(change.before), selected_role(change.after)
        host = host_of(new_role, tenant, changes.deployed.get(tenant.name, UNKNOWN), after=True) or "its node"
        if not reason:
            if earlier and old_role == new_role:
                yield finding(Danger.NONE, "no longer forced: {}", earlier)
        elif earlier and old_role == new_role:
            continue
        elif not serving:
            yield finding(Danger.NONE, "led to the {} by force, while no pod runs: {}", new_role, reason)
        elif old_role and old_role != new_role:
            yield finding(
                Danger.OUTAGE,
                "failover {} → {} on {} by force, although it may not serve: {}",
                old_role,
                new_role,
                host,
                reason,
            )
        else:
            yield finding(
                Danger.OUTAGE,
                "clients are led to the {} on {} by force, although it may not serve: {}",
                new_role,
                host,
                reason,
            )


def served_throughout(changes: Changes) -> Mapping[str, frozenset[str]]:
    """For each node, the tenants whose keepalived pod is on it before the change and after."""
    hosts = {name: deployed.active_host for name, deployed in changes.deployed.items() if deployed.runs}
    for tenant in changes.tenants:
        before, after = (access_path(tenant, changes, after=after) for after in (False, True))
        stays = before is not None and after is not None and before.keepalived_host == after.keepalived_host
        hosts[tenant.name] = after.keepalived_host if after is not None and stays else ""
    names: defaultdict[str, set[str]] = defaultdict(set)
    for name, host in hosts.items():
        names[host].add(name)
    return {host: frozenset(served) for host, served in names.items() if host}


def neighbour_findings(tenant: TenantChange, served: Mapping[str, frozenset[str]]) -> Iterator[Finding]:
    """Name the tenants whose clients notice because a keepalived pod starts beside theirs.

    kube-keepalived-vip clears the node's IPVS tables as it starts, whoever filled them
    (kubernetes-retired/contrib#2696).
    """
    for change in tenant.of(Part.KEEPALIVED):
        host = pinned_host(change.after)
        neighbours = served.get(host, frozenset()) - {tenant.name}
        if neighbours and _starts(change):
            yield finding(
                Danger.TRAFFIC,
                "keepalived starts on {}, where it clears the forwarding of {} too",
                host,
                ", ".join(sorted(neighbours)),
            )


def _starts(keepalived: ObjectChange) -> bool:
    if replicas(keepalived.after) == 0:
        return False
    started_before = keepalived.action is Action.UPDATE and replicas(keepalived.before) != 0
    return keepalived.action in (Action.CREATE, Action.REPLACE, Action.UPDATE) and not started_before


def _vip_service(change: ObjectChange, tenant: TenantChange, deployed: Deployed, danger: Danger) -> Iterator[Finding]:
    if change.action is Action.DELETE:
        yield finding(danger, "VIP's Service is deleted: nothing leads from the VIP to a database")
        return
    if change.action is Action.CREATE:
        yield finding(Danger.NONE, "VIP's Service is made again")
        return
    if change.action is Action.ADOPT:
        return
    if change.action is Action.REPLACE:
        yield finding(danger, "VIP's Service is replaced: nothing leads from the VIP to a database meanwhile")
    old_role, new_role = selected_role(change.before), selected_role(change.after)
    if old_role != new_role:
        host = host_of(new_role, tenant, deployed, after=True) or "its node"
        if danger is Danger.NONE:
            yield finding(danger, "active role {} → {} while no pod runs: no traffic", old_role, new_role)
        elif not _reason(change.after):
            yield finding(danger, "failover {} → {} on {}", old_role, new_role, host)
    others = [field.path for field in change.fields if not field.path.startswith((*METADATA, "spec.selector.role"))]
    if others or not change.fields:
        yield finding(danger, "VIP's Service changes in {}", ", ".join(others) or "what the preview does not say")


def _reason(manifest: Manifest) -> str:
    """Read why something is done by force; empty where it is not."""
    return text(at(manifest, "metadata", "annotations", FORCED_ANNOTATION))


def _vip_config(change: ObjectChange, danger: Danger) -> Iterator[Finding]:
    if change.action is Action.CREATE:
        yield finding(Danger.NONE, "keepalived's ConfigMap is made again")
    elif change.action is Action.DELETE:
        yield finding(danger, "keepalived's ConfigMap is deleted: the VIP is announced no more")
    elif change.action in (Action.UPDATE, Action.REPLACE):
        old, new = vips(change.before), vips(change.after)
        if set(old) != set(new):
            yield finding(danger, "VIP {} → {}: clients of the old address are cut off", ", ".join(old), ", ".join(new))
        elif not _metadata_only(change):
            yield finding(danger, "what keepalived forwards to changes")
        if change.action is Action.REPLACE:
            yield finding(danger, "keepalived's ConfigMap is replaced: the VIP goes away until it is read again")
    elif change.action is Action.UNKNOWN:
        yield finding(danger, "keepalived's ConfigMap is {}", change.action.value)


def _keepalived(change: ObjectChange, danger: Danger) -> Iterator[Finding]:
    if _starts(change) and (reason := _reason(change.after)):
        host = pinned_host(change.after) or "its node"
        yield finding(Danger.OUTAGE, "keepalived starts by force on {}, which may not take its pod: {}", host, reason)
    if change.action is Action.CREATE:
        if replicas(change.after) != 0:
            yield finding(Danger.NONE, "keepalived pod is started again on {}", pinned_host(change.after) or "its node")
    elif change.action is Action.DELETE:
        yield finding(danger, "keepalived pod is deleted: the VIP goes away")
    elif change.action is Action.REPLACE:
        yield from _keepalived_replaced(change, danger)
    elif change.action is Action.UPDATE:
        yield from _keepalived_updated(change, danger)
    elif change.action is Action.UNKNOWN:
        yield finding(danger, "keepalived's ReplicationController is {}", change.action.value)


def _keepalived_replaced(change: ObjectChange, danger: Danger) -> Iterator[Finding]:
    runs, will_run = replicas(change.before), replicas(change.after)
    old, new = pinned_host(change.before), pinned_host(change.after)
    if will_run == 0:
        yield from _stopped(runs, danger)
        danger = Danger.NONE
        yield finding(danger, "keepalived's ReplicationController is replaced: it starts no pod")
    elif runs == 0:
        danger = Danger.NONE
        yield finding(danger, "keepalived pod starts on {}", new or "its node")
    elif old != new:
        yield finding(danger, "keepalived pod moves {} → {} — " + POD_START, old or "its node", new or "its node")
    else:
        yield finding(danger, "keepalived pod replaced on {} — " + POD_START, new or "its node")
    for label, before, after in (
        ("VRRP id", *(str(vrid(each) or "") for each in (change.before, change.after))),
        ("keepalived image", _image(change.before), _image(change.after)),
    ):
        if before != after:
            yield finding(danger, label + " {} → {}", before or "?", after or "?")


def _keepalived_updated(change: ObjectChange, danger: Danger) -> Iterator[Finding]:
    runs, will_run = replicas(change.before), replicas(change.after)
    if runs != will_run:
        if will_run == 0:
            yield from _stopped(runs, danger)
        elif will_run == 1 and runs == 0:
            yield finding(Danger.NONE, "keepalived pod starts on {}", pinned_host(change.after) or "its node")
        else:
            yield finding(danger, "{} keepalived pods instead of {}", str(will_run), str(runs))
    others = [field.path for field in change.fields if not field.path.startswith((*METADATA, "spec.replicas"))]
    if others and all(path.startswith("spec.template") for path in others):
        yield finding(
            Danger.NONE, "keepalived's template changes in {}: the running pod keeps the old one", _list(others)
        )
    elif others or not change.fields:
        yield finding(danger, "keepalived changes in {}", _list(others) or "what the preview does not say")


def _stopped(runs: int | None, danger: Danger) -> Iterator[Finding]:
    if runs != 0:
        yield finding(danger, "keepalived pod stops: the VIP goes away")


def _metadata_only(change: ObjectChange) -> bool:
    return bool(change.fields) and all(field.path.startswith(METADATA) for field in change.fields)


def _list(paths: list[str]) -> str:
    return ", ".join(path.removeprefix("spec.template.spec.") for path in paths)


def _image(controller: Manifest) -> str:
    return ", ".join(text(at(container, "image")) for container in items(pod_spec(controller).get("containers")))


def _promotion(change: ObjectChange) -> Iterator[Finding]:
    job = text(at(change.after or change.before, "metadata", "name")) or change.name
    if change.action in (Action.CREATE, Action.REPLACE):
        if at(change.after, "spec", "suspend") is True:
            yield finding(Danger.NONE, "a promotion command is kept for the next failover: nothing runs now")
        else:
            yield finding(
                Danger.TRAFFIC, "the promotion command runs first: Job {} — traffic moves only if it succeeds", job
            )
    elif change.action is Action.DELETE:
        yield finding(Danger.NONE, "the promotion Job {} is removed", job)
    elif change.action is Action.ADOPT or (change.action is Action.UPDATE and _metadata_only(change)):
        return
    elif (
        change.action is Action.UPDATE
        and at(change.before, "spec", "suspend") is at(change.after, "spec", "suspend") is True
    ):
        yield finding(
            Danger.NONE, "the promotion Job {}, kept for the next failover, is updated: nothing runs now", job
        )
    elif change.action is Action.UPDATE and not change.fields:
        yield finding(Danger.TRAFFIC, "the promotion Job {}, begun earlier, is waited for", job)
    else:
        yield finding(Danger.TRAFFIC, "the promotion Job {} is {}", job, change.action.value)
