"""The Kubernetes objects of a tenant: one row for each, by which every other package finds and names them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from kube.urn import Urn
from tenants.fleet import Role, TenantNames, TenantSpec

LocalKey = tuple[str, str]
"""Kind and name of an object in the stack's namespace."""


class Part(Enum):
    """What an object is to its tenant, or to all tenants; the review judges a change by it."""

    DATABASE = "StatefulSet of a role"
    DATABASE_NAME = "headless Service of a role"
    NODE_LABEL = "label on a role's node"
    VIP_SERVICE = "Service that selects the active role"
    VIP_CONFIG = "ConfigMap that a tenant's keepalived reads"
    VIP_ENTRY = "VIP in the ConfigMap of its node's keepalived"
    KEEPALIVED = "ReplicationController of a tenant's keepalived"
    PROMOTION = "Job that promotes a database"
    NETWORK_POLICY = "NetworkPolicy of both roles' pods"
    SHARED = "object that all tenants' pods refer to"
    KEEPALIVED_ACCESS = "permission of keepalived"
    NODE_CONFIG = "ConfigMap that a node's keepalived reads"
    NODE_KEEPALIVED = "ReplicationController of a node's keepalived"
    PROVIDER = "connection to the cluster"
    UNKNOWN = "object that this program does not declare"


@dataclass(frozen=True, kw_only=True)
class ResourceKind:
    """A kind of object, and where the API server serves it."""

    name: str
    api: str = "/api/v1"
    plural: str

    @property
    def group(self) -> str:
        """Its API group, as rules of a Role name it: empty for the core group."""
        return self.api.split("/")[2] if self.api.startswith("/apis/") else ""

    def path(self, namespace: str) -> str:
        """Return the path of the list of all objects of this kind in a namespace."""
        return f"{self.api}/namespaces/{namespace}/{self.plural}"


_RBAC = "/apis/rbac.authorization.k8s.io/v1"

CLUSTER_ROLE = ResourceKind(name="ClusterRole", api=_RBAC, plural="clusterroles")
CLUSTER_ROLE_BINDING = ResourceKind(name="ClusterRoleBinding", api=_RBAC, plural="clusterrolebindings")
CONFIG_MAP = ResourceKind(name="ConfigMap", plural="configmaps")
CONFIG_MAP_PATCH = ResourceKind(name="ConfigMapPatch", plural="configmaps")
JOB = ResourceKind(name="Job", api="/apis/batch/v1", plural="jobs")
NETWORK_POLICY = ResourceKind(name="NetworkPolicy", api="/apis/networking.k8s.io/v1", plural="networkpolicies")
NODE_PATCH = ResourceKind(name="NodePatch", plural="nodes")
REPLICATION_CONTROLLER = ResourceKind(name="ReplicationController", plural="replicationcontrollers")
SECRET = ResourceKind(name="Secret", plural="secrets")
SERVICE = ResourceKind(name="Service", plural="services")
SERVICE_ACCOUNT = ResourceKind(name="ServiceAccount", plural="serviceaccounts")
STATEFUL_SET = ResourceKind(name="StatefulSet", api="/apis/apps/v1", plural="statefulsets")


def _always(_: TenantSpec) -> bool:
    return True


def _has_own_keepalived(tenant: TenantSpec) -> bool:
    return tenant.has_own_keepalived


@dataclass(frozen=True)
class TenantObject:
    """One object of every tenant that has it."""

    kind: ResourceKind
    suffix: str
    """Of its name, after the tenant's: `-vip-cm`."""
    component: str
    """Type of the component that declares it: `VirtualIp` of `adb:tenants:VirtualIp`."""
    part: Part
    role: Role | None = None
    """For objects of one role."""
    is_declared: Callable[[TenantSpec], bool] = _always
    """Whether a tenant has it; its kind is listed only in fleets of which some tenant does."""
    is_live_by_name: bool = True
    """Whether the live object has this name in the stack's namespace, so that it is adopted, and refused if another
    stack manages it. Not so for what is declared in another object, a node's label or a node's VIP, and for a Job,
    which gets a free name and is found by its labels."""


_NAMES = TenantNames(name="")
_ROLES = {role: _NAMES.control_node_name(role) for role in Role}
_VIP, _CONFIG_MAP = _NAMES.virtual_ip_name, _NAMES.virtual_ip_config_map_name

OBJECTS: Sequence[TenantObject] = (
    *(
        TenantObject(kind, _ROLES[role], "ControlNode", part, role, is_live_by_name=kind is not NODE_PATCH)
        for role in Role
        for kind, part in (
            (NODE_PATCH, Part.NODE_LABEL),
            (SERVICE, Part.DATABASE_NAME),
            (STATEFUL_SET, Part.DATABASE),
        )
    ),
    TenantObject(CONFIG_MAP, _CONFIG_MAP, "VirtualIp", Part.VIP_CONFIG, is_declared=_has_own_keepalived),
    TenantObject(SERVICE, _VIP, "VirtualIp", Part.VIP_SERVICE),
    TenantObject(REPLICATION_CONTROLLER, _VIP, "VirtualIp", Part.KEEPALIVED, is_declared=_has_own_keepalived),
    TenantObject(
        CONFIG_MAP_PATCH,
        _VIP,
        "VirtualIp",
        Part.VIP_ENTRY,
        is_declared=lambda tenant: not tenant.has_own_keepalived,
        is_live_by_name=False,
    ),
    *(
        TenantObject(
            JOB,
            _NAMES.promotion_job_name(role),
            "Promotion",
            Part.PROMOTION,
            is_declared=lambda tenant: tenant.promotion is not None,
            is_live_by_name=False,
        )
        for role in Role
    ),
    TenantObject(
        NETWORK_POLICY,
        _NAMES.network_policy_name,
        "Tenant",
        Part.NETWORK_POLICY,
        is_declared=lambda tenant: tenant.network_policy is not None,
    ),
)
"""In the order in which messages list them."""

COMPONENTS = {
    "Tenant": ("",),
    "ControlNode": tuple(_ROLES.values()),
    "VirtualIp": (_VIP,),
    "Promotion": (_NAMES.promotion_name,),
}
"""The components of a tenant, and the suffixes of their names."""

SHARED_OBJECTS: Mapping[str, Mapping[ResourceKind, Part]] = {
    "Platform": dict.fromkeys((CONFIG_MAP, SECRET), Part.SHARED),
    "KeepalivedAccess": dict.fromkeys((SERVICE_ACCOUNT, CLUSTER_ROLE, CLUSTER_ROLE_BINDING), Part.KEEPALIVED_ACCESS),
    "NodeKeepalived": {CONFIG_MAP: Part.NODE_CONFIG, REPLICATION_CONTROLLER: Part.NODE_KEEPALIVED},
}
"""The components that tenants share: the parts of their objects, by kind."""


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Which object of the program a resource is."""

    tenant: str = ""
    """Empty for an object that tenants share, and for one that is unknown."""
    part: Part
    role: Role | None = None


def identify(urn: Urn) -> Identity:
    """Find which object a resource is, by its type and name, which are fixed for good."""
    component = urn.types[-2].rpartition(":")[2] if len(urn.types) > 1 else ""
    if urn.types[-1].startswith("pulumi:providers:"):
        return Identity(part=Part.PROVIDER)
    if component in SHARED_OBJECTS:
        parts = {kind.name: part for kind, part in SHARED_OBJECTS[component].items()}
        return Identity(part=parts.get(urn.kind, Part.UNKNOWN))
    if row := row_of(urn.kind, urn.name):
        return Identity(tenant=urn.name.removesuffix(row.suffix), part=row.part, role=row.role)
    return Identity(part=Part.UNKNOWN)


def may_hold_secrets(urn: Urn) -> bool:
    """Tell whether values of a resource may be secret: a Secret's, and those of all shared objects (`encrypted`)."""
    return urn.kind == "Secret" or any(token.endswith(":Platform") for token in urn.types)


def row_of(kind: str, name: str) -> TenantObject | None:
    """Find the row of an object by its kind and name; the tenant is the name without the row's suffix."""
    rows = (row for row in OBJECTS if row.kind.name == kind and name.endswith(row.suffix))
    # A name that is nothing but the suffix has no tenant.
    return next((row for row in rows if name != row.suffix), None)


def tenant_of_component(component: Urn) -> str:
    """Return the tenant of a component; empty if it is not a tenant's."""
    suffixes = (suffix for suffix in COMPONENTS.get(component.kind, ()) if component.name.endswith(suffix))
    return next((component.name.removesuffix(suffix) for suffix in suffixes), "")


def live_keys(tenant: TenantSpec) -> Sequence[LocalKey]:
    """Return kind and name of each object that a tenant has in its namespace under a fixed name."""
    rows = (row for row in OBJECTS if row.is_live_by_name and row.is_declared(tenant))
    return [(row.kind.name, f"{tenant.name}{row.suffix}") for row in rows]


def live_kinds(tenants: Iterable[TenantSpec] = ()) -> Sequence[ResourceKind]:
    """Return the kinds of those objects: of these tenants, and those that every tenant may have."""
    tenants = list(tenants)
    rows = (row for row in OBJECTS if row.is_live_by_name)
    # Those of keepalived in any case: nodes have them too, and what a tenant had before counts.
    used = (
        row for row in rows if row.is_declared in (_always, _has_own_keepalived) or any(map(row.is_declared, tenants))
    )
    return list(dict.fromkeys(row.kind for row in used))
