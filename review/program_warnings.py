"""Warnings of the program, and the tenant that each concerns."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from review.preview import Diagnostic
from tenants.objects import tenant_of_component


@dataclass(frozen=True, kw_only=True)
class ProgramWarning:
    """One warning. It raises no danger: what it concerns is judged by what changes."""

    tenant: str
    """Empty if it concerns no tenant, or none that can be identified."""
    message: str


def attributed(warnings: Iterable[Diagnostic], tenants: Collection[str]) -> tuple[ProgramWarning, ...]:
    """Find the tenant of each: the one whose name begins the text, else the one that owns its URN.

    Sorted by tenant and text: hooks run concurrently, so that the engine's order differs from run to run, and a review
    that was approved must read the same again.
    """
    found = {ProgramWarning(tenant=_tenant(warning, tenants), message=warning.message) for warning in warnings}
    return tuple(sorted(found, key=lambda warning: (warning.tenant, warning.message)))


def _tenant(warning: Diagnostic, tenants: Collection[str]) -> str:
    first_word = warning.message.partition(" ")[0].removesuffix(":")
    if first_word in tenants:
        return first_word
    return tenant_of_component(warning.urn) if warning.urn else ""
