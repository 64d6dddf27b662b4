"""What a fleet is, once its configuration has been understood: frozen values, nothing to look up.

A fleet is the tenant list of one Pulumi stack: one Kubernetes cluster, many ADB tenants. Everything behind
`tenants.load` works on these values; nothing behind it looks into a dict.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network


class Role(StrEnum):
    """A control pod's *original* role. A failover moves traffic between the two; it renames neither."""

    MASTER = "master"
    STANDBY = "standby"

    @property
    def other(self) -> "Role":
        """The other role."""
        return Role.STANDBY if self is Role.MASTER else Role.MASTER


class State(StrEnum):
    """What a tenant is meant to be doing."""

    RUNNING = "running"
    STOPPED = "stopped"
    """Every object is kept, no pod runs."""
    RETIRED = "retired"
    """Its entry may be removed: the second key to a deletion."""


class UpdateStrategy(StrEnum):
    """How a StatefulSet answers a change of its pod template."""

    ON_DELETE = "OnDelete"
    """A template change restarts no database; what `apps/v1beta1`, and so the seed, did."""
    ROLLING_UPDATE = "RollingUpdate"


@dataclass(frozen=True, kw_only=True, slots=True)
class Toleration:
    """One entry of `spec.tolerations`, in Kubernetes' own words; `None` leaves the field out."""

    key: str | None = None
    operator: str | None = None
    value: str | None = None
    effect: str | None = None
    toleration_seconds: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Hosts:
    """The node of each role."""

    master: str
    standby: str

    def of(self, role: Role) -> str:
        """The name of the node that `role` is pinned to."""
        return self.master if role is Role.MASTER else self.standby


@dataclass(frozen=True, kw_only=True, slots=True)
class Keepalived:
    """The pod that holds the virtual IP and forwards it by IPVS."""

    image: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PromotionSpec:
    """What makes a role's database the primary, run as a Job before a failover moves traffic to it."""

    command: tuple[str, ...]
    image: str
    timeout_seconds: int


@dataclass(frozen=True, kw_only=True, slots=True)
class AllowedMove:
    """Leave to start a role's database in a new place, because its data has been moved there; `None`: does not move."""

    role: Role
    host: str | None = None
    data_path: str | None = None
    log_path: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiver:
    """A tenant's word that a rule does not apply to it, and why."""

    rule: str
    """The rule's id: `E601`."""
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TenantNames:
    """A tenant's name, and the names that are derived from it. They are fixed for the tenant's life."""

    name: str
    """DNS-1123 label; the prefix of every object's name."""

    def control_node_name(self, role: Role) -> str:
        """Name of the StatefulSet and of the headless Service of `role`."""
        return f"{self.name}-{role}"

    def pod_name(self, role: Role) -> str:
        """Name of the database's pod of `role`."""
        return f"{self.control_node_name(role)}-0"

    @property
    def virtual_ip_name(self) -> str:
        """Name of the VIP's Service and of the keepalived ReplicationController."""
        return f"{self.name}-vip"

    @property
    def virtual_ip_config_map_name(self) -> str:
        """Name of the ConfigMap that keepalived reads."""
        return f"{self.name}-vip-cm"

    @property
    def promotion_name(self) -> str:
        """Name of the component that promotes a database."""
        return f"{self.name}-promotion"

    def promotion_job_name(self, role: Role) -> str:
        """Name of the Job that promotes `role`."""
        return f"{self.name}-promote-{role}"

    @property
    def node_label(self) -> str:
        """Key of the node label whose value is the role that is pinned to the node."""
        return f"tenancy-{self.name}"


@dataclass(frozen=True, kw_only=True, slots=True)
class TenantSpec(TenantNames):
    """One ADB tenant, every default filled in."""

    vip: IPv4Address
    hosts: Hosts
    active_role: Role
    """The role that serves the VIP; changing it is a failover."""
    vrid: int
    """VRRP id, 1..255, unique on the segment."""
    segment: str
    """The network segment that the VIP is announced on: its pool's."""
    state: State
    adopt: bool
    """Take over objects that already exist, made by another client."""
    memory: str
    """Request and limit of each control pod, a Kubernetes quantity."""
    memory_limit: int
    """The value of the `MEMORY_LIMIT` environment variable."""
    image: str
    data_path: str
    log_path: str
    """Absolute paths on the node; `tomcatlogs` lies under `log_path`."""
    update_strategy: UpdateStrategy
    keepalived: Keepalived
    tolerations: tuple[Toleration, ...]
    allow_move: tuple[AllowedMove, ...] = ()
    force: str | None = None
    """Why a failover may lead to a pod that is not ready, or a pod may be started on a node that takes none."""
    promotion: PromotionSpec | None = None
    """Has to succeed before a failover moves traffic; `None`: whoever fails over has promoted the database."""
    waivers: tuple[Waiver, ...] = ()

    @property
    def tomcat_log_path(self) -> str:
        """Where both control pods' Tomcat logs go on the node."""
        return f"{self.log_path}/tomcatlogs"


@dataclass(frozen=True, kw_only=True, slots=True)
class SharedObject:
    """A ConfigMap or Secret that every tenant's pods refer to."""

    name: str
    data: Mapping[str, str] | None = field(default=None, repr=False)
    """Declared with these values; `None` when somebody else owns the object and it is only read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PlatformSpec:
    """The six objects that all tenants of a namespace share."""

    adbops: SharedObject
    """ConfigMap with `rm.addr`, `rm.port`: the resource manager."""
    mysql: SharedObject
    """ConfigMap with `mysql.vip`."""
    adb_connect: SharedObject
    """Secret with `adb.admin`, `adb.password`."""
    mysql_connect: SharedObject
    """Secret with `user`, `password`."""
    root_ssh_key: SharedObject
    """Secret with `authorized_keys`, `id_rsa`, `id_rsa.pub`, `known_hosts`; so the next."""
    gpadmin_ssh_key: SharedObject
    encrypted: bool = False
    """Some of this is encrypted in the configuration; all of it is secret then, since nobody can tell which."""

    @property
    def config_maps(self) -> tuple[SharedObject, ...]:
        """Those that are ConfigMaps."""
        return (self.adbops, self.mysql)

    @property
    def secrets(self) -> tuple[SharedObject, ...]:
        """Those that are Secrets."""
        return (self.adb_connect, self.mysql_connect, self.root_ssh_key, self.gpadmin_ssh_key)


DEFAULT_SEGMENT = "default"


@dataclass(frozen=True, kw_only=True, slots=True)
class VipPool:
    """Addresses that VIPs are taken from."""

    network: IPv4Network
    segment: str = DEFAULT_SEGMENT
    """The layer 2 network that they are announced on. VRRP ids are unique per segment, so one holds 255 tenants."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ClusterSpec:
    """The Kubernetes cluster that the fleet lives in."""

    context: str | None
    """Context of the kubeconfig; `None` for the ambient one."""
    namespace: str
    uid: str | None = None
    """Of namespace kube-system: which cluster is meant, whatever the stack remembers; `None` for the one it does."""
    adopt_from: str | None = None
    """`<project>/<stack>` of a stack whose objects may be taken over."""
    keepalived_account: str = "adb-keepalived"
    """The ServiceAccount of the keepalived pods."""
    image_pull_secrets: tuple[str, ...] = ()
    """Names of the Secrets by which that account pulls images."""
    vip_pools: tuple[VipPool, ...]
    """Every VIP lies in one of these; empty for no restriction, and a single segment."""
    pod_network: IPv4Network | None
    """What pods get their addresses from, if declared: no VIP lies in it. So the next two."""
    service_network: IPv4Network | None
    node_addresses: tuple[IPv4Address, ...]
    """The nodes' own addresses: none of them is a VIP."""
    reserved_vrids: frozenset[int]
    """VRRP ids that other equipment on the segments uses."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fleet:
    """Everything one stack declares."""

    cluster: ClusterSpec
    platform: PlatformSpec
    tenants: tuple[TenantSpec, ...]

    @property
    def node_names(self) -> tuple[str, ...]:
        """Every node that some tenant is pinned to, each once, sorted."""
        return tuple(sorted({tenant.hosts.of(role) for tenant in self.tenants for role in Role}))
