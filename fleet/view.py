"""What the picture of a fleet shows: which tenant's role is where, who serves, and how they are."""

from collections.abc import Mapping
from dataclasses import dataclass

from kube.json_text import UnreadableError
from kube.manifest import Json, at, mapping, number, text
from tenants.fleet import Role, State


@dataclass(frozen=True, kw_only=True)
class Seat:
    """One role of one tenant."""

    role: Role
    node: str
    """Empty where nobody says."""
    ready: bool | None
    """Whether its pod is ready; `None` where nobody says, or none is meant to be."""
    old_revision: bool
    """Whether its pod still runs an older template than the one declared."""


@dataclass(frozen=True, kw_only=True)
class TenantView:
    """One tenant."""

    name: str
    vip: str
    active_role: str
    vrid: int | None
    state: str
    seats: tuple[Seat, ...]
    """Master, then standby."""

    @property
    def active(self) -> Seat | None:
        """The one that clients reach."""
        return next((seat for seat in self.seats if seat.role == self.active_role), None)

    @property
    def running(self) -> bool:
        """Whether it is meant to have pods."""
        return self.state in ("", State.RUNNING)


@dataclass(frozen=True, kw_only=True)
class FleetView:
    """A fleet at one moment."""

    title: str
    tenants: tuple[TenantView, ...]
    nodes: tuple[str, ...]
    """Every node there is to show, tenants or not."""

    def on(self, node: str) -> tuple[tuple[TenantView, Seat], ...]:
        """What a node holds, in the order of the tenants' names."""
        return tuple((tenant, seat) for tenant in self.tenants for seat in tenant.seats if seat.node == node)


def fleet_of(title: str, tenants: list[TenantView], nodes: list[str]) -> FleetView:
    """Put a fleet together, in the order that its names are read."""
    seats = {seat.node for tenant in tenants for seat in tenant.seats}
    return FleetView(
        title=title,
        tenants=tuple(sorted(tenants, key=lambda tenant: natural_order(tenant.name))),
        nodes=tuple(sorted(seats | set(nodes), key=natural_order)),
    )


def natural_order(name: str) -> list[tuple[int, str]]:
    """Sort m2 before m10."""
    parts: list[tuple[int, str]] = []
    digits = ""
    for character in f"{name} ":
        if character.isascii() and character.isdigit():
            digits += character
            continue
        if digits:
            parts.append((int(digits[:18]), ""))
            digits = ""
        parts.append((-1, character))
    return parts


def from_outputs(title: str, outputs: Json) -> FleetView:
    """Read what `pulumi stack output --json` prints.

    Raises:
        UnreadableError: It holds no tenants.
    """
    tenants = at(outputs, "tenants")
    if not isinstance(tenants, dict):
        raise UnreadableError("it has no `tenants`: it is not what `pulumi stack output --json` prints")
    return fleet_of(title, [_tenant(str(name), mapping(entry)) for name, entry in tenants.items()], [])


def _tenant(name: str, entry: Mapping[str, Json]) -> TenantView:
    return TenantView(
        name=name,
        vip=text(entry.get("endpoint")).rpartition(":")[0],
        active_role=text(entry.get("activeRole")),
        vrid=number(entry.get("vrid")),
        state=text(entry.get("state")),
        seats=tuple(
            Seat(
                role=role,
                node=text(at(entry, "hosts", role)),
                ready=_told(at(entry, "ready", role)),
                old_revision=at(entry, "revisions", role) == "old",
            )
            for role in Role
        ),
    )


def _told(value: Json) -> bool | None:
    return value if isinstance(value, bool) else None
