"""What happens to a tenant's clients: their address, the keepalived pod that announces it, the Service behind it."""

from collections.abc import Iterator
from operator import attrgetter

from kube.facts import FORCED_ANNOTATION, pinned_node, pod_spec, replicas, selected_role, vips, vrid
from kube.manifest import Manifest, at, items, text
from review.access_path import entry_node, node_of
from review.changes import ObjectChange, TenantChange
from review.danger import Danger
from review.fields import METADATA
from review.findings import Finding, Name, Value, name_or, names, number, word
from review.lifecycle import if_serving, is_adopted, is_new, is_removed, was_serving
from review.preview import Action
from review.rules import traffic as rules
from review.serving import Serving
from review.unknown import unknown_fields, unknown_operation
from tenants.objects import Part


def vip_service(change: ObjectChange, tenant: TenantChange) -> Iterator[Finding]:
    """Judge the Service that selects the active role; a change by force has its own judge."""
    at_most = if_serving(tenant, Danger.TRAFFIC)
    if change.action is Action.DELETE:
        yield rules.SERVICE_DELETED.finding(at_most=at_most)
        return
    if change.action is Action.CREATE:
        yield rules.SERVICE_RECREATED.finding()
        return
    if change.action is Action.ADOPT:
        return
    if change.action is Action.REPLACE:
        yield rules.SERVICE_REPLACED.finding(at_most=at_most)
    old, new = selected_role(change.before), selected_role(change.after)
    if old != new:
        if not was_serving(tenant):
            yield rules.ROLE_CHANGED.finding(old=word(old), new=word(new))
        elif not _forced(change.after):
            yield rules.FAILOVER.finding(old=word(old), new=word(new), node=_node_of(new, tenant))
    others = change.paths(besides=(*METADATA, "spec.selector.role"))
    if others:
        yield rules.SERVICE_CHANGED.finding(fields=names(others), at_most=at_most)
    elif not change.fields:
        yield unknown_fields(change, [], at_most=at_most)


def forced_role(change: ObjectChange, tenant: TenantChange) -> Iterator[Finding]:
    """Report a `force` that moves clients now; one that did so earlier stays on the Service and does nothing."""
    reason, earlier = _forced(change.after), _forced(change.before)
    old, new = selected_role(change.before), selected_role(change.after)
    if earlier and old == new:
        if not reason:
            yield rules.FORCE_ENDED.finding(reason=Name(earlier))
    elif not reason:
        return
    elif not (is_adopted(tenant) if is_new(tenant) else was_serving(tenant)):
        yield rules.FORCED_WITHOUT_PODS.finding(role=word(new), reason=Name(reason))
    elif old and old != new:
        yield rules.FORCED_FAILOVER.finding(
            old=word(old), new=word(new), node=_node_of(new, tenant), reason=Name(reason)
        )
    else:
        yield rules.FORCED_ROLE.finding(role=word(new), node=_node_of(new, tenant), reason=Name(reason))


def _forced(manifest: Manifest) -> str:
    """Return the reason of a forced change; empty if it is not forced."""
    return text(at(manifest, "metadata", "annotations", FORCED_ANNOTATION))


def _node_of(role: str, tenant: TenantChange) -> Value:
    return name_or("its node", node_of(role, tenant, after=True))


def _pinned(workload: Manifest) -> Value:
    return name_or("its node", pinned_node(workload))


def vip_config(change: ObjectChange, tenant: TenantChange) -> Iterator[Finding]:
    """Judge the ConfigMap that the tenant's own keepalived reads."""
    if changes_keepalived(tenant):
        return
    at_most = if_serving(tenant, Danger.TRAFFIC)
    if change.action is Action.CREATE:
        yield rules.CONFIG_RECREATED.finding()
    elif change.action is Action.DELETE:
        yield rules.CONFIG_DELETED.finding(at_most=at_most)
    elif change.action in (Action.UPDATE, Action.REPLACE):
        if moved := list(_vip_changed(change.before, change.after, at_most)):
            yield from moved
        elif not change.is_metadata_only:
            yield rules.BACKEND_CHANGED.finding(at_most=at_most)
        if change.action is Action.REPLACE:
            yield rules.CONFIG_REPLACED.finding(at_most=at_most)
    elif change.action is Action.UNKNOWN:
        yield unknown_operation(change, at_most=at_most)


def _vip_changed(before: Manifest, after: Manifest, at_most: Danger) -> Iterator[Finding]:
    old, new = vips(before), vips(after)
    if set(old) != set(new):
        yield rules.VIP_CHANGED.finding(old=names(old), new=names(new), at_most=at_most)


def vip_entry(change: ObjectChange, tenant: TenantChange) -> Iterator[Finding]:
    """Judge the entry of a VIP in the ConfigMap of its node's keepalived."""
    if changes_keepalived(tenant):
        return
    at_most = if_serving(tenant, Danger.TRAFFIC)
    old, new = (name_or("its node", entry_node(inputs)) for inputs in (change.before, change.after))
    if change.action is Action.CREATE:
        yield rules.ENTRY_ADDED.finding(node=new)
    elif change.action is Action.DELETE:
        yield rules.ENTRY_REMOVED.finding(node=old, at_most=at_most)
    elif change.action in (Action.UPDATE, Action.REPLACE):
        if old != new:
            yield rules.ENTRY_MOVES.finding(old=old, new=new, at_most=at_most)
        elif change.action is Action.REPLACE:
            yield rules.ENTRY_REPLACED.finding(node=new, at_most=at_most)
        yield from _entry_changed(change, at_most)
    elif change.action is Action.UNKNOWN:
        yield unknown_operation(change, at_most=at_most)


def _entry_changed(change: ObjectChange, at_most: Danger) -> Iterator[Finding]:
    if moved := list(_vip_changed(change.before, change.after, at_most)):
        yield from moved
    elif change.paths(besides=("metadata",)):
        yield rules.BACKEND_CHANGED.finding(at_most=at_most)
    elif not change.fields and change.action is Action.UPDATE:
        yield unknown_fields(change, [], at_most=at_most)


def changes_keepalived(tenant: TenantChange) -> bool:
    """Whether a tenant changes from a keepalived of its own to its node's, or back."""
    made, ended = (
        {change.part for part in ANNOUNCING for change in tenant.of(part) if change.action is action}
        for action in (Action.CREATE, Action.DELETE)
    )
    return bool(made and ended)


ANNOUNCING = (Part.KEEPALIVED, Part.VIP_ENTRY)
"""What announces a VIP: a tenant has one of the two."""


def change_of_keepalived(tenant: TenantChange) -> Iterator[Finding]:
    """Report, once for all objects of both, a change from a keepalived of the tenant's own to its node's, or back."""
    if not changes_keepalived(tenant):
        return
    at_most = if_serving(tenant, Danger.TRAFFIC)
    own, entry = (tenant.of(part)[0] for part in ANNOUNCING)
    if own.action is Action.DELETE:
        old, new = _pinned(own.before), name_or("its node", entry_node(entry.after))
        yield rules.NODE_TAKES_OVER.finding(old=old, new=new, at_most=at_most)
    else:
        old, new = name_or("its node", entry_node(entry.before)), _pinned(own.after)
        yield rules.TENANT_TAKES_OVER.finding(old=old, new=new, at_most=at_most)
    before, after = (
        {"data": {vip: "" for change in (*tenant.of(Part.VIP_CONFIG), entry) for vip in vips(side(change))}}
        for side in (attrgetter("before"), attrgetter("after"))
    )
    yield from _vip_changed(before, after, at_most)


def keepalived(change: ObjectChange, tenant: TenantChange) -> Iterator[Finding]:
    """Judge the ReplicationController of the tenant's own keepalived."""
    at_most = if_serving(tenant, Danger.TRAFFIC)
    if starts(change) and (reason := _forced(change.after)):
        yield rules.KEEPALIVED_FORCED.finding(node=_pinned(change.after), reason=Name(reason))
    if changes_keepalived(tenant):
        return
    if change.action is Action.CREATE:
        if replicas(change.after) != 0:
            yield rules.KEEPALIVED_STARTS.finding(node=_pinned(change.after))
    elif change.action is Action.DELETE:
        yield rules.KEEPALIVED_STOPS.finding(at_most=at_most)
    elif change.action is Action.REPLACE:
        yield from _keepalived_replaced(change, at_most)
    elif change.action is Action.UPDATE:
        yield from _keepalived_updated(change, at_most)
    elif change.action is Action.UNKNOWN:
        yield unknown_operation(change, at_most=at_most)


def _keepalived_replaced(change: ObjectChange, at_most: Danger) -> Iterator[Finding]:
    runs, will_run = replicas(change.before), replicas(change.after)
    old, new = _pinned(change.before), _pinned(change.after)
    if will_run == 0:
        if runs != 0:
            yield rules.KEEPALIVED_STOPS.finding(at_most=at_most)
        yield rules.KEEPALIVED_REPLACED_WITHOUT_POD.finding()
    elif runs == 0:
        yield rules.KEEPALIVED_STARTS.finding(node=new)
    elif old != new:
        yield rules.KEEPALIVED_MOVES.finding(old=old, new=new, at_most=at_most)
    else:
        yield rules.KEEPALIVED_REPLACED.finding(node=new, at_most=at_most)
    if 0 in (runs, will_run):
        at_most = Danger.NONE
    for rule, read in ((rules.VRID_CHANGED, vrid_of), (rules.KEEPALIVED_IMAGE, images)):
        before, after = read(change.before), read(change.after)
        if before != after:
            yield rule.finding(old=name_or("unknown", before), new=name_or("unknown", after), at_most=at_most)


def _keepalived_updated(change: ObjectChange, at_most: Danger) -> Iterator[Finding]:
    runs, will_run = replicas(change.before), replicas(change.after)
    if runs != will_run:
        if will_run == 0:
            yield rules.KEEPALIVED_STOPS.finding(at_most=at_most)
        elif will_run == 1 and runs == 0:
            yield rules.KEEPALIVED_STARTS.finding(node=_pinned(change.after))
        else:
            yield rules.KEEPALIVED_COUNT.finding(old=number(runs), new=number(will_run), at_most=at_most)
    others = change.paths(besides=(*METADATA, "spec.replicas"))
    if others:
        in_template = all(path.startswith("spec.template") for path in others)
        fields = names(path.removeprefix("spec.template.spec.") for path in others)
        rule = rules.KEEPALIVED_TEMPLATE if in_template else rules.KEEPALIVED_CHANGED
        yield rule.finding(fields=fields, at_most=at_most)
    elif not change.fields:
        yield unknown_fields(change, [], at_most=at_most)


def starts(change: ObjectChange) -> bool:
    """Whether a pod of a ReplicationController starts."""
    if replicas(change.after) == 0:
        return False
    started_before = change.action is Action.UPDATE and replicas(change.before) != 0
    return change.action in (Action.CREATE, Action.REPLACE, Action.UPDATE) and not started_before


def vrid_of(controller: Manifest) -> str:
    """Return the VRRP id of keepalived's pods; empty if it cannot be read."""
    return str(vrid(controller) or "")


def images(controller: Manifest) -> str:
    """Return the images of a controller's pods."""
    return ", ".join(text(at(container, "image")) for container in items(pod_spec(controller).get("containers")))


def promotion(change: ObjectChange, _: TenantChange) -> Iterator[Finding]:
    """Judge the Job that promotes a database before traffic moves."""
    job = Name(text(at(change.after or change.before, "metadata", "name")) or change.name)
    suspended = at(change.after, "spec", "suspend") is True
    if change.action is Action.ADOPT or (change.action is Action.UPDATE and change.is_metadata_only):
        return
    if change.action in (Action.CREATE, Action.REPLACE):
        yield (rules.PROMOTION_STORED if suspended else rules.PROMOTION_RUNS).finding(job=job)
    elif change.action is Action.DELETE:
        yield rules.PROMOTION_REMOVED.finding(job=job)
    elif change.action is not Action.UPDATE:
        yield unknown_operation(change, at_most=Danger.TRAFFIC)
    elif suspended and at(change.before, "spec", "suspend") is True:
        yield rules.PROMOTION_STORED.finding(job=job)
    elif not change.fields:
        yield rules.PROMOTION_AWAITED.finding(job=job)
    else:
        yield rules.PROMOTION_CHANGED.finding(job=job, fields=names(change.paths()))


def network_policy(change: ObjectChange, tenant: TenantChange) -> Iterator[Finding]:
    """Judge the NetworkPolicy of the control pods; adopted pods, which run already, may get their first one."""
    at_most = if_serving(tenant, Danger.TRAFFIC)
    if is_new(tenant) and not is_adopted(tenant):
        at_most = Danger.NONE
    if change.action is Action.ADOPT or change.is_metadata_only:
        return
    if change.action is Action.CREATE:
        peers = [peer for rule in items(at(change.after, "spec", "ingress")) for peer in items(at(rule, "from"))]
        blocks = [text(at(peer, "ipBlock", "cidr")) for peer in peers]
        clients = name_or("no network", ", ".join(filter(None, blocks)))
        yield rules.POLICY_CREATED.finding(clients=clients, at_most=at_most)
    elif change.action is Action.DELETE:
        if not is_removed(tenant):
            yield rules.POLICY_REMOVED.finding()
    elif change.action in (Action.UPDATE, Action.REPLACE) and change.fields:
        yield rules.POLICY_CHANGED.finding(fields=names(change.paths(besides=METADATA)), at_most=at_most)
    elif change.action is Action.UPDATE:
        yield unknown_fields(change, [], at_most=at_most)
    else:
        yield unknown_operation(change, at_most=at_most)


def neighbour_findings(tenant: TenantChange, serving: Serving) -> Iterator[Finding]:
    """Report the tenants whose clients notice because a keepalived pod of this one starts beside theirs."""
    for change in tenant.of(Part.KEEPALIVED):
        neighbours = serving.throughout(pinned_node(change.after)) - {tenant.name}
        if neighbours and starts(change):
            yield rules.NEIGHBOURS_CLEARED.finding(node=_pinned(change.after), tenants=names(sorted(neighbours)))
