"""Finds the pool of an address."""

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network

from tenants.fleet import VipPool


@dataclass(frozen=True, slots=True)
class Pools:
    """`cluster.vipPools` in the order of writing, `None` for each invalid one."""

    written: tuple[VipPool | None, ...] = ()
    _by_network: dict[int, dict[IPv4Network, VipPool]] = field(init=False, default_factory=dict)
    """The pools of each prefix length, longest first: there may be as many pools as tenants."""

    def __post_init__(self) -> None:
        for pool in sorted(filter(None, self.written), key=lambda pool: -pool.network.prefixlen):
            self._by_network.setdefault(pool.network.prefixlen, {}).setdefault(pool.network, pool)

    def __bool__(self) -> bool:
        return bool(self.written)

    @property
    def all_known(self) -> bool:
        """Whether every pool is valid, so that an address in none of them is in none."""
        return None not in self.written

    def of(self, address: IPv4Address) -> VipPool | None:
        """Return the smallest pool that holds an address."""
        candidates = (
            pools.get(IPv4Network((address, length), strict=False)) for length, pools in self._by_network.items()
        )
        return next(filter(None, candidates), None)
