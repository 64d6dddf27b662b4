"""Rules about VRRP ids, by which keepalived pods on one segment tell each other's tenants apart."""

from collections.abc import Sequence

from tenants.draft import FleetDraft, TenantDraft
from tenants.findings import Path, Rule
from tenants.waivers import note_group, note_unless_waived

LOWEST, HIGHEST = 1, 255

VRID_RANGE = Rule(
    id="E501",
    title=f"A VRRP id is {LOWEST} to {HIGHEST}",
    why="VRRP has eight bits for it and forbids 0: kube-keepalived-vip accepts 0, keepalived then refuses its "
    "configuration. It is the VIP's last octet unless `vrid` says otherwise.",
)
VRID_UNIQUE = Rule(
    id="E502",
    title="No two tenants of one segment have the same VRRP id",
    why="Their keepalived pods take each other for partners in one election; the loser's VIP is announced by nobody. "
    "A segment therefore holds at most 255 tenants: `cluster.vipPools` with `segment` tells several apart.",
)
VRID_RESERVED = Rule(
    id="E503",
    title="A VRRP id is not one of `cluster.reservedVrids`",
    why="Routers and other clusters on the segment speak VRRP too; with an id of theirs a tenant takes part in their "
    "elections (redhat-cop/keepalived-operator#26, openshift/installer#2966).",
    waivable=True,
)

RULES = (VRID_RANGE, VRID_UNIQUE, VRID_RESERVED)


def check(fleets: Sequence[FleetDraft]) -> None:
    """Ids against those that their own stack has reserved and against each other, segment by segment."""
    reserved = {fleet.source: frozenset(fleet.cluster.reserved_vrids) for fleet in fleets}
    segments: dict[str, dict[int, list[TenantDraft]]] = {}
    for tenant in (tenant for fleet in fleets for tenant in fleet.tenants):
        if tenant.vrid is not None and tenant.segment is not None:
            segments.setdefault(tenant.segment, {}).setdefault(tenant.vrid, []).append(tenant)
    several = len({pool.segment for fleet in fleets for pool in fleet.cluster.vip_pools.written if pool}) > 1
    for segment, by_vrid in segments.items():
        free = _ranges(set(range(LOWEST, HIGHEST + 1)).difference(by_vrid, *reserved.values()))
        advice = f"set vrid to a free id: {free}" if free else "every id is taken; move it to another segment"
        where = f" on segment {segment}" if several else ""
        for vrid, tenants in by_vrid.items():

            def named(tenant: TenantDraft, vrid: int = vrid) -> str:
                return f"VRRP id {vrid}" + ("" if "vrid" in _origin(tenant) else ", the VIP's last octet,")

            def say(tenant: TenantDraft, others: str, where: str = where, advice: str = advice) -> str:
                return f"{named(tenant)} is also that of {others}{where}; {advice}"

            for tenant in tenants if vrid < LOWEST else ():
                tenant.source.notes.add(VRID_RANGE, _origin(tenant), f"{named(tenant)} is not allowed; {advice}")
            for tenant in (tenant for tenant in tenants if vrid in reserved[tenant.source]):
                message = f"{named(tenant)} is in cluster.reservedVrids; {advice}"
                note_unless_waived(VRID_RESERVED, tenant, _origin(tenant), message)
            if vrid >= LOWEST:
                note_group(VRID_UNIQUE, _of_different_addresses(tenants), _origin, say)


def _origin(tenant: TenantDraft) -> Path:
    return tenant.origin("vrid", "vip")


def _of_different_addresses(tenants: list[TenantDraft]) -> list[TenantDraft]:
    """Of tenants whose ids are the same because their VIPs are, one: the VIP has a finding of its own."""
    return list({tenant if "vrid" in _origin(tenant) else tenant.vip: tenant for tenant in tenants}.values())


def _ranges(vrids: set[int], *, most: int = 6) -> str:
    """Ids in few words: `1-50, 52, 60-143`."""
    runs: list[list[int]] = []
    for vrid in sorted(vrids):
        if runs and vrid == runs[-1][1] + 1:
            runs[-1][1] = vrid
        else:
            runs.append([vrid, vrid])
    texts = [str(first) if first == last else f"{first}-{last}" for first, last in runs]
    return ", ".join(texts[:most]) + (", …" if len(texts) > most else "")
