"""What a preview comes to: per tenant, for the fleet, and whether it may go on."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from kube.facts import place, replicas, state
from review.access_path import UNKNOWN, AccessPath, access_path, host_of
from review.belonging import belonging_findings, is_bookkeeping
from review.changes import Changes, ObjectChange, TenantChange, sort_by_tenant
from review.danger import Danger
from review.databases import database_findings
from review.findings import Finding, finding
from review.preview import Action, Diagnostic, Preview
from review.program_warnings import ProgramWarning, attributed
from review.shared import shared_findings, stranger_finding
from review.traffic import forced_findings, neighbour_findings, served_throughout, traffic_findings
from tenants.fleet import Role, State
from tenants.objects import Part


@dataclass(frozen=True, kw_only=True)
class TenantVerdict:
    """What happens to one tenant; the worst finding first."""

    name: str
    findings: tuple[Finding, ...]
    objects: tuple[ObjectChange, ...]
    path_before: AccessPath | None
    path_after: AccessPath | None

    @property
    def danger(self) -> Danger:
        """That of the worst finding."""
        return max((each.danger for each in self.findings), default=Danger.NONE)


@dataclass(frozen=True, kw_only=True)
class SharedVerdict:
    """What happens to what no single tenant owns."""

    findings: tuple[Finding, ...]
    objects: tuple[ObjectChange, ...]

    @property
    def danger(self) -> Danger:
        """That of the worst finding."""
        return max((each.danger for each in self.findings), default=Danger.NONE)


@dataclass(frozen=True, kw_only=True)
class Review:
    """What a preview would do."""

    stack: str
    tenants: tuple[TenantVerdict, ...]
    """Changed tenants only, the most endangered first."""
    shared: SharedVerdict
    refusals: tuple[Diagnostic, ...]
    complete: bool
    """Whether the preview came to its end; if not, more may happen than is listed."""
    engine_exit_code: int
    """What `pulumi preview` ended with: a failed policy pack, for one, is in none of its steps and diagnostics."""
    warnings: tuple[ProgramWarning, ...]
    """Each once."""

    @property
    def danger(self) -> Danger:
        """That of the worst finding."""
        return max([self.shared.danger, *(tenant.danger for tenant in self.tenants)])

    @property
    def changes(self) -> bool:
        """Whether anything changes at all."""
        return bool(self.tenants or self.shared.objects)

    @property
    def may_go_on(self) -> bool:
        """Whether the engine would carry it out at all."""
        return self.complete and not self.refusals and self.engine_exit_code == 0


def review(preview: Preview, *, engine_exit_code: int = 0) -> Review:
    """Judge a preview, and how the engine that wrote it ended."""
    changes = sort_by_tenant(preview)
    served = served_throughout(changes)
    tenants = [_tenant_verdict(tenant, changes, served) for tenant in changes.tenants]
    warnings = attributed(preview.warnings, {*changes.deployed, *(tenant.name for tenant in tenants)})
    warned = {warning.tenant for warning in warnings}
    return Review(
        stack=preview.stack,
        tenants=tuple(
            sorted(tenants, key=lambda tenant: (-tenant.danger, tenant.name not in warned, tenant.name)),
        ),
        shared=SharedVerdict(
            findings=_worst_first(shared_findings(changes.shared, needed=_any_runs(changes))),
            objects=changes.shared,
        ),
        refusals=preview.refusals,
        complete=preview.complete,
        engine_exit_code=engine_exit_code,
        warnings=warnings,
    )


def _tenant_verdict(tenant: TenantChange, changes: Changes, served: Mapping[str, frozenset[str]]) -> TenantVerdict:
    found = [*_findings(tenant, changes), *neighbour_findings(tenant, served)]
    belonging = list(belonging_findings(tenant.objects))
    others = tuple(change for change in tenant.objects if not (belonging and is_bookkeeping(change)))
    if others and not found:
        found.append(_unremarkable(others))
    findings = _worst_first([*found, *belonging])
    path_before = None if _comes(tenant, changes) else access_path(tenant, changes, after=False)
    path_after = None if _goes(tenant) else access_path(tenant, changes, after=True)
    return TenantVerdict(
        name=tenant.name,
        findings=findings,
        objects=tenant.objects,
        path_before=path_before,
        path_after=path_after,
    )


def _findings(tenant: TenantChange, changes: Changes) -> Iterator[Finding]:
    comes, goes, runs = _comes(tenant, changes), _goes(tenant), _serving(tenant, changes)
    if comes:
        yield _arrival(tenant, changes)
    elif goes:
        yield _departure(retired=_was_retired(tenant, changes))
    else:
        adopted = [change for change in tenant.objects if change.action is Action.ADOPT]
        if adopted:
            yield finding(Danger.NONE, "{} of its objects adopted: taken over as they are", str(len(adopted)))
        yield from _change_of_state(tenant)
        yield from traffic_findings(tenant, changes, serving=runs)
    yield from forced_findings(tenant, changes, serving=_is_adopted(tenant) if comes else runs)
    yield from database_findings(tenant, stays=not (comes or goes), retired=_was_retired(tenant, changes), runs=runs)
    for change in tenant.of(Part.UNKNOWN):
        yield stranger_finding(change)


def _unremarkable(objects: Sequence[ObjectChange]) -> Finding:
    """What to say where no rule had anything to say: nothing is passed over in silence."""
    paths = {field.path for change in objects for field in change.fields}
    if all(path.startswith(("metadata.labels", "metadata.annotations")) for path in paths):
        kinds = ", ".join(dict.fromkeys(f"{change.kind} {change.name}" for change in objects))
        return finding(Danger.NONE, "no pod and no client notices: {}", kinds)
    return finding(Danger.TRAFFIC, "not known to this review, take it for traffic: {}", ", ".join(sorted(paths)))


def _comes(tenant: TenantChange, changes: Changes) -> bool:
    """Whether the tenant is not there yet: nothing of it is deployed, and both databases are declared."""
    made = all(change.action in (Action.CREATE, Action.ADOPT) for change in tenant.objects)
    return made and tenant.name not in changes.deployed and bool(tenant.of(Part.DATABASE))


def _goes(tenant: TenantChange) -> bool:
    """Whether the tenant is given up: all that happens to it is deletion, keepalived or a database among it."""
    gone = all(change.action is Action.DELETE for change in tenant.objects)
    return gone and bool(tenant.of(Part.KEEPALIVED)) and len(tenant.of(Part.DATABASE)) in (0, len(Role))


def _arrival(tenant: TenantChange, changes: Changes) -> Finding:
    path = access_path(tenant, changes, after=True)
    master, standby = (
        host_of(role, tenant, changes.deployed.get(tenant.name, UNKNOWN), after=True) or "its node" for role in Role
    )
    return finding(
        Danger.NONE,
        "adopted: what is there is taken over in place, VIP {}, master on {}, standby on {}"
        if _is_adopted(tenant)
        else "created: VIP {}, master on {}, standby on {}",
        (path.vip if path else "") or "?",
        master,
        standby,
    )


def _is_adopted(tenant: TenantChange) -> bool:
    return any(change.action is Action.ADOPT for change in tenant.objects)


def _departure(*, retired: bool) -> Finding:
    if retired:
        return finding(Danger.NONE, "removed after its retirement: its objects and node labels go, its data stays")
    return finding(Danger.DATA_LOSS, "removed without being retired: its databases are deleted and its clients cut off")


def _was_retired(tenant: TenantChange, changes: Changes) -> bool:
    """Whether every workload that says what it was meant to do says so; where none does, the stack's outputs do."""
    told = {state(change.before) for part in (Part.DATABASE, Part.KEEPALIVED) for change in tenant.of(part)} - {""}
    return (told or {changes.deployed.get(tenant.name, UNKNOWN).state}) == {State.RETIRED}


def _change_of_state(tenant: TenantChange) -> Iterator[Finding]:
    workloads = (*tenant.of(Part.DATABASE), *tenant.of(Part.KEEPALIVED))
    became = {
        (state(change.before), state(change.after))
        for change in workloads
        if change.action in (Action.UPDATE, Action.REPLACE) and state(change.before) != state(change.after)
    }
    for old, new in sorted(became):
        if new == State.RETIRED:
            places = "; ".join(
                f"{there.host}:{there.data_path}"
                for change in tenant.of(Part.DATABASE)
                if (there := place(change.after)).known
            )
            yield finding(
                Danger.NONE,
                "retired — data stays on {}; from now on its entry may be removed",
                places or "its hosts",
            )
        elif old == State.RETIRED:
            yield finding(Danger.NONE, "no longer retired, {} again", new or "?")
        elif old and new:
            yield finding(Danger.NONE, "{} → {}", old, new)


def _serving(tenant: TenantChange, changes: Changes) -> bool:
    """Whether clients were being served: there was a keepalived pod. Where nothing says so, there was."""
    controllers = [change.before for change in tenant.of(Part.KEEPALIVED) if change.before]
    if controllers:
        return any(replicas(controller) != 0 for controller in controllers)
    return changes.deployed.get(tenant.name, UNKNOWN).runs


def _any_runs(changes: Changes) -> bool:
    """Whether any tenant has pods, before or after. Where nothing tells of any tenant, one may."""
    told = [deployed.runs for deployed in changes.deployed.values()]
    told += [_serving(tenant, changes) for tenant in changes.tenants if tenant.name not in changes.deployed]
    databases = [change for tenant in changes.tenants for change in tenant.of(Part.DATABASE)]
    told += [replicas(change.after) != 0 for change in databases if change.after]
    return any(told) or not told


def _worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Order them, and say once what is said of several roles alike."""
    merged: dict[tuple[Danger, object], Finding] = {}
    for each in findings:
        key = (each.danger, each.says)
        seen = merged.get(key)
        merged[key] = replace(each, about=tuple(dict.fromkeys((*seen.about, *each.about)))) if seen else each
    return tuple(sorted(merged.values(), key=lambda each: -each.danger))
