"""Rules about virtual IPs and the networks that they come from."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address, NetmaskValueError

from tenants.draft import ClusterDraft, FleetDraft, Source, TenantDraft
from tenants.findings import Invalid, LintFinding, Rule, listed, quoted
from tenants.fleet import DEFAULT_SEGMENT, VipPool
from tenants.pools import Pools
from tenants.reporting import Reported, conflicts, grouped, report, tenants_of

VIP_SYNTAX = Rule(
    id="E401",
    title="A VIP is one IPv4 address",
    why="It is a key of kube-keepalived-vip's ConfigMap, and such keys allow neither IPv6 nor prefixes. A line that "
    "kube-keepalived-vip cannot read is skipped with a warning in its log, and the tenant has no address.",
)
VIP_UNIQUE = Rule(
    id="E402",
    title="No two tenants have the same VIP",
    why="Two keepalived pods would announce it, and clients would reach either database at random.",
)
VIP_IN_POOL = Rule(
    id="E403",
    title="A VIP lies in one of `cluster.vipPools`, when there are any",
    why="An address of another machine, or of no segment of the cluster, leads clients nowhere or to the wrong host.",
    waivable=True,
)
VIP_IS_HOST_ADDRESS = Rule(
    id="E404",
    title="A VIP is not its pool's network or broadcast address",
    why="No host can be reached there. Networks of two addresses (RFC 3021) and of one have neither; without "
    "`vipPools` the network is unknown.",
    waivable=True,
)
VIP_IS_FREE = Rule(
    id="E405",
    title="A VIP is not in the pod or service network and not a node's address, when those are declared",
    why="The cluster assigns those addresses itself: the pod, Service or node with the same one becomes unreachable.",
)
VIP_IS_UNICAST = Rule(
    id="E406",
    title="A VIP is an address that a host can have",
    why="Loopback, link-local, multicast and reserved addresses are not routed to a host.",
)
NETWORK_SYNTAX = Rule(
    id="E407",
    title="A network is written as address/prefix, with no bits set after the prefix",
    why="`192.168.143.144/24` may mean one address or 256 of them.",
)
POOLS_APART = Rule(
    id="E408",
    title="Pools of different segments do not overlap",
    why="The segment of a VIP would be ambiguous, and with it which VRRP ids are free.",
)

_LONGEST_PREFIX_WITH_BROADCAST = 30
_NOT_UNICAST = {
    IPv4Network("0.0.0.0/8"): "an address of no host",
    IPv4Network("127.0.0.0/8"): "a loopback address",
    IPv4Network("169.254.0.0/16"): "a link-local address",
    IPv4Network("224.0.0.0/4"): "a multicast address",
    IPv4Network("240.0.0.0/4"): "a reserved address",
}


def ipv4(text: str) -> IPv4Address | Invalid:
    """Read an IPv4 address in its canonical form."""
    try:
        return IPv4Address(text)
    except AddressValueError:
        return Invalid(VIP_SYNTAX, f"{quoted(text)} is not an IPv4 address; {_fault_of_address(text)}")


def vip(text: str) -> IPv4Address | Invalid:
    """Read an IPv4 address that clients can use."""
    address = ipv4(text)
    if isinstance(address, Invalid):
        return address
    for not_unicast, what in _NOT_UNICAST.items():
        if address in not_unicast:
            return Invalid(VIP_IS_UNICAST, f"{text} is {what}; use one of the network that clients come from")
    return address


def _fault_of_address(text: str) -> str:
    if not text:
        return "write the address that clients use"
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
    """Read an IPv4 network."""
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
    """Return the segment that an address is announced on, its pool's; `None` if that is unknown."""
    pool = pools.of(address) if address else None
    if pool:
        return pool.segment
    return DEFAULT_SEGMENT if address and pools.all_known else None


def check(fleets: Sequence[FleetDraft]) -> Iterator[Reported]:
    """Compare pools with each other, and every VIP with its stack's pools and cluster and with other tenants'."""
    yield from _check_pools(fleets)
    for fleet in fleets:
        for tenant in fleet.tenants:
            if tenant.vip is not None:
                yield from _check_address(tenant, tenant.vip, fleet.cluster)
    for address, group in grouped(tenants_of(fleets), lambda tenant: tenant.vip).items():
        for tenant, others, waived in conflicts(VIP_UNIQUE, group):
            message = f"{address} is also the VIP of {others}; give each tenant its own"
            yield report(VIP_UNIQUE, tenant, (*tenant.path, "vip"), message, waived=waived)


def _check_address(tenant: TenantDraft, address: IPv4Address, cluster: ClusterDraft) -> Iterator[Reported]:
    path = (*tenant.path, "vip")
    taken = list(_uses(address, cluster))
    if taken:
        yield report(VIP_IS_FREE, tenant, path, f"{address} {listed(taken)}; choose another address")
    pools = cluster.vip_pools
    if not pools or not pools.all_known:
        return
    pool = pools.of(address)
    if not pool:
        some = listed([str(known.network) for known in pools.written[:4] if known], total=len(pools.written))
        message = f"{address} lies in none of cluster.vipPools ({some}); choose one that does"
        yield report(VIP_IN_POOL, tenant, path, message)
    elif pool.network.prefixlen <= _LONGEST_PREFIX_WITH_BROADCAST:
        edges = {pool.network.network_address: "network's own", pool.network.broadcast_address: "broadcast"}
        if address in edges:
            message = f"{address} is the {edges[address]} address of {pool.network}; choose another"
            yield report(VIP_IS_HOST_ADDRESS, tenant, path, message)


def _uses(address: IPv4Address, cluster: ClusterDraft) -> Iterator[str]:
    if cluster.pod_network and address in cluster.pod_network:
        yield f"lies in the pods' network {cluster.pod_network}"
    if cluster.service_network and address in cluster.service_network:
        yield f"lies in the Services' network {cluster.service_network}"
    if address in cluster.node_addresses:
        yield "is a node's own address"


@dataclass(frozen=True, slots=True)
class _WrittenPool:
    source: Source
    index: int
    pool: VipPool

    def overlap_with(self, other: "_WrittenPool") -> Reported:
        of = "" if self.source is other.source else f" of {other.source.file}"
        message = (
            f"{self.pool.network} of segment {self.pool.segment} overlaps {other.pool.network} of segment "
            f"{other.pool.segment}{of}; an address is on one segment only"
        )
        return self.source, LintFinding(rule=POOLS_APART, path=("cluster", "vipPools", self.index), message=message)


def _check_pools(fleets: Sequence[FleetDraft]) -> Iterator[Reported]:
    pools = [
        _WrittenPool(fleet.source, index, pool)
        for fleet in fleets
        for index, pool in enumerate(fleet.cluster.vip_pools.written)
        if pool
    ]
    # A network comes right before those in it.
    pools.sort(key=lambda written: (int(written.pool.network.network_address), written.pool.network.prefixlen))
    around: list[_WrittenPool] = []
    for written in pools:
        while around and written.pool.network.network_address not in around[-1].pool.network:
            around.pop()
        other = next((other for other in around if other.pool.segment != written.pool.segment), None)
        if other:
            yield written.overlap_with(other)
            if other.source is not written.source:
                yield other.overlap_with(written)
        if not around or around[-1].pool != written.pool:
            around.append(written)
