"""What the program warns of, and which tenant that is about."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from review.preview import Diagnostic
from tenants.objects import tenant_of_component


@dataclass(frozen=True, kw_only=True)
class ProgramWarning:
    """One warning. It is no danger of its own: what it is about has been judged by what changes."""

    tenant: str
    """Empty where it is about none, or none that can be told."""
    says: str


def attributed(warnings: Iterable[Diagnostic], tenants: Collection[str]) -> tuple[ProgramWarning, ...]:
    """Find the tenant of each: the one whose name begins the text, else the one that its URN is of.

    In the order of tenants and texts: hooks run side by side, so that the engine's order differs from run to run, and a
    review that was approved must read the same again.
    """
    found = {ProgramWarning(tenant=_tenant(warning, tenants), says=warning.message) for warning in warnings}
    return tuple(sorted(found, key=lambda warning: (warning.tenant, warning.says)))


def _tenant(warning: Diagnostic, tenants: Collection[str]) -> str:
    first_word = warning.message.partition(" ")[0].removesuffix(":")
    if first_word in tenants:
        return first_word
    return tenant_of_component(warning.urn) if warning.urn else ""
