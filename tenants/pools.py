"""Finding the pool that an address belongs to, however many pools there are."""

from dataclasses import dataclass, field
from ipaddress import IPv4Address

from tenants.fleet import VipPool

_BITS = 32


@dataclass(frozen=True, slots=True)
class Pools:
    """`cluster.vipPools` in the order of writing, `None` for each that could not be understood."""

    written: tuple[VipPool | None, ...] = ()
    _by_length: dict[int, dict[int, VipPool]] = field(init=False, default_factory=dict)
    """Prefix length to prefix to pool, longest first."""

    def __post_init__(self) -> None:
        for pool in sorted(filter(None, self.written), key=lambda pool: -pool.network.prefixlen):
            length = pool.network.prefixlen
            prefix = int(pool.network.network_address) >> (_BITS - length)
            self._by_length.setdefault(length, {}).setdefault(prefix, pool)

    def __bool__(self) -> bool:
        return bool(self.written)

    @property
    def all_known(self) -> bool:
        """Whether every pool could be understood, so that an address in none of them is in none."""
        return None not in self.written

    def of(self, address: IPv4Address) -> VipPool | None:
        """The smallest pool that holds an address."""
        number = int(address)
        for length, pools in self._by_length.items():
            found = pools.get(number >> (_BITS - length))
            if found:
                return found
        return None
