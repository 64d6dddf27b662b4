"""Rules about virtual IPs and the networks that they come from."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address, NetmaskValueError

from tenants.draft import ClusterDraft, FleetDraft, Source, TenantDraft
from tenants.findings import Invalid, Rule, listed, quoted
from tenants.fleet import DEFAULT_SEGMENT, VipPool
from tenants.pools import Pools
from tenants.waivers import note_group, note_unless_waived

VIP_SYNTAX = Rule(
    id="E401",
    title="A VIP is one IPv4 address",
    why="kube-keepalived-vip takes it as a key of its ConfigMap, whose characters rule out IPv6 and prefixes; a line "
    "that it cannot read is skipped with a warning in its log, and the tenant has no address.",
)
VIP_UNIQUE = Rule(
    id="E402",
    title="No two tenants have the same VIP",
    why="Two keepalived pods would announce it, and clients land now at the one database, now at the other.",
)
VIP_IN_POOL = Rule(
    id="E403",
    title="A VIP lies in one of `cluster.vipPools`, when there are any",
    why="An address that belongs to somebody else, or to no segment of the cluster, answers nobody or the wrong one.",
    waivable=True,
)
VIP_IS_HOST_ADDRESS = Rule(
    id="E404",
    title="A VIP is not its pool's network or broadcast address",
    why="No host can be reached there. Networks of two addresses (RFC 3021) and of one have neither; without "
    "`vipPools` nobody knows where a network ends.",
    waivable=True,
)
VIP_IS_FREE = Rule(
    id="E405",
    title="A VIP is not in the pod or service network and not a node's address, when those are declared",
    why="The cluster hands those out itself: the address would be taken from a pod, a Service or a node that uses it.",
)
VIP_IS_UNICAST = Rule(
    id="E406",
    title="A VIP is an address that a host can have",
    why="Loopback, link-local, multicast and reserved addresses are routed to nobody.",
)
NETWORK_SYNTAX = Rule(
    id="E407",
    title="A network is written as address/prefix, with nothing set after the prefix",
    why="`192.168.143.144/24` may mean one address or 256 of them.",
)
POOLS_APART = Rule(
    id="E408",
    title="Pools of different segments do not overlap",
    why="The segment of a VIP would be a guess, and with it which VRRP ids are free.",
)

RULES = (
    VIP_SYNTAX,
    VIP_UNIQUE,
    VIP_IN_POOL,
    VIP_IS_HOST_ADDRESS,
    VIP_IS_FREE,
    VIP_IS_UNICAST,
    NETWORK_SYNTAX,
    POOLS_APART,
)

_SMALLEST_WITH_BROADCAST = 30
"""Networks of two addresses (RFC 3021) and of one have neither a network nor a broadcast address."""


def ipv4(text: str) -> IPv4Address | Invalid:
    """An IPv4 address, in its one canonical form."""
    try:
        return IPv4Address(text)
    except AddressValueError:
        return Invalid(VIP_SYNTAX, f"{quoted(text)} is not an IPv4 address; {_fault_of_address(text)}")


def vip(text: str) -> IPv4Address | Invalid:
    """An IPv4 address that clients can use."""
    address = ipv4(text)
    if isinstance(address, Invalid):
        return address
    # By the first octet: `ipaddress` compares with every special network, which took a tenth of the whole run.
    what = _NOT_UNICAST.get(address.packed[0]) or ("a link-local address" if address in _LINK_LOCAL else None)
    if what:
        return Invalid(VIP_IS_UNICAST, f"{text} is {what}; use one of the network that clients come from")
    return address


_NOT_UNICAST = {
    0: "an address of no host",
    127: "a loopback address",
    **dict.fromkeys(range(224, 240), "a multicast address"),
    **dict.fromkeys(range(240, 256), "a reserved address"),
}
_LINK_LOCAL = IPv4Network("169.254.0.0/16")


def _fault_of_address(text: str) -> str:
    if not text:
        return "it is empty"
    if "/" in text:
        return "write the address alone, without a prefix"
    if ":" in text:
        try:
            IPv6Address(text)
        except AddressValueError:
            return "write the address alone, without a port"
        return "keepalived's ConfigMap takes no IPv6; use an IPv4 address"
    if re.fullmatch(r"\d+(\.\d+){3}", text):
        if any(int(part[:4]) > 255 or len(part) > 3 for part in text.split(".")):
            return "each of its four numbers is at most 255"
        return "write its numbers without leading zeros"
    return "write four numbers from 0 to 255 with dots between them"


def network(text: str) -> IPv4Network | Invalid:
    """An IPv4 network."""
    try:
        found = IPv4Network(text, strict=False)
    except (AddressValueError, NetmaskValueError, ValueError):
        return Invalid(NETWORK_SYNTAX, f"{quoted(text)} is not an IPv4 network; write it like 192.168.143.0/24")
    prefix = text.partition("/")[2]
    if not prefix.isdecimal():
        return Invalid(NETWORK_SYNTAX, f"{quoted(text)} has no prefix length; write {found}")
    if not text.startswith(f"{found.network_address}/"):
        return Invalid(NETWORK_SYNTAX, f"{quoted(text)} has bits set after its prefix; write {found}")
    return found


def segment_of(address: IPv4Address | None, pools: Pools) -> str | None:
    """The segment that an address is announced on: its pool's; `None` when that cannot be told."""
    pool = pools.of(address) if address else None
    if pool:
        return pool.segment
    return DEFAULT_SEGMENT if address and pools.all_known else None


def check(fleets: Sequence[FleetDraft]) -> None:
    """Pools against each other, and every VIP against its stack's pools and cluster, and the other tenants."""
    _check_pools(fleets)
    by_vip: dict[IPv4Address, list[TenantDraft]] = {}
    for fleet in fleets:
        for tenant in fleet.tenants:
            if tenant.vip is None:
                continue
            by_vip.setdefault(tenant.vip, []).append(tenant)
            if fleet.cluster.vip_pools.all_known:
                _check_place(tenant, tenant.vip, fleet.cluster.vip_pools)
            for taken in _taken(tenant.vip, fleet.cluster):
                message = f"{tenant.vip} {taken}; choose another address"
                tenant.source.notes.add(VIP_IS_FREE, (*tenant.path, "vip"), message)
    for address, tenants in by_vip.items():

        def say(_tenant: TenantDraft, others: str, address: IPv4Address = address) -> str:
            return f"{address} is also the VIP of {others}; give each tenant its own"

        note_group(VIP_UNIQUE, tenants, lambda tenant: (*tenant.path, "vip"), say)


def _check_place(tenant: TenantDraft, address: IPv4Address, pools: Pools) -> None:
    pool = pools.of(address)
    path = (*tenant.path, "vip")
    if pools and not pool:
        some = listed([str(known.network) for known in pools.written[:4] if known], total=len(pools.written))
        note_unless_waived(
            VIP_IN_POOL,
            tenant,
            path,
            f"{address} lies in none of cluster.vipPools ({some}); choose one that does",
        )
        return
    if not pool or pool.network.prefixlen > _SMALLEST_WITH_BROADCAST:
        return
    for edge, what in ((pool.network.network_address, "network's own"), (pool.network.broadcast_address, "broadcast")):
        if address == edge:
            message = f"{address} is the {what} address of {pool.network}; choose another"
            note_unless_waived(VIP_IS_HOST_ADDRESS, tenant, path, message)


def _taken(address: IPv4Address, cluster: ClusterDraft) -> Iterator[str]:
    if cluster.pod_network and address in cluster.pod_network:
        yield f"lies in the pods' network {cluster.pod_network}"
    if cluster.service_network and address in cluster.service_network:
        yield f"lies in the Services' network {cluster.service_network}"
    if address in cluster.node_addresses:
        yield "is a node's own address"


@dataclass(frozen=True, slots=True, eq=False)
class _Written:
    """A pool where it was written."""

    source: Source
    index: int
    pool: VipPool


def _check_pools(fleets: Sequence[FleetDraft]) -> None:
    pools = [
        _Written(fleet.source, index, pool)
        for fleet in fleets
        for index, pool in enumerate(fleet.cluster.vip_pools.written)
        if pool
    ]
    pools.sort(key=lambda item: (int(item.pool.network.network_address), item.pool.network.prefixlen))
    around: list[_Written] = []
    for written in pools:
        network, segment = written.pool.network, written.pool.segment
        while around and not network.subnet_of(around[-1].pool.network):
            around.pop()
        other = next((other for other in around if other.pool.segment != segment), None)
        if other:
            _note_overlap(written, other)
            if other.source is not written.source:
                _note_overlap(other, written)
        if not around or around[-1].pool != written.pool:
            around.append(written)


def _note_overlap(one: _Written, other: _Written) -> None:
    of = "" if one.source is other.source else f" of {other.source.file}"
    message = (
        f"{one.pool.network} of segment {one.pool.segment} overlaps {other.pool.network} of segment "
        f"{other.pool.segment}{of}; an address is on one segment only"
    )
    one.source.notes.add_once(POOLS_APART, ("cluster", "vipPools", one.index), message, waived=None)
