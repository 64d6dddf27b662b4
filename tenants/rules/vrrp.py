"""Rules about VRRP ids, by which keepalived pods on one segment recognise the pods of their own tenant or node."""

from collections.abc import Iterator, Sequence

from tenants.draft import FleetDraft, Party, TenantDraft
from tenants.findings import FieldPath, Rule
from tenants.fleet import KeepalivedPer
from tenants.reporting import Reported, conflicts, grouped, keepalived_nodes_of, report, tenants_of

LOWEST, HIGHEST = 1, 255

VRID_RANGE = Rule(
    id="E501",
    title=f"A VRRP id is {LOWEST} to {HIGHEST}",
    why="VRRP has eight bits for it and forbids 0: kube-keepalived-vip accepts 0, keepalived then refuses its "
    "configuration. It is the VIP's last octet unless `vrid` is set.",
)
VRID_UNIQUE = Rule(
    id="E502",
    title="No two keepalived pods of one segment have the same VRRP id",
    why="They take part in one election as if they were partners; the VIP of the loser is announced by no pod. A "
    "segment therefore holds at most 255 tenants with pods of their own; `cluster.vipPools` with `segment` declares "
    "several segments, and with `keepalived: {per: node}` only nodes need ids.",
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
    own = (tenant for tenant in tenants_of(fleets) if tenant.keepalived_per is not KeepalivedPer.NODE)
    parties: list[Party] = [*own, *keepalived_nodes_of(fleets)]
    for segment, announcing in grouped(parties, lambda party: party.segment).items():
        by_vrid = grouped(announcing, lambda party: party.vrid)
        free = _ranges(set(range(LOWEST, HIGHEST + 1)).difference(by_vrid, *reserved.values()))
        advice = f"set vrid to a free id: {free}" if free else "every id is taken; move it to another segment"
        where = f" on segment {segment}" if several else ""
        for vrid, group in by_vrid.items():
            for party in group:
                if vrid < LOWEST:
                    message = f"{_named(party)} is not allowed; {advice}"
                    yield report(VRID_RANGE, party, _origin(party), message)
                if vrid in reserved[party.source]:
                    message = f"{_named(party)} is in cluster.reservedVrids; {advice}"
                    yield report(VRID_RESERVED, party, _origin(party), message)
            if vrid < LOWEST:
                continue
            for party, others, waived in conflicts(VRID_UNIQUE, _of_different_addresses(group)):
                message = f"{_named(party)} is also that of {others}{where}; {advice}"
                yield report(VRID_UNIQUE, party, _origin(party), message, waived=waived)


def _origin(party: Party) -> FieldPath:
    return party.origin("vrid", "vip") if isinstance(party, TenantDraft) else (*party.path, "vrid")


def _named(party: Party) -> str:
    return f"VRRP id {party.vrid}" + ("" if "vrid" in _origin(party) else ", the VIP's last octet,")


def _of_different_addresses(parties: list[Party]) -> list[Party]:
    """Keep one of the parties whose ids are the same because their VIPs or nodes are, which have their own findings."""

    def identity(party: Party) -> object:
        if not isinstance(party, TenantDraft):
            return party.node.name
        return party if "vrid" in _origin(party) else party.vip

    return list({identity(party): party for party in parties}.values())


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
