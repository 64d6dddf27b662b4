"""How checks of whole fleets report: each finding with the stack it belongs to, and with the waivers of tenants."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Generic, NamedTuple, TypeAlias, TypeVar

from tenants.draft import FleetDraft, KeepalivedNodeDraft, Party, Source, TenantDraft
from tenants.findings import FieldPath, LintFinding, Rule, listed

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")
P = TypeVar("P", bound=Party)

Reported: TypeAlias = tuple[Source, LintFinding]
Check: TypeAlias = Callable[[Sequence[FleetDraft]], Iterator[Reported]]
"""Checks the fleets of one cluster."""

_MOST_NAMED = 4


class Conflict(NamedTuple, Generic[P]):
    """One party of a group that have in common what they must not."""

    party: P
    others: str
    """The others, as a message at this party names them."""
    waived: str | None
    """The reason for which another tenant waives the rule, if that settles the conflict."""


def report(rule: Rule, party: Party, path: FieldPath, message: str, *, waived: str | None = None) -> Reported:
    """Return a finding in the stack of a party; its own waiver applies, or the reason of another's that settles it."""
    reason = party.waived.get(rule.id) or waived
    return party.source, LintFinding(rule=rule, path=path, message=message, waived=reason)


def conflicts(
    rule: Rule,
    group: Sequence[P],
    call: Callable[[P, P], str] = lambda other, reader: other.called_by(reader),
) -> Iterator[Conflict[P]]:
    """Yield each party of a group, unless it is alone, with the others.

    A conflict needs two parties: those that waive the rule are left out of the conflicts of the rest. `call` names
    another party to the reader of a party's entry.
    """
    if len(group) < 2:
        return
    unwaived = [party for party in group if rule.id not in party.waived]
    settled = len(unwaived) == 1
    for party in group:
        against = group if settled or rule.id in party.waived else unwaived
        others = list(islice((other for other in against if other is not party), _MOST_NAMED))
        names = listed([call(other, party) for other in others], total=len(against) - 1)
        yield Conflict(party, names, others[0].waived.get(rule.id))


def tenants_of(fleets: Sequence[FleetDraft]) -> Iterator[TenantDraft]:
    """Yield the tenants of several fleets."""
    return (tenant for fleet in fleets for tenant in fleet.tenants)


def keepalived_nodes_of(fleets: Sequence[FleetDraft]) -> Iterator[KeepalivedNodeDraft]:
    """Yield each keepalived of a node once: as these fleets declare it or, if none does, as the first that uses it."""
    written = [node for fleet in fleets for node in fleet.cluster.keepalived_nodes]
    seen = {each.node.name for each in written if each.is_declared}
    for each in written:
        if each.is_declared or each.node.name not in seen:
            seen.add(each.node.name)
            yield each


def grouped(values: Iterable[T], key: Callable[[T], K | None]) -> dict[K, list[T]]:
    """Group values by a key, in their order; those whose key is `None` are left out."""
    groups: dict[K, list[T]] = {}
    for value in values:
        group = key(value)
        if group is not None:
            groups.setdefault(group, []).append(value)
    return groups
