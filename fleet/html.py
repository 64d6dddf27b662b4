"""Writes the fleet page as one HTML file: it needs no server and no network, and is readable without scripts."""

from collections import Counter
from html import escape
from pathlib import Path

from fleet.view import FleetView, Seat, TenantView
from kube.escaping import visible

PARTS = Path(__file__).parent / "page"
MANY_TENANTS = 60
"""From here on, a tenant gets one line instead of two."""
_SIGNS = {True: "●", False: "▲", None: "○"}


def page(fleet: FleetView) -> str:
    """Return the page."""
    content = {
        "{{title}}": _text(f"ADB fleet: {fleet.title}"),
        "{{density}}": "dense" if len(fleet.tenants) > MANY_TENANTS else "roomy",
        "{{style}}": (PARTS / "style.css").read_text(encoding="utf-8"),
        "{{script}}": (PARTS / "filter.js").read_text(encoding="utf-8"),
        "{{summary}}": _summary(fleet),
        "{{nodes}}": "\n".join(_node(fleet, node) for node in fleet.nodes) or "<p>No tenants.</p>",
    }
    written = (PARTS / "page.html").read_text(encoding="utf-8")
    before, *rest = written.split("{{")
    # One pass, so that a tenant's name is never taken for a placeholder.
    pieces = [before]
    for piece in rest:
        key, _, after = piece.partition("}}")
        pieces += [content[f"{{{{{key}}}}}"], after]
    return "".join(pieces)


def _text(value: str) -> str:
    return escape(visible(value))


def _summary(fleet: FleetView) -> str:
    states = Counter(tenant.state or "running" for tenant in fleet.tenants)
    counted = [f"{len(fleet.tenants)} tenants on {len(fleet.nodes)} nodes"]
    counted += [f"{count} {state}" for state, count in sorted(states.items()) if state != "running"]
    running = (tenant for tenant in fleet.tenants if tenant.running)
    unready = sum(1 for tenant in running if tenant.active and tenant.active.ready is False)
    if unready:
        counted.append(f"{unready} with an active role that is not ready")
    return _text(" · ".join(counted))


def _node(fleet: FleetView, node: str) -> str:
    seats = fleet.on(node)
    active = [tenant for tenant, seat in seats if _serves(tenant, seat)]
    load = f"{len(seats)} roles, {len(active)} active" if seats else "no tenant"
    own_pods = sum(tenant.has_own_keepalived for tenant in active)
    pods = own_pods + (node in fleet.keepalived)
    crowded = (
        f'<p class="warning">{pods} keepalived pods: each start of one clears the forwarding of the others</p>'
        if pods > 1
        else ""
    )
    cards = "\n".join(_card(tenant, seat) for tenant, seat in seats)
    name, keepalived = _text(node or "(no node named)"), _keepalived(fleet, node)
    return (
        f'<section class="node" aria-label="node {name}"><header><h2>{name}</h2><p>{load}</p>{keepalived}{crowded}'
        "</header>\n"
        f'<ul role="list">\n{cards}\n</ul></section>'
    )


def _keepalived(fleet: FleetView, node: str) -> str:
    found = fleet.keepalived.get(node)
    if found is None:
        return ""
    vips = f"{found.vips or 'no'} VIP{'' if found.vips == 1 else 's'}"
    vrid = f' <span class="vrid" title="VRRP id">id {found.vrid}</span>' if found.vrid is not None else ""
    unready = '<p class="warning">keepalived is not ready</p>' if found.ready is False else ""
    return f'<p class="keepalived">keepalived{vrid}, {vips}</p>{unready}'


def _serves(tenant: TenantView, seat: Seat) -> bool:
    return tenant.running and seat is tenant.active


def _card(tenant: TenantView, seat: Seat) -> str:
    active, (health, healthy) = _serves(tenant, seat), _health(tenant, seat)
    searched = _text(" ".join((tenant.name, tenant.vip, seat.node)).lower())
    trouble = " trouble" if healthy is False else ""
    name, role = _text(tenant.name), _text(seat.role)
    address = [f'<span class="vip">{_text(tenant.vip or "no VIP")}</span>'] if seat is tenant.active else []
    if address and tenant.vrid is not None:
        address.append(f'<span class="vrid" title="VRRP id">id {tenant.vrid}</span>')
    if active:
        address.insert(0, '<span class="active">active</span>')
    return (
        f'<li class="seat {role}{" serving" if active else ""}{trouble}" tabindex="-1" data-tenant="{name}" '
        f'data-searched="{searched}"><span class="name">{name}</span> <span class="role">{role}</span> '
        f'<span class="health" title="{health}"><span aria-hidden="true">{_SIGNS[healthy]}</span> {health}</span>'
        f"{' ' if address else ''}{' '.join(address)}</li>"
    )


def _health(tenant: TenantView, seat: Seat) -> tuple[str, bool | None]:
    if not tenant.running:
        return _text(tenant.state), None
    if seat.ready is False:
        return "not ready", False
    if seat.old_revision:
        return "runs an older revision", None
    return ("ready", True) if seat.ready else ("", None)
