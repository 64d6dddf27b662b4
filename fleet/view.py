"""The data of the fleet page: the node and readiness of each tenant's roles, and the active one."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from kube.json_text import UnreadableError
from kube.manifest import Json, at, mapping, number, text
from tenants.fleet import KeepalivedPer, Role, State


@dataclass(frozen=True, kw_only=True)
class Seat:
    """One role of one tenant, on its node."""

    role: Role
    node: str
    """Empty if it is not known."""
    ready: bool | None
    """Whether its pod is ready; `None` if that is not known, or if it should have no pod."""
    old_revision: bool
    """Whether its pod runs an older template than the current one."""


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
    has_own_keepalived: bool = True
    """Whether a keepalived pod runs for it alone; else its node's serves it."""

    @property
    def active(self) -> Seat | None:
        """The role that the VIP's Service selects."""
        return next((seat for seat in self.seats if seat.role == self.active_role), None)

    @property
    def running(self) -> bool:
        """Whether it should have pods."""
        return self.state in ("", State.RUNNING)


@dataclass(frozen=True, kw_only=True)
class NodeKeepalivedView:
    """The keepalived of a node, for every tenant without one of its own."""

    vrid: int | None
    vips: int
    """How many it announces."""
    ready: bool | None = None
    """Whether its pod is ready; `None` if that is not known."""


@dataclass(frozen=True, kw_only=True)
class FleetView:
    """A fleet at one moment."""

    title: str
    tenants: tuple[TenantView, ...]
    nodes: tuple[str, ...]
    """All nodes to show, with and without tenants."""
    keepalived: Mapping[str, NodeKeepalivedView] = field(default_factory=dict)
    """By node."""

    def on(self, node: str) -> tuple[tuple[TenantView, Seat], ...]:
        """Return the roles on a node, by tenant name."""
        return tuple((tenant, seat) for tenant in self.tenants for seat in tenant.seats if seat.node == node)


def fleet_of(
    title: str, tenants: list[TenantView], nodes: list[str], keepalived: Mapping[str, NodeKeepalivedView]
) -> FleetView:
    """Return a fleet with tenants and nodes sorted."""
    seats = {seat.node for tenant in tenants for seat in tenant.seats}
    return FleetView(
        title=title,
        tenants=tuple(sorted(tenants, key=lambda tenant: natural_order(tenant.name))),
        nodes=tuple(sorted({*seats, *nodes, *keepalived}, key=natural_order)),
        keepalived=keepalived,
    )


def natural_order(name: str) -> list[tuple[int, str]]:
    """Return a sort key by which m2 comes before m10."""
    parts = re.findall(r"([0-9]+)|([^0-9])", f"{name} ")
    return [(int(digits[:18]) if digits else -1, other) for digits, other in parts]


def from_outputs(title: str, outputs: Json) -> FleetView:
    """Read the output of `pulumi stack output --json`; raises `UnreadableError` if it has no tenants."""
    tenants = at(outputs, "tenants")
    if not isinstance(tenants, dict):
        raise UnreadableError("no `tenants`: this is not the output of `pulumi stack output --json`")
    found = [_tenant(str(name), mapping(entry)) for name, entry in tenants.items()]
    vips = Counter(tenant.active.node for tenant in found if tenant.active and not tenant.has_own_keepalived)
    keepalived = {
        str(node): NodeKeepalivedView(vrid=number(at(entry, "vrid")), vips=vips[str(node)])
        for node, entry in mapping(at(outputs, "nodeKeepalived")).items()
    }
    return fleet_of(title, found, [], keepalived)


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
                ready=None,
                old_revision=at(entry, "revisions", role) == "old",
            )
            for role in Role
        ),
        has_own_keepalived=entry.get("keepalived") != KeepalivedPer.NODE,
    )
