"""A configuration as far as it could be read: what the rules check before there is a `Fleet`.

A value is `None` where it is missing or faulty, which a finding reports; rules pass over it, so that one fault never
hides another. What only the `Fleet` needs stays in `values`, by attribute of its spec.

Drafts of tenants are not frozen: their segment is filled in once all pools are known, and Python makes frozen
dataclasses field by field through `object.__setattr__`, which took a tenth of the linter's time (2026-11).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from typing import Any, TypeAlias

from tenants.findings import FieldPath, Findings, path_text
from tenants.fleet import KeepalivedNode, KeepalivedPer, PlatformSpec, Role, State
from tenants.pools import Pools

Values = dict[str, Any]
"""The values of a map by attribute, only those written unless they are filled; `None` for each faulty one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ClusterDraft:
    """`cluster`, with its defaults."""

    values: Values
    context: str | None
    """`None` also for the current one of the kubeconfig."""
    keepalived_account: str | None
    vip_pools: Pools
    pod_network: IPv4Network | None
    service_network: IPv4Network | None
    node_addresses: frozenset[IPv4Address | None]
    reserved_vrids: tuple[int | None, ...]
    keepalived_nodes: "tuple[KeepalivedNodeDraft, ...]"
    """Those that are valid."""
    all_keepalived_nodes_known: bool
    """Whether every one is valid, so that a node that is not among them has none."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Source:
    """The configuration of one stack that a draft comes from."""

    file: str
    """Its name in messages about another file; empty for the configuration that the program runs with."""
    findings: Findings
    namespace: str | None
    """The namespace that its tenants live in."""
    defaults: Mapping[str, object]
    """`defaults`, as written."""

    @property
    def home(self) -> "str | Source":
        """The namespace, in which a name stands for one object; an unknown namespace differs from every other."""
        return self if self.namespace is None else self.namespace


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class KeepalivedNodeDraft:
    """One of `cluster.nodeKeepalived.nodes`."""

    source: Source
    index: int
    node: KeepalivedNode
    is_declared: bool
    """Not so if another stack declares its keepalived."""
    waived: Mapping[str, str] = field(default_factory=dict)
    """Only tenants waive rules."""

    @property
    def path(self) -> FieldPath:
        return ("cluster", "nodeKeepalived", "nodes", self.index)

    @property
    def vrid(self) -> int:
        return self.node.vrid

    @property
    def segment(self) -> str:
        return self.node.segment

    def called_by(self, reader: "Party") -> str:
        """Name it in a message about another party: `node m1 (cluster.nodeKeepalived.nodes[0])`."""
        return f"node {self.node.name} ({path_text(self.path)}{_of(self.source, reader)})"


@dataclass(kw_only=True, slots=True, eq=False)
class TenantDraft:
    """One entry of `tenants`, with the defaults filled in."""

    source: Source
    index: int
    written: Mapping[str, object]
    """The entry, as written."""
    values: Values
    name: str | None
    vip: IPv4Address | None
    hosts: Mapping[str, str | None]
    """Its nodes by role, as far as they are known."""
    active_role: Role | None
    state: State | None
    vrid: int | None
    keepalived_per: KeepalivedPer | None
    data_path: str | None
    log_path: str | None
    waived: Mapping[str, str]
    """The reason of each valid waiver, by rule id."""
    segment: str | None = None
    """The network segment of its VIP; `None` if no valid pool holds the VIP."""

    @property
    def path(self) -> FieldPath:
        return ("tenants", self.index)

    def origin(self, *keys: str) -> FieldPath:
        """Return where the value of the first of these keys that is written stands; the entry if none is."""
        for key in keys:
            if key in self.written:
                return ("tenants", self.index, key)
            if key in self.source.defaults:
                return ("defaults", key)
        return self.path

    def called_by(self, reader: "Party") -> str:
        """Name it in a message about another tenant: `tenant4 (tenants[3])`, or `tenant4 (tenants[3] of b.yaml)`."""
        place = self.place_for(reader)
        return f"{self.name} ({place})" if self.name else place

    def place_for(self, reader: "Party") -> str:
        """Name its place in a message about another tenant: `tenants[3]`, or `tenants[3] of b.yaml`."""
        return f"tenants[{self.index}]{_of(self.source, reader)}"


Party: TypeAlias = TenantDraft | KeepalivedNodeDraft
"""What can be in conflict with another of its kind or of the other."""


def _of(source: Source, reader: Party) -> str:
    return "" if source is reader.source else f" of {source.file}"


@dataclass(frozen=True, kw_only=True, slots=True)
class FleetDraft:
    """The fleet of one stack."""

    source: Source
    cluster: ClusterDraft
    platform: PlatformSpec | None
    platform_keys: Mapping[str, str]
    """The key of each shared object, by attribute of `platform`."""
    tenants: tuple[TenantDraft, ...]
