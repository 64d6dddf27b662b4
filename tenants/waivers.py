"""Noting findings that tenants may have waived."""

from collections.abc import Callable, Sequence
from itertools import islice

from tenants.draft import TenantDraft
from tenants.findings import Path, Rule, listed

_MOST_NAMED = 4


def note_unless_waived(rule: Rule, tenant: TenantDraft, path: Path, message: str) -> None:
    """Note what concerns one tenant alone."""
    tenant.source.notes.add(rule, path, message, waived=tenant.waived.get(rule.id) if rule.waivable else None)


def note_pair(rule: Rule, pair: tuple[TenantDraft, TenantDraft], path: Path, message: str) -> None:
    """Note what two tenants have with each other, at a place of the first. The waiver of either settles it.

    Of several conflicts at one place, a path on two hosts for instance, only the first is told.
    """
    one, other = pair
    reason = one.waived.get(rule.id) or other.waived.get(rule.id) if rule.waivable else None
    one.source.notes.add_once(rule, path, message, waived=reason)


def note_group(
    rule: Rule,
    group: Sequence[TenantDraft],
    place: Callable[[TenantDraft], Path],
    say: Callable[[TenantDraft, str], str],
    *,
    call: Callable[[TenantDraft, TenantDraft], str] = TenantDraft.called_by,
) -> None:
    """Note, at each tenant of a group, what it has with the others, whichever files they stand in.

    It takes two to have a conflict: what is left once some have waived it is among those who have not.

    Args:
        rule: what they must not have in common.
        group: the tenants that have it in common; nothing is noted of fewer than two.
        place: where it is written.
        say: the sentence, from a tenant and the names of the others.
        call: how another one is named, from it and the tenant that the sentence is about.
    """
    if len(group) < 2:
        return
    standing = [tenant for tenant in group if rule.id not in tenant.waived] if rule.waivable else group
    for tenant in group:
        reason = tenant.waived.get(rule.id) if rule.waivable else None
        against = group if reason is not None or len(standing) == 1 else standing
        if reason is None and against is not standing:
            reason = next(other.waived[rule.id] for other in group if other is not tenant)
        path = place(tenant)
        others = islice((call(other, tenant) for other in against if other is not tenant), _MOST_NAMED)
        tenant.source.notes.add_once(
            rule, path, say(tenant, listed(list(others), total=len(against) - 1)), waived=reason
        )
