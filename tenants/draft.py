"""A configuration as far as it could be understood: what the rules look at before there is a `Fleet`.

Every field is `None` where the value is missing, faulty (a finding says so) or encrypted; rules pass over it, so that
one fault never hides another.

A draft lives until the verdict. Those that each tenant has are not frozen: Python makes frozen dataclasses field by
field through `object.__setattr__`, which was a tenth of the linter's time (2026-11).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network

from tenants.findings import Path
from tenants.fleet import (
    AllowedMove,
    Platform,
    Role,
    State,
    Toleration,
    UpdateStrategy,
    Waiver,
)
from tenants.pools import Pools


@dataclass(kw_only=True, slots=True, eq=False)
class HostsDraft:
    """`hosts` of a tenant."""

    master: str | None
    standby: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class PromotionDraft:
    """`promotion` of a tenant."""

    command: tuple[str | None, ...] | None
    image: str | None
    """`None` also where the control pods' image is meant."""
    timeout_seconds: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class SettingsDraft:
    """The tenant fields that `defaults` may hold as well."""

    active_role: Role | None = None
    vrid: int | None = None
    state: State | None = None
    adopt: bool | None = None
    memory: str | None = None
    memory_limit: int | None = None
    image: str | None = None
    data_path: str | None = None
    log_path: str | None = None
    update_strategy: UpdateStrategy | None = None
    keepalived_image: str | None = None
    tolerations: tuple[Toleration | None, ...] | None = None
    promotion: PromotionDraft | None = None
    waivers: tuple[Waiver | None, ...] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class SettingsLayer:
    """Settings as one map of the configuration has them."""

    settings: SettingsDraft
    fields: frozenset[str]
    """Names of the fields of `settings` that the map has a word about, be it a faulty one."""

    def over(self, base: SettingsDraft) -> SettingsDraft:
        """The base with these in its place."""
        return replace(base, **{name: getattr(self.settings, name) for name in self.fields})


@dataclass(kw_only=True, slots=True, eq=False)
class EntryDraft:
    """One entry of `tenants`, as written."""

    written: Mapping[str, object]
    name: str | None
    vip: IPv4Address | None
    hosts: HostsDraft | None
    allow_move: tuple[AllowedMove | None, ...] | None
    force: str | None
    layer: SettingsLayer | None
    """`None` when it has no word about any setting, as most entries have not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ClusterDraft:
    """`cluster`, with its defaults."""

    context: str | None
    namespace: str | None
    uid: str | None
    adopt_from: str | None
    keepalived_account: str | None
    vip_pools: Pools
    pod_network: IPv4Network | None
    service_network: IPv4Network | None
    node_addresses: frozenset[IPv4Address | None]
    reserved_vrids: tuple[int | None, ...]


@dataclass(kw_only=True, slots=True, eq=False)
class TenantDraft:
    """One tenant with the defaults filled in."""

    index: int
    entry: EntryDraft
    settings: SettingsDraft
    """The entry's, over the stack's defaults, over the seed's."""
    vrid: int | None
    """The VRRP id that it will have: the explicit one, else the VIP's last octet."""
    data_path: str | None
    log_path: str | None
    segment: str | None
    """The network segment of its VIP; `None` when no pool that could be understood holds the VIP."""
    waived: Mapping[str, str]
    """The reason of each waiver that could be understood, by rule id."""
    defaults: Mapping[str, object]
    """The stack's defaults, as written."""

    @property
    def name(self) -> str | None:
        """Its name."""
        return self.entry.name

    @property
    def vip(self) -> IPv4Address | None:
        """Its address."""
        return self.entry.vip

    @property
    def hosts(self) -> HostsDraft | None:
        """Its nodes."""
        return self.entry.hosts

    @property
    def path(self) -> Path:
        """Where its entry stands."""
        return ("tenants", self.index)

    def origin(self, *keys: str) -> Path:
        """Where the value of the first of these keys that is written at all stands; the entry when none is."""
        for key in keys:
            if key in self.entry.written:
                return ("tenants", self.index, key)
            if key in self.defaults:
                return ("defaults", key)
        return self.path

    @property
    def called(self) -> str:
        """How messages name it to somebody who looks for it: `tenant4 (tenants[3])`."""
        return f"{self.name} (tenants[{self.index}])" if self.name else f"tenants[{self.index}]"


@dataclass(frozen=True, kw_only=True, slots=True)
class FleetDraft:
    """Everything that the rules across tenants look at."""

    cluster: ClusterDraft
    platform: Platform | None
    tenants: tuple[TenantDraft, ...]
