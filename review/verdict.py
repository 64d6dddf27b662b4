"""The result of a review: per tenant, for the fleet, and whether the update can proceed."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from kube.facts import replicas
from review import databases, traffic
from review.access_path import AccessPath, access_path
from review.belonging import belonging_findings, is_bookkeeping
from review.changes import Changes, ObjectChange, TenantChange, sort_by_tenant
from review.danger import Danger
from review.fields import METADATA
from review.findings import Finding, names
from review.lifecycle import is_new, is_removed, lifecycle_findings, was_serving
from review.preview import Diagnostic, Preview
from review.program_warnings import ProgramWarning, attributed
from review.rules import tenant as tenant_rules
from review.rules import unknown as unknown_rules
from review.serving import Serving, serving
from review.shared import shared_findings
from review.unknown import unknown_object
from tenants.objects import Part


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What happens to some objects; the worst finding first."""

    findings: tuple[Finding, ...]
    objects: tuple[ObjectChange, ...]

    @property
    def danger(self) -> Danger:
        """Danger of the worst finding."""
        return max((each.danger for each in self.findings), default=Danger.NONE)


@dataclass(frozen=True, kw_only=True)
class TenantVerdict(Verdict):
    """What happens to one tenant."""

    name: str
    path_before: AccessPath | None
    path_after: AccessPath | None


@dataclass(frozen=True, kw_only=True)
class Review:
    """What a preview would do."""

    stack: str
    tenants: tuple[TenantVerdict, ...]
    """Changed tenants only, the most endangered first."""
    shared: Verdict
    """Of the objects that belong to no single tenant."""
    refusals: tuple[Diagnostic, ...]
    complete: bool
    """Whether the preview ran to its end; if not, there may be more changes than are listed."""
    engine_exit_code: int
    """Exit code of `pulumi preview`: a failed policy pack, for one, is in none of its steps and diagnostics."""
    warnings: tuple[ProgramWarning, ...]
    """Without duplicates."""

    @property
    def danger(self) -> Danger:
        """Danger of the worst finding."""
        return max([self.shared.danger, *(tenant.danger for tenant in self.tenants)])

    @property
    def changes(self) -> bool:
        return bool(self.tenants or self.shared.objects)

    @property
    def can_proceed(self) -> bool:
        """Whether Pulumi would carry out the update."""
        return self.complete and not self.refusals and self.engine_exit_code == 0


def review(preview: Preview, *, engine_exit_code: int = 0) -> Review:
    """Judge a preview, and the exit code of the engine that wrote it."""
    changes = sort_by_tenant(preview)
    served = serving(changes)
    tenants = [_tenant_verdict(tenant, served) for tenant in changes.tenants]
    warnings = attributed(preview.warnings, {*changes.deployed, *(tenant.name for tenant in tenants)})
    warned = {warning.tenant for warning in warnings}
    return Review(
        stack=preview.stack,
        tenants=tuple(sorted(tenants, key=lambda tenant: (-tenant.danger, tenant.name not in warned, tenant.name))),
        shared=Verdict(
            findings=_worst_first(shared_findings(changes.shared, served, needed=_any_runs(changes))),
            objects=changes.shared,
        ),
        refusals=preview.refusals,
        complete=preview.complete,
        engine_exit_code=engine_exit_code,
        warnings=warnings,
    )


Judge: TypeAlias = Callable[[ObjectChange, TenantChange], Iterator[Finding]]

JUDGES: Sequence[tuple[Part, Judge]] = (
    (Part.PROMOTION, traffic.promotion),
    (Part.VIP_SERVICE, traffic.vip_service),
    (Part.VIP_CONFIG, traffic.vip_config),
    (Part.VIP_ENTRY, traffic.vip_entry),
    (Part.KEEPALIVED, traffic.keepalived),
    (Part.VIP_SERVICE, traffic.forced_role),
    (Part.NETWORK_POLICY, traffic.network_policy),
    (Part.DATABASE, databases.stateful_set),
    (Part.NODE_LABEL, databases.node_label),
    (Part.DATABASE_NAME, databases.headless_service),
    (Part.UNKNOWN, unknown_object),
)
"""The function that judges a tenant's objects of each part; equally dangerous findings are listed in this order."""
ALSO_OF_WHOLE_TENANTS = frozenset({traffic.forced_role, traffic.network_policy, databases.stateful_set, unknown_object})
"""Judges whose findings matter even where the whole tenant is created, adopted or removed."""


def _tenant_verdict(tenant: TenantChange, served: Serving) -> TenantVerdict:
    new, removed = is_new(tenant), is_removed(tenant)
    judges = [pair for pair in JUDGES if not (new or removed) or pair[1] in ALSO_OF_WHOLE_TENANTS]
    found = [
        *lifecycle_findings(tenant),
        *traffic.change_of_keepalived(tenant),
        *(finding for part, judge in judges for change in tenant.of(part) for finding in judge(change, tenant)),
        *traffic.neighbour_findings(tenant, served),
    ]
    belonging = list(belonging_findings(tenant.objects))
    others = [change for change in tenant.objects if not (belonging and is_bookkeeping(change))]
    if others and not found:
        found.append(_without_finding(others))
    return TenantVerdict(
        name=tenant.name,
        findings=_worst_first([*found, *belonging]),
        objects=tenant.objects,
        path_before=None if new else access_path(tenant, after=False),
        path_after=None if removed else access_path(tenant, after=True),
    )


def _without_finding(objects: Sequence[ObjectChange]) -> Finding:
    """Report changes of which no judge reported anything: a review omits none."""
    changed = names(dict.fromkeys(map(str, objects)))
    paths = {path for change in objects for path in change.paths()}
    if all(path.startswith(METADATA) for path in paths):
        return tenant_rules.UNNOTICED.finding(objects=changed)
    return unknown_rules.FIELDS.finding(object=changed, fields=names(sorted(paths)), at_most=Danger.TRAFFIC)


def _any_runs(changes: Changes) -> bool:
    """Whether any tenant has pods, before or after; assumed where nothing is known of any tenant."""
    runs = [deployed.runs for deployed in changes.deployed.values()]
    runs += [was_serving(tenant) for tenant in changes.tenants if not tenant.deployed.in_outputs]
    databases_after = [change.after for tenant in changes.tenants for change in tenant.of(Part.DATABASE)]
    runs += [replicas(database) != 0 for database in databases_after if database]
    return any(runs) or not runs


def _worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Sort findings; those that are the same for several roles become one."""
    merged: dict[Finding, tuple[str, ...]] = {}
    for each in findings:
        key = replace(each, about=())
        merged[key] = tuple(dict.fromkeys((*merged.get(key, ()), *each.about)))
    in_order = [replace(key, about=about) for key, about in merged.items()]
    return tuple(sorted(in_order, key=lambda each: -each.danger))
