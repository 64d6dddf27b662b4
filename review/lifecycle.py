"""What happens to a tenant as a whole: it is created, adopted, stopped, retired or removed."""

from collections.abc import Iterator

from kube.facts import data_location, replicas, state
from review.access_path import access_path, node_of
from review.changes import TenantChange
from review.danger import Danger
from review.findings import Finding, name_or, number, word
from review.preview import Action
from review.rules import tenant as rules
from tenants.fleet import Role, State
from tenants.objects import Part


def is_new(tenant: TenantChange) -> bool:
    """Whether the stack does not have the tenant yet: its databases are among the objects created or adopted."""
    made = all(change.action in (Action.CREATE, Action.ADOPT) for change in tenant.objects)
    return made and not tenant.deployed.in_outputs and bool(tenant.of(Part.DATABASE))


def is_removed(tenant: TenantChange) -> bool:
    """Whether all its objects are deleted: what announces its VIP, and both databases unless they are gone already."""
    deleted = all(change.action is Action.DELETE for change in tenant.objects)
    announced = bool(tenant.of(Part.KEEPALIVED) or tenant.of(Part.VIP_ENTRY))
    return deleted and announced and len(tenant.of(Part.DATABASE)) in (0, len(Role))


def is_adopted(tenant: TenantChange) -> bool:
    """Whether any of its objects is adopted."""
    return any(change.action is Action.ADOPT for change in tenant.objects)


def was_retired(tenant: TenantChange) -> bool:
    """Whether all its workloads were declared retired or, if none shows its state, the stack's outputs do."""
    states = {state(change.before) for part in (Part.DATABASE, Part.KEEPALIVED) for change in tenant.of(part)} - {""}
    return (states or {tenant.deployed.state}) == {State.RETIRED}


def was_serving(tenant: TenantChange) -> bool:
    """Whether it had pods, so that clients can be cut off: as its own keepalived shows, else the stack's outputs.

    Assumed where nothing shows it.
    """
    controllers = [change.before for change in tenant.of(Part.KEEPALIVED) if change.before]
    if controllers:
        return any(replicas(controller) != 0 for controller in controllers)
    return tenant.deployed.runs


def if_serving(tenant: TenantChange, danger: Danger) -> Danger:
    """Return this danger if the tenant was serving, else none: there was nobody to notice."""
    return danger if was_serving(tenant) else Danger.NONE


def lifecycle_findings(tenant: TenantChange) -> Iterator[Finding]:
    """Report what the tenant becomes."""
    if is_new(tenant):
        path = access_path(tenant, after=True)
        master, standby = (name_or("its node", node_of(role, tenant, after=True)) for role in Role)
        yield (rules.ADOPTED if is_adopted(tenant) else rules.CREATED).finding(
            vip=name_or("unknown", path.vip if path else ""), master=master, standby=standby
        )
    elif is_removed(tenant):
        yield (rules.REMOVED_AFTER_RETIREMENT if was_retired(tenant) else rules.REMOVED).finding()
    else:
        if adopted := sum(change.action is Action.ADOPT for change in tenant.objects):
            yield rules.OBJECTS_ADOPTED.finding(count=number(adopted))
        yield from _state_findings(tenant)


def _state_findings(tenant: TenantChange) -> Iterator[Finding]:
    became = {
        (state(change.before), state(change.after))
        for change in (*tenant.of(Part.DATABASE), *tenant.of(Part.KEEPALIVED))
        if change.action in (Action.UPDATE, Action.REPLACE) and state(change.before) != state(change.after)
    }
    for old, new in sorted(became):
        if new == State.RETIRED:
            locations = [data_location(change.after) for change in tenant.of(Part.DATABASE)]
            known = "; ".join(f"{location.host}:{location.data_path}" for location in locations if location.known)
            yield rules.RETIRED.finding(locations=name_or("its nodes", known))
        elif old and (new or old == State.RETIRED):
            yield rules.STATE_CHANGED.finding(old=word(old), new=word(new))
