"""Finds the pool of an address."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network

from tenants.fleet import VipPool


@dataclass(frozen=True)
class Pools:
    """`cluster.vipPools` in the order of writing, `None` for each invalid one."""

    written: tuple[VipPool | None, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.written)

    @property
    def all_known(self) -> bool:
        """Whether every pool is valid, so that an address in none of them is in none."""
        return None not in self.written

    def of(self, address: IPv4Address) -> VipPool | None:
        """Return the smallest pool that holds an address."""
        candidates = (
            pools.get(IPv4Network((address, length), strict=False)) for length, pools in self._by_length.items()
        )
        return next(filter(None, candidates), None)

    @cached_property
    def _by_length(self) -> Mapping[int, Mapping[IPv4Network, VipPool]]:
        """The pools of each prefix length, longest first: there may be as many pools as tenants."""
        lengths: dict[int, dict[IPv4Network, VipPool]] = {}
        for pool in sorted(filter(None, self.written), key=lambda pool: -pool.network.prefixlen):
            lengths.setdefault(pool.network.prefixlen, {}).setdefault(pool.network, pool)
        return lengths
