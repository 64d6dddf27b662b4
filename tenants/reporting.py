"""How checks of whole fleets report: each finding with the stack it belongs to, and with the waivers of tenants."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple, TypeAlias, TypeVar

from tenants.draft import FleetDraft, Source, TenantDraft
from tenants.findings import FieldPath, LintFinding, Rule, listed

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

Reported: TypeAlias = tuple[Source, LintFinding]
Check: TypeAlias = Callable[[Sequence[FleetDraft]], Iterator[Reported]]
"""Checks the fleets of one cluster."""

_MOST_NAMED = 4


class Conflict(NamedTuple):
    """One tenant of a group that have in common what they must not."""

    tenant: TenantDraft
    others: str
    """The others, as a message at this tenant names them."""
    waived: str | None
    """The reason for which another tenant waives the rule, if that settles the conflict."""


def report(rule: Rule, tenant: TenantDraft, path: FieldPath, message: str, *, waived: str | None = None) -> Reported:
    """Return a finding in the stack of a tenant; its own waiver applies, or the reason of another's that settles it."""
    reason = tenant.waived.get(rule.id) or waived
    return tenant.source, LintFinding(rule=rule, path=path, message=message, waived=reason)


def conflicts(
    rule: Rule,
    group: Sequence[TenantDraft],
    call: Callable[[TenantDraft, TenantDraft], str] = TenantDraft.called_by,
) -> Iterator[Conflict]:
    """Yield each tenant of a group, unless it is alone, with the others.

    A conflict needs two tenants: those that waive the rule are left out of the conflicts of the rest. `call` names
    another tenant to the reader of a tenant's entry.
    """
    if len(group) < 2:
        return
    unwaived = [tenant for tenant in group if rule.id not in tenant.waived]
    settled = len(unwaived) == 1
    for tenant in group:
        against = group if settled or rule.id in tenant.waived else unwaived
        others = list(islice((other for other in against if other is not tenant), _MOST_NAMED))
        names = listed([call(other, tenant) for other in others], total=len(against) - 1)
        yield Conflict(tenant, names, others[0].waived.get(rule.id))


def tenants_of(fleets: Sequence[FleetDraft]) -> Iterator[TenantDraft]:
    """Yield the tenants of several fleets."""
    return (tenant for fleet in fleets for tenant in fleet.tenants)


def grouped(values: Iterable[T], key: Callable[[T], K | None]) -> dict[K, list[T]]:
    """Group values by a key, in their order; those whose key is `None` are left out."""
    groups: dict[K, list[T]] = {}
    for value in values:
        group = key(value)
        if group is not None:
            groups.setdefault(group, []).append(value)
    return groups
