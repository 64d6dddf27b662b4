"""A fleet as frozen values: the tenant list of one Pulumi stack, for one Kubernetes cluster.

Everything behind `tenants.load` works on these values; nothing behind it looks into a dict.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network

from kube.facts import TENANCY_LABEL


class Role(StrEnum):
    """The *original* role of a control pod. A failover moves traffic between the two; it renames neither."""

    MASTER = "master"
    STANDBY = "standby"

    @property
    def other(self) -> "Role":
        """The other role."""
        return Role.STANDBY if self is Role.MASTER else Role.MASTER


class State(StrEnum):
    """What a tenant is to do."""

    RUNNING = "running"
    STOPPED = "stopped"
    """Every object is kept; no pod runs."""
    RETIRED = "retired"
    """Its entry may be removed; required before a deletion."""


class UpdateStrategy(StrEnum):
    """What a StatefulSet does after a change of its pod template."""

    ON_DELETE = "OnDelete"
    """A template change restarts no database: the default of `apps/v1beta1`, and so of the seed."""
    ROLLING_UPDATE = "RollingUpdate"


@dataclass(frozen=True, kw_only=True, slots=True)
class Toleration:
    """One entry of a pod's `spec.tolerations`; `None` leaves the field out."""

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
        """Return the node that a role is pinned to."""
        return self.master if role is Role.MASTER else self.standby


class KeepalivedPer(StrEnum):
    """What a keepalived pod runs for."""

    TENANT = "tenant"
    """Each tenant has one of its own, on the node of its active role: the seed's way."""
    NODE = "node"
    """Each of `cluster.nodeKeepalived.nodes` has one, which serves every tenant whose active role is there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Keepalived:
    """The pod that holds the virtual IP and forwards it by IPVS."""

    image: str
    """Of a tenant's own pod."""
    per: KeepalivedPer


@dataclass(frozen=True, kw_only=True, slots=True)
class PromotionSpec:
    """A command that makes a role's database the primary: a Job that runs before a failover moves traffic to it."""

    command: tuple[str, ...]
    image: str
    timeout_seconds: int


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkPolicySpec:
    """Who may connect to a tenant's databases."""

    allow_from: tuple[IPv4Network, ...]
    """Networks of the clients; they may be none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AllowedMove:
    """Permission to start a role's database elsewhere, because its data has been moved there; `None`: not moved."""

    role: Role
    host: str | None = None
    data_path: str | None = None
    log_path: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiver:
    """A rule that does not apply to a tenant, and why."""

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
    def network_policy_name(self) -> str:
        """Name of the NetworkPolicy of both control pods."""
        return f"{self.name}-policy"

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
        return f"{TENANCY_LABEL}{self.name}"


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
    """Adopt existing objects that another client has created."""
    memory: str
    """Request and limit of each control pod, a Kubernetes quantity."""
    cpu: str | None = None
    """The same; `None` leaves both out."""
    memory_limit: int
    """The value of the `MEMORY_LIMIT` environment variable."""
    image: str
    data_path: str
    log_path: str
    """Absolute paths on the node; `tomcatlogs` lies under `log_path`."""
    update_strategy: UpdateStrategy
    keepalived: Keepalived
    tolerations: tuple[Toleration, ...]
    node_selector: Mapping[str, str] = field(default_factory=dict)
    """Labels that a node needs for any pod of the tenant, besides the role's (`node_label`)."""
    allow_move: tuple[AllowedMove, ...] = ()
    force: str | None = None
    """Why a failover may select a pod that is not ready, or a pod may start on a node that accepts none."""
    promotion: PromotionSpec | None = None
    """Must succeed before a failover moves traffic; `None`: the database is promoted by hand before a failover."""
    network_policy: NetworkPolicySpec | None = None
    """`None`: there is no NetworkPolicy, and every address can connect."""
    waivers: tuple[Waiver, ...] = ()

    @property
    def active_host(self) -> str:
        """The node of the active role, on which keepalived serves the VIP."""
        return self.hosts.of(self.active_role)

    @property
    def has_own_keepalived(self) -> bool:
        """Whether a keepalived pod runs for this tenant alone."""
        return self.keepalived.per is KeepalivedPer.TENANT

    @property
    def resources(self) -> Mapping[str, str]:
        """What each control pod requests and is limited to, by Kubernetes' name of the resource."""
        return {"memory": self.memory} | ({"cpu": self.cpu} if self.cpu else {})

    @property
    def tomcat_log_path(self) -> str:
        """The directory for Tomcat's logs on the nodes."""
        return f"{self.log_path}/tomcatlogs"


@dataclass(frozen=True, kw_only=True, slots=True)
class SharedObject:
    """A ConfigMap or Secret that every tenant's pods refer to."""

    name: str
    data: Mapping[str, str] | None = field(default=None, repr=False)
    """Declared with these values; `None` if the object has another owner and is only read."""


CONFIG_MAP_KEYS: Mapping[str, tuple[str, ...]] = {"adbops": ("rm.addr", "rm.port"), "mysql": ("mysql.vip",)}
_SSH_KEYS = ("authorized_keys", "id_rsa", "id_rsa.pub", "known_hosts")
SECRET_KEYS: Mapping[str, tuple[str, ...]] = {
    "adb_connect": ("adb.admin", "adb.password"),
    "mysql_connect": ("user", "password"),
    "root_ssh_key": _SSH_KEYS,
    "gpadmin_ssh_key": _SSH_KEYS,
}
"""The keys that pods read from each shared object, by attribute of `PlatformSpec`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PlatformSpec:
    """The six objects that all tenants of a namespace share."""

    adbops: SharedObject
    """The resource manager."""
    mysql: SharedObject
    adb_connect: SharedObject
    mysql_connect: SharedObject
    root_ssh_key: SharedObject
    gpadmin_ssh_key: SharedObject
    encrypted: bool = False
    """Some of this is encrypted in the configuration; since nobody can tell which part, all of it is secret."""

    @property
    def config_maps(self) -> tuple[SharedObject, ...]:
        return tuple(getattr(self, name) for name in CONFIG_MAP_KEYS)

    @property
    def secrets(self) -> tuple[SharedObject, ...]:
        return tuple(getattr(self, name) for name in SECRET_KEYS)


DEFAULT_SEGMENT = "default"


@dataclass(frozen=True, kw_only=True, slots=True)
class VipPool:
    """Addresses that VIPs are taken from."""

    network: IPv4Network
    segment: str = DEFAULT_SEGMENT
    """The layer 2 network that they are announced on. VRRP ids are unique per segment, so one holds 255 tenants."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeepalivedNode:
    """A node with a keepalived pod for every tenant whose active role is there."""

    name: str
    vrid: int
    """VRRP id, unique on the segment."""
    segment: str = DEFAULT_SEGMENT
    """The network segment that the node announces VIPs on."""

    @property
    def object_name(self) -> str:
        """Name of its ConfigMap and of its ReplicationController."""
        return node_keepalived_name(self.name)


def node_keepalived_name(node: str) -> str:
    """Return the name of the ConfigMap and of the ReplicationController of a node's keepalived."""
    return f"{NODE_KEEPALIVED_PREFIX}{node}"


NODE_KEEPALIVED_PREFIX = "adb-keepalived-"


@dataclass(frozen=True, kw_only=True, slots=True)
class NodeKeepalived:
    """The keepalived pods that serve nodes, not tenants."""

    image: str
    tolerations: tuple[Toleration, ...]
    nodes: tuple[KeepalivedNode, ...]
    declared_by: str | None = None
    """`<project>/<stack>` of the stack that declares them, if it is not this one."""

    def on(self, node: str) -> KeepalivedNode | None:
        """Return the keepalived of a node."""
        return next((each for each in self.nodes if each.name == node), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class ClusterSpec:
    """The Kubernetes cluster of a fleet."""

    context: str | None = None
    """Context of the kubeconfig; `None` for the current one."""
    namespace: str
    uid: str | None = None
    """Of namespace kube-system, which identifies the cluster; `None` for the one that the stack's state names."""
    adopt_from: str | None = None
    """`<project>/<stack>` of a stack whose objects may be adopted."""
    keepalived_account: str
    """The ServiceAccount of the keepalived pods."""
    keepalived_account_of: str | None = None
    """`<project>/<stack>` of the stack that declares that account, if it is not this one."""
    image_pull_secrets: tuple[str, ...]
    """Names of the Secrets by which that account pulls images."""
    vip_pools: tuple[VipPool, ...]
    """Every VIP lies in one of these; empty for no restriction, and a single segment."""
    pod_network: IPv4Network | None = None
    """The network of the pods, if known: no VIP lies in it. The same holds for the next two."""
    service_network: IPv4Network | None = None
    node_addresses: tuple[IPv4Address, ...]
    reserved_vrids: tuple[int, ...]
    """VRRP ids that other equipment on the segments uses."""
    node_keepalived: NodeKeepalived


@dataclass(frozen=True, kw_only=True, slots=True)
class Fleet:
    """Everything one stack declares."""

    cluster: ClusterSpec
    platform: PlatformSpec
    tenants: tuple[TenantSpec, ...]

    @property
    def node_names(self) -> tuple[str, ...]:
        """Every node that a tenant is pinned to, each once, sorted."""
        return tuple(sorted({tenant.hosts.of(role) for tenant in self.tenants for role in Role}))
