"""The configuration contract: every key of a stack's configuration, what it takes, its default and its meaning.

Each table maps the attributes of a spec to the fields that set them. There is no other list of them: a table that does
not match its spec, or a default that its own field refuses, is an error on import.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from tenants.draft import Values
from tenants.findings import FieldPath, Findings, Invalid
from tenants.fleet import (
    CONFIG_MAP_KEYS,
    DEFAULT_SEGMENT,
    SECRET_KEYS,
    AllowedMove,
    ClusterSpec,
    Hosts,
    Keepalived,
    KeepalivedNode,
    KeepalivedPer,
    NetworkPolicySpec,
    NodeKeepalived,
    PlatformSpec,
    PromotionSpec,
    Role,
    SharedObject,
    State,
    TenantSpec,
    Toleration,
    UpdateStrategy,
    VipPool,
    Waiver,
)
from tenants.kinds import (
    ANY_TEXT,
    SOME_TEXT,
    Boolean,
    Choice,
    Integer,
    JsonSchema,
    Kind,
    ListOf,
    MapOf,
    Quantity,
    SecretText,
    Text,
)
from tenants.maps import Field, Record, Section
from tenants.rules import addresses, exceptions, hosts, keepalived, names, paths, pods, vrrp, waivable_rule

PROJECT = "adb-tenants"
"""The Pulumi project, and so the prefix of every key of a stack's configuration."""

_IPV4 = r"^([0-9]{1,3}\.){3}[0-9]{1,3}$"
_NETWORK = r"^([0-9]{1,3}\.){3}[0-9]{1,3}/[0-9]{1,2}$"

VIP = Text(addresses.vip, pattern=_IPV4)
ADDRESS = Text(addresses.ipv4, pattern=_IPV4)
NETWORK = Text(addresses.network, pattern=_NETWORK)
NODE_NAME = Text(hosts.node_name, pattern=rf"^{names.SUBDOMAIN}$")
OBJECT_NAME = Text(names.object_name, pattern=rf"^{names.SUBDOMAIN}$")
TENANT_NAME = Text(names.tenant_name, pattern=f"^{names.LABEL}$", longest=names.LONGEST_TENANT_NAME)
HOST_PATH = Text(paths.host_path, pattern=r"^/[^:]+$")
IMAGE = Text(pods.image_reference, pattern=f"^{pods.IMAGE}$")
MEMORY = Quantity(Text(pods.memory, pattern=f"^{pods.QUANTITY}$"))
CPU = Quantity(Text(pods.cpu, pattern=f"^{pods.QUANTITY}$"))
LABEL_VALUE = Text(pods.label_value, pattern=f"^{pods.LABEL_VALUE}$")
VRID = Integer(vrrp.LOWEST, vrrp.HIGHEST, vrrp.VRID_RANGE)
SEGMENT = Text(names.segment_name, pattern=f"^{names.LABEL}$")


class Operator(StrEnum):
    """How a toleration compares with a taint."""

    EQUAL = "Equal"
    EXISTS = "Exists"


class Effect(StrEnum):
    """What a taint does to pods that do not tolerate it."""

    NO_SCHEDULE = "NoSchedule"
    PREFER_NO_SCHEDULE = "PreferNoSchedule"
    NO_EXECUTE = "NoExecute"


def _check_toleration(values: Values) -> Invalid | None:
    return None if None in values.values() else pods.check_toleration(Toleration(**values))


TOLERATION = Record(
    spec=Toleration,
    check=_check_toleration,
    fields={
        "key": Field(key="key", kind=SOME_TEXT, about="The taint's key.", otherwise="every key"),
        "operator": Field(key="operator", kind=Choice(Operator), about="How values are compared.", otherwise="Equal"),
        "value": Field(key="value", kind=ANY_TEXT, about="The taint's value."),
        "effect": Field(key="effect", kind=Choice(Effect), about="The taint's effect.", otherwise="every effect"),
        "toleration_seconds": Field(
            key="tolerationSeconds",
            kind=Integer(-(2**31), 2**31 - 1),
            about="How long a NoExecute taint is tolerated.",
            otherwise="for ever",
        ),
    },
)


def _tolerations(about: str) -> Field[Any]:
    """Declare the tolerations of pods; by default, of the taint that the seed's masters have."""
    default = [{"key": "dedicated", "operator": "Equal", "value": "master", "effect": "NoSchedule"}]
    return Field(key="tolerations", kind=ListOf(TOLERATION), about=about, default=default)


def _keepalived_image(about: str) -> Field[Any]:
    """Declare the image of keepalived pods."""
    return Field(key="image", kind=IMAGE, about=about, default="docker.dtdream.com/dtdream/kube-keepalived-vip:0.9")


# --- cluster ----------------------------------------------------------------------------------------------------------


class PoolKind:
    """A pool of addresses: `192.168.143.0/24`, or `{cidr: 192.168.143.0/24, segment: east}`."""

    _RECORD = Record(
        spec=VipPool,
        fields={
            "network": Field(key="cidr", kind=NETWORK, about="The pool's network.", required=True),
            "segment": Field(
                key="segment",
                kind=SEGMENT,
                about="The layer 2 network that its addresses are announced on; VRRP ids are unique per segment.",
                default=DEFAULT_SEGMENT,
            ),
        },
    )

    def read(self, value: object, path: FieldPath, findings: Findings) -> VipPool | None:
        if isinstance(value, dict):
            return self._RECORD.read(value, path, findings)
        network = NETWORK.read(value, path, findings)
        return VipPool(network=network) if network else None

    def schema(self) -> JsonSchema:
        return {"anyOf": [NETWORK.schema(), self._RECORD.schema()]}


KEEPALIVED_NODE = Record(
    spec=KeepalivedNode,
    fields={
        "name": Field(
            key="name",
            kind=Text(
                keepalived.node_with_keepalived, pattern=rf"^{names.SUBDOMAIN}$", longest=keepalived.LONGEST_NODE
            ),
            about="The node's name.",
            required=True,
        ),
        "vrid": Field(key="vrid", kind=VRID, about="Its VRRP id, unique on the segment.", required=True),
        "segment": Field(
            key="segment",
            kind=SEGMENT,
            about="The layer 2 network that the node announces VIPs on.",
            default=DEFAULT_SEGMENT,
        ),
    },
)

NODE_KEEPALIVED = Section(
    spec=NodeKeepalived,
    fields={
        "image": _keepalived_image("The image of these pods."),
        "tolerations": _tolerations("Tolerations of these pods."),
        "nodes": Field(
            key="nodes",
            kind=ListOf(KEEPALIVED_NODE),
            about="The nodes that have one, {name: NODE, vrid: ID}: every node that may serve such a tenant.",
            default=[],
        ),
        "declared_by": Field(
            key="of",
            kind=SOME_TEXT,
            about="Another stack of the namespace, as <project>/<stack>, that declares them. This stack's VIPs use "
            "them too.",
            otherwise="none, this stack declares them",
        ),
    },
)

CLUSTER = Section(
    spec=ClusterSpec,
    fields={
        "context": Field(
            key="context", kind=SOME_TEXT, about="Context of the kubeconfig.", otherwise="the current one"
        ),
        "namespace": Field(
            key="namespace",
            kind=Text(names.namespace_name, pattern=f"^{names.LABEL}$"),
            about="The namespace that the tenants live in.",
            default="default",
        ),
        "uid": Field(
            key="uid",
            kind=SOME_TEXT,
            about="The uid of the cluster's namespace kube-system. Needed only after the cluster has been rebuilt.",
            otherwise="that of the stack's last up",
        ),
        "adopt_from": Field(
            key="adoptFrom",
            kind=SOME_TEXT,
            about="Another stack, as <project>/<stack>, whose objects may be adopted.",
            otherwise="none, objects of other stacks are refused",
        ),
        "keepalived_account": Field(
            key="keepalivedAccount",
            kind=OBJECT_NAME,
            about="The ServiceAccount of the keepalived pods. A second stack in the namespace needs one of its own.",
            default="adb-keepalived",
        ),
        "keepalived_account_of": Field(
            key="keepalivedAccountOf",
            kind=SOME_TEXT,
            about="Another stack, as <project>/<stack>, that declares keepalivedAccount. This stack's pods use it too.",
            otherwise="none, this stack declares it",
        ),
        "image_pull_secrets": Field(
            key="imagePullSecrets",
            kind=ListOf(OBJECT_NAME),
            about="Names of the Secrets by which the images of the keepalived pods are pulled.",
            default=[],
        ),
        "vip_pools": Field(
            key="vipPools",
            kind=ListOf(PoolKind()),
            about="Networks that every VIP must lie in one of. Empty: any address.",
            default=[],
        ),
        "pod_network": Field(
            key="podNetwork", kind=NETWORK, about="The network of the pods; no VIP lies in it.", otherwise="unknown"
        ),
        "service_network": Field(
            key="serviceNetwork",
            kind=NETWORK,
            about="The network of the Services; no VIP lies in it.",
            otherwise="unknown",
        ),
        "node_addresses": Field(
            key="nodeAddresses",
            kind=ListOf(ADDRESS),
            about="The nodes' own addresses; none of them is a VIP.",
            default=[],
        ),
        "reserved_vrids": Field(
            key="reservedVrids",
            kind=ListOf(VRID),
            about="VRRP ids that other equipment on the segments uses.",
            default=[],
        ),
        "node_keepalived": Field(
            key="nodeKeepalived",
            kind=NODE_KEEPALIVED,
            about="Keepalived pods of nodes, for the tenants with keepalived.per: node.",
        ),
    },
)


# --- platform ---------------------------------------------------------------------------------------------------------


def _shared(key: str, name: str, about: str, keys: tuple[str, ...]) -> Field[SharedObject]:
    """Declare one of the shared objects: read by its name, or declared with its data."""
    record = Record(
        spec=SharedObject,
        fields={
            "name": Field(key="name", kind=OBJECT_NAME, about="The object's name.", default=name),
            "data": Field(
                key="data",
                kind=MapOf(names.data_key, SecretText(), required=keys),
                about="What it holds. With it, the program declares the object; without, it reads an existing one.",
            ),
        },
    )
    return Field(key=key, kind=record, about=about, default={})


PLATFORM = Record(
    spec=PlatformSpec,
    set_elsewhere=("encrypted",),
    fields={
        "adbops": _shared(
            "adbops", "adbops-cm", "ConfigMap with the resource manager's address.", CONFIG_MAP_KEYS["adbops"]
        ),
        "mysql": _shared("mysql", "mysql-configmap", "ConfigMap with the address of MySQL.", CONFIG_MAP_KEYS["mysql"]),
        "adb_connect": _shared(
            "adbConnect", "adb-connect-secret", "Secret with ADB's account.", SECRET_KEYS["adb_connect"]
        ),
        "mysql_connect": _shared(
            "mysqlConnect", "mysql-connect", "Secret with the account of MySQL.", SECRET_KEYS["mysql_connect"]
        ),
        "root_ssh_key": _shared(
            "rootSshKey", "root-ssh-key", "Secret with root's SSH keys.", SECRET_KEYS["root_ssh_key"]
        ),
        "gpadmin_ssh_key": _shared(
            "gpadminSshKey", "gpadmin-ssh-key", "Secret with gpadmin's SSH keys.", SECRET_KEYS["gpadmin_ssh_key"]
        ),
    },
)


# --- tenants: maps within an entry ------------------------------------------------------------------------------------


WAIVER = Record(
    spec=Waiver,
    fields={
        "rule": Field(key="rule", kind=Text(waivable_rule), about="The rule's id, such as E601.", required=True),
        "reason": Field(key="reason", kind=SOME_TEXT, about="Why the rule does not apply here.", required=True),
    },
)


ALLOWED_MOVE = Record(
    spec=AllowedMove,
    check=exceptions.check_move,
    fields={
        "role": Field(key="role", kind=Choice(Role), about="The role whose data has been moved.", required=True),
        "host": Field(key="host", kind=NODE_NAME, about="The node that its data is on now.", otherwise="not moved"),
        "data_path": Field(
            key="dataPath", kind=HOST_PATH, about="The directory that its data is in now.", otherwise="not moved"
        ),
        "log_path": Field(
            key="logPath", kind=HOST_PATH, about="The directory that its logs are in now.", otherwise="not moved"
        ),
    },
)


class CommandKind:
    """A command and its arguments, each a text; no shell reads them unless the command names one."""

    _WORDS = ListOf(ANY_TEXT, "write it as one, such as [ssh, $(PROMOTE), gpactivatestandby, -a]")

    def read(self, value: object, path: FieldPath, findings: Findings) -> tuple[str | None, ...] | None:
        words = self._WORDS.read(value, path, findings)
        fault = pods.check_command(words) if words is not None else None
        if fault:
            findings.add(fault.rule, path, fault.message)
        return words

    def schema(self) -> JsonSchema:
        return {**self._WORDS.schema(), "minItems": 1}


PROMOTION = Record(
    spec=PromotionSpec,
    fields={
        "command": Field(
            key="command",
            kind=CommandKind(),
            about="The command and its arguments, a list of texts; $(PROMOTE) and $(DEMOTE) are the roles' hostnames.",
            required=True,
        ),
        "image": Field(
            key="image", kind=IMAGE, about="The image that it runs in.", otherwise="the image of the control pods"
        ),
        "timeout_seconds": Field(
            key="timeoutSeconds",
            kind=Integer(1, 86_400),
            about="How long it may take, the start of its pod included, before it counts as failed.",
            default=600,
        ),
    },
)

NETWORK_POLICY = Record(
    spec=NetworkPolicySpec,
    fields={
        "allow_from": Field(
            key="allowFrom",
            kind=ListOf(NETWORK),
            about="The networks whose clients may connect to port 5432 of the control pods.",
            required=True,
        ),
    },
)


# --- tenants ----------------------------------------------------------------------------------------------------------


def _octet(tenant: Values) -> int | None:
    return tenant["vip"].packed[-1] if tenant["vip"] else None


def _data_path(tenant: Values) -> str | None:
    return f"/data0/{tenant['name']}/data" if tenant["name"] else None


def _log_path(tenant: Values) -> str | None:
    return f"/data0/{tenant['name']}/adminlog" if tenant["name"] else None


SETTINGS: Mapping[str, Field[Any]] = {
    "active_role": Field(
        key="activeRole",
        kind=Choice(Role),
        about="The role, by its original name, that serves the VIP; changing it is a failover.",
        default="master",
    ),
    "vrid": Field(
        key="vrid",
        kind=VRID,
        about="The VRRP id, unique on the segment.",
        otherwise="the VIP's last octet",
        derived=_octet,
    ),
    "state": Field(
        key="state",
        kind=Choice(State),
        about="running, stopped (objects are kept, no pods) or retired (the tenant may be removed).",
        default="running",
    ),
    "adopt": Field(
        key="adopt", kind=Boolean(), about="Adopt existing objects that another client has created.", default=False
    ),
    "memory": Field(key="memory", kind=MEMORY, about="Memory request and limit of each control pod.", default="16Gi"),
    "cpu": Field(key="cpu", kind=CPU, about="CPU request and limit of each control pod.", otherwise="none"),
    "memory_limit": Field(
        key="memoryLimit",
        kind=Integer(1, 2**31 - 1),
        about="The value of the environment variable MEMORY_LIMIT.",
        default=2048,
    ),
    "image": Field(
        key="image",
        kind=IMAGE,
        about="The image of the control pods.",
        default="docker.dtdream.com/adb/adb-control:v1.1.0",
    ),
    "data_path": Field(
        key="dataPath",
        kind=HOST_PATH,
        about="The directory for data on the nodes.",
        otherwise="/data0/<tenant>/data",
        derived=_data_path,
    ),
    "log_path": Field(
        key="logPath",
        kind=HOST_PATH,
        about="The directory for logs on the nodes.",
        otherwise="/data0/<tenant>/adminlog",
        derived=_log_path,
    ),
    "update_strategy": Field(
        key="updateStrategy",
        kind=Choice(UpdateStrategy),
        about="OnDelete restarts no database on a change of the pod's template; RollingUpdate does.",
        default="OnDelete",
    ),
    "keepalived": Field(
        key="keepalived",
        kind=Section(
            spec=Keepalived,
            fields={
                "image": _keepalived_image("The image of the tenant's own keepalived pod."),
                "per": Field(
                    key="per",
                    kind=Choice(KeepalivedPer),
                    about="Which keepalived pod serves the VIP: the tenant's own, or its node's.",
                    default="tenant",
                ),
            },
        ),
        about="The keepalived pod.",
    ),
    "tolerations": _tolerations("Tolerations of the control and keepalived pods."),
    "node_selector": Field(
        key="nodeSelector",
        kind=MapOf(pods.check_label_key, LABEL_VALUE),
        about="Labels that a node needs for any pod of the tenant, such as {disk: ssd}, besides the program's own.",
        default={},
    ),
    "promotion": Field(
        key="promotion",
        kind=PROMOTION,
        about="A command that promotes a role's database: it must succeed before a failover moves traffic there.",
        otherwise="none, promote it yourself and then fail over",
    ),
    "network_policy": Field(
        key="networkPolicy",
        kind=NETWORK_POLICY,
        about="A NetworkPolicy of the control pods: only allowFrom, cluster.nodeAddresses and the tenant's own pods "
        "can connect to port 5432, only its own pods to ssh.",
        otherwise="none, every address can connect",
    ),
    "waivers": Field(
        key="waive",
        kind=ListOf(WAIVER),
        about="Rules that do not apply to this tenant, each with a reason; findings are then listed as waived.",
        default=[],
    ),
}
"""What `defaults` may hold as well as an entry."""

_HOSTS = Section(
    spec=Hosts,
    fields={
        "master": Field(key="master", kind=NODE_NAME, about="The node of the master role.", required=True),
        "standby": Field(key="standby", kind=NODE_NAME, about="The node of the standby role.", required=True),
    },
)
_REQUIRED: Mapping[str, Field[Any]] = {
    "name": Field(
        key="name",
        kind=TENANT_NAME,
        about="A name of its own, the prefix of every object's name. Fixed for life.",
        required=True,
    ),
    "vip": Field(key="vip", kind=VIP, about="The IPv4 address that clients use.", required=True),
    "hosts": Field(
        key="hosts", kind=_HOSTS, about="The nodes of the two roles, {master: NODE, standby: NODE}.", required=True
    ),
}
_PERMISSIONS: Mapping[str, Field[Any]] = {
    "allow_move": Field(
        key="allowMove",
        kind=ListOf(ALLOWED_MOVE),
        about="Permission to start a database elsewhere, given when its data has been moved there.",
        default=[],
    ),
    "force": Field(
        key="force",
        kind=SOME_TEXT,
        about="Why a failover may select a pod that is not ready, or a pod may start on a node that accepts none.",
        otherwise="none",
    ),
}
_OWN = {**_REQUIRED, **_PERMISSIONS}

_UNDER_HOSTS = "unknown key here; write it under hosts: {master: NODE, standby: NODE}"
TENANT = Section(
    spec=TenantSpec,
    set_elsewhere=("segment",),
    fields={**_REQUIRED, **SETTINGS, **_PERMISSIONS},
    misplaced={"master": _UNDER_HOSTS, "standby": _UNDER_HOSTS},
)
DEFAULTS = Section(
    spec=TenantSpec,
    set_elsewhere=(*_OWN, *TENANT.set_elsewhere),
    fields=SETTINGS,
    misplaced={field.key: "belongs to each tenant's own entry, not to defaults" for field in _OWN.values()},
)
TENANTS = ListOf(TENANT, "write entries that begin with -, or [] for no tenants")

SECTIONS: Mapping[str, Kind[Any]] = {
    "cluster": CLUSTER,
    "defaults": DEFAULTS,
    "platform": PLATFORM,
    "tenants": TENANTS,
}
"""The keys of a stack's configuration, without the project's prefix."""
