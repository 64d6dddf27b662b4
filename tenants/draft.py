"""A configuration as far as it could be understood: what the rules look at before there is a `Fleet`.

Every field is `None` where the value is missing or faulty (a finding says so); rules pass over it, so that one fault
never hides another.

A draft lives until the verdict. Those that each tenant has are not frozen: Python makes frozen dataclasses field by
field through `object.__setattr__`, which was a tenth of the linter's time (2026-11).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network

from tenants.findings import Findings, Path
from tenants.fleet import (
    AllowedMove,
    PlatformSpec,
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
    """`None` also for the current one of the kubeconfig."""
    namespace: str | None
    uid: str | None
    adopt_from: str | None
    keepalived_account: str | None
    image_pull_secrets: tuple[str | None, ...]
    vip_pools: Pools
    pod_network: IPv4Network | None
    service_network: IPv4Network | None
    node_addresses: frozenset[IPv4Address | None]
    reserved_vrids: tuple[int | None, ...]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Source:
    """The configuration of one stack that a draft comes from, and where what is wrong with it is noted."""

    file: str
    """How messages call it to the reader of another one; empty for the one that the program runs with."""
    notes: Findings
    namespace: str | None
    """The namespace that its tenants live in."""
    defaults: Mapping[str, object]
    """`defaults`, as written."""

    @property
    def home(self) -> "str | Source":
        """Where objects of one name are one object: the namespace; one that is not known is like no other."""
        return self if self.namespace is None else self.namespace


@dataclass(kw_only=True, slots=True, eq=False)
class TenantDraft:
    """One tenant with the defaults filled in."""

    source: Source
    index: int
    entry: EntryDraft
    settings: SettingsDraft
    """The entry's, over the stack's defaults, over the seed's."""
    vrid: int | None
    """The VRRP id that it will have: the explicit one, else the VIP's last octet."""
    data_path: str | None
    log_path: str | None
    waived: Mapping[str, str]
    """The reason of each waiver that could be understood, by rule id."""
    segment: str | None = None
    """The network segment of its VIP; `None` when no pool that could be understood holds the VIP."""

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
            if key in self.source.defaults:
                return ("defaults", key)
        return self.path

    def called_by(self, reader: "TenantDraft") -> str:
        """How a message at another tenant names it: `tenant4 (tenants[3])`, or `tenant4 (tenants[3] of b.yaml)`."""
        place = self.place_for(reader)
        return f"{self.name} ({place})" if self.name else place

    def place_for(self, reader: "TenantDraft") -> str:
        """Where it stands, to a reader of another tenant's entry: `tenants[3]`, or `tenants[3] of b.yaml`."""
        of = "" if self.source is reader.source else f" of {self.source.file}"
        return f"tenants[{self.index}]{of}"


@dataclass(frozen=True, kw_only=True, slots=True)
class FleetDraft:
    """One stack's fleet: with those of the other stacks of its cluster, what the rules across tenants look at."""

    source: Source
    cluster: ClusterDraft
    platform: PlatformSpec | None
    tenants: tuple[TenantDraft, ...]
