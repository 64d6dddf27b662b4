"""Rules about VRRP ids, by which keepalived pods on one segment recognise the pods of their own tenant."""

from collections.abc import Iterator, Sequence

from tenants.draft import FleetDraft, TenantDraft
from tenants.findings import FieldPath, Rule
from tenants.reporting import Reported, conflicts, grouped, report, tenants_of

LOWEST, HIGHEST = 1, 255

VRID_RANGE = Rule(
    id="E501",
    title=f"A VRRP id is {LOWEST} to {HIGHEST}",
    why="VRRP has eight bits for it and forbids 0: kube-keepalived-vip accepts 0, keepalived then refuses its "
    "configuration. It is the VIP's last octet unless `vrid` is set.",
)
VRID_UNIQUE = Rule(
    id="E502",
    title="No two tenants of one segment have the same VRRP id",
    why="Their keepalived pods take part in one election as if they were partners; the VIP of the loser is announced "
    "by no pod. A segment therefore holds at most 255 tenants; `cluster.vipPools` with `segment` declares several.",
)
VRID_RESERVED = Rule(
    id="E503",
    title="A VRRP id is not one of `cluster.reservedVrids`",
    why="Routers and other clusters on the segment use VRRP too; with one of their ids a tenant takes part in their "
    "elections (redhat-cop/keepalived-operator#26, openshift/installer#2966).",
    waivable=True,
)


def check(fleets: Sequence[FleetDraft]) -> Iterator[Reported]:
    """Compare ids with those that their own stack has reserved and with each other, segment by segment."""
    reserved = {fleet.source: frozenset(fleet.cluster.reserved_vrids) for fleet in fleets}
    several = len({pool.segment for fleet in fleets for pool in fleet.cluster.vip_pools.written if pool}) > 1
    for segment, tenants in grouped(tenants_of(fleets), lambda tenant: tenant.segment).items():
        by_vrid = grouped(tenants, lambda tenant: tenant.vrid)
        free = _ranges(set(range(LOWEST, HIGHEST + 1)).difference(by_vrid, *reserved.values()))
        advice = f"set vrid to a free id: {free}" if free else "every id is taken; move it to another segment"
        where = f" on segment {segment}" if several else ""
        for vrid, group in by_vrid.items():
            for tenant in group:
                if vrid < LOWEST:
                    message = f"{_named(tenant)} is not allowed; {advice}"
                    yield report(VRID_RANGE, tenant, _origin(tenant), message)
                if vrid in reserved[tenant.source]:
                    message = f"{_named(tenant)} is in cluster.reservedVrids; {advice}"
                    yield report(VRID_RESERVED, tenant, _origin(tenant), message)
            if vrid < LOWEST:
                continue
            for tenant, others, waived in conflicts(VRID_UNIQUE, _of_different_addresses(group)):
                message = f"{_named(tenant)} is also that of {others}{where}; {advice}"
                yield report(VRID_UNIQUE, tenant, _origin(tenant), message, waived=waived)


def _origin(tenant: TenantDraft) -> FieldPath:
    return tenant.origin("vrid", "vip")


def _named(tenant: TenantDraft) -> str:
    return f"VRRP id {tenant.vrid}" + ("" if "vrid" in _origin(tenant) else ", the VIP's last octet,")


def _of_different_addresses(tenants: list[TenantDraft]) -> list[TenantDraft]:
    """Keep one of the tenants whose ids are the same because their VIPs are: the VIP has a finding of its own."""
    return list({tenant if "vrid" in _origin(tenant) else tenant.vip: tenant for tenant in tenants}.values())


def _ranges(vrids: set[int], *, most: int = 6) -> str:
    """Write ids as ranges: `1-50, 52, 60-143`."""
    runs: list[list[int]] = []
    for vrid in sorted(vrids):
        if runs and vrid == runs[-1][1] + 1:
            runs[-1][1] = vrid
        else:
            runs.append([vrid, vrid])
    texts = [str(first) if first == last else f"{first}-{last}" for first, last in runs]
    return ", ".join(texts[:most]) + (", …" if len(texts) > most else "")
