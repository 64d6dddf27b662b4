"""The configuration contract: every key of the stack's configuration, what it takes and what it means.

Read by `boundary` (configuration to values), `schema` (for editors) and the documentation; there is no second list.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from tenants.draft import ClusterDraft, EntryDraft, HostsDraft, PromotionDraft, SettingsDraft, SettingsLayer
from tenants.findings import Findings, Path
from tenants.fleet import (
    DEFAULT_SEGMENT,
    AllowedMove,
    PlatformSpec,
    Role,
    SharedObject,
    State,
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
    Field,
    Integer,
    JsonSchema,
    Kind,
    ListOf,
    MapOfText,
    Record,
    Section,
    Text,
)
from tenants.pools import Pools
from tenants.rules import addresses, exceptions, hosts, names, paths, pods, vrrp, waivable_rule

PROJECT = "adb-tenants"
"""The Pulumi project, and so the prefix of every key of the stack's configuration."""

_IPV4 = r"^([0-9]{1,3}\.){3}[0-9]{1,3}$"
_NETWORK = r"^([0-9]{1,3}\.){3}[0-9]{1,3}/[0-9]{1,2}$"

VIP = Text(addresses.vip, pattern=_IPV4)
ADDRESS = Text(addresses.ipv4, pattern=_IPV4)
NETWORK = Text(addresses.network, pattern=_NETWORK)
NODE_NAME = Text(hosts.node_name, pattern=rf"^{names.SUBDOMAIN}$")
OBJECT_NAME = Text(names.object_name, pattern=rf"^{names.SUBDOMAIN}$")
HOST_PATH = Text(paths.host_path, pattern=r"^/[^:]+$")
IMAGE = Text(pods.image_reference, pattern=f"^{pods.IMAGE}$")
VRID = Integer(vrrp.LOWEST, vrrp.HIGHEST, vrrp.VRID_RANGE)


# --- cluster ----------------------------------------------------------------------------------------------------------


class PoolKind:
    """A pool of addresses: `192.168.143.0/24`, or `{cidr: 192.168.143.0/24, segment: east}`."""

    _CIDR = Field(key="cidr", kind=NETWORK, about="The pool's network.", required=True)
    _SEGMENT = Field(
        key="segment",
        kind=Text(names.segment_name, pattern=f"^{names.LABEL}$"),
        about="The layer 2 network that its addresses are announced on; VRRP ids are unique per segment.",
        default=DEFAULT_SEGMENT,
    )

    def _build(self, opened: Section) -> VipPool | None:
        cidr = opened.read(self._CIDR)
        segment = opened.read(self._SEGMENT) if self._SEGMENT in opened else DEFAULT_SEGMENT
        return VipPool(network=cidr, segment=segment) if cidr and segment else None

    def _record(self) -> Record[VipPool | None]:
        return Record((self._CIDR, self._SEGMENT), self._build)

    def read(self, value: object, path: Path, notes: Findings) -> VipPool | None:
        """See `Kind`."""
        if isinstance(value, dict):
            return self._record().read(value, path, notes)
        cidr = NETWORK.read(value, path, notes)
        return VipPool(network=cidr) if cidr else None

    def schema(self) -> JsonSchema:
        """See `Kind`."""
        return {"anyOf": [{"type": "string", "pattern": _NETWORK}, self._record().schema()]}


CONTEXT = Field(
    key="context",
    kind=SOME_TEXT,
    about="Context of the kubeconfig.",
    default="the ambient kubeconfig's current context",
)
NAMESPACE = Field(
    key="namespace",
    kind=Text(names.namespace_name, pattern=f"^{names.LABEL}$"),
    about="The namespace that the tenants live in.",
    default="default",
)
CLUSTER_UID = Field(
    key="uid",
    kind=SOME_TEXT,
    about="The uid of the cluster's namespace kube-system. Needed only after the cluster has been rebuilt.",
    default="that of the stack's last up",
)
ADOPT_FROM = Field(
    key="adoptFrom",
    kind=SOME_TEXT,
    about="Another stack, as <project>/<stack>, whose objects may be taken over.",
    default="none: objects of other stacks are refused",
)
KEEPALIVED_ACCOUNT = Field(
    key="keepalivedAccount",
    kind=OBJECT_NAME,
    about="The ServiceAccount of the keepalived pods. A second stack in the namespace needs one of its own.",
    default="adb-keepalived",
)
IMAGE_PULL_SECRETS = Field(
    key="imagePullSecrets",
    kind=ListOf(OBJECT_NAME),
    about="Secrets by which the images of the keepalived pods are pulled, by their names.",
    default="none",
)
VIP_POOLS = Field(
    key="vipPools",
    kind=ListOf(PoolKind()),
    about="Networks that every VIP must lie in one of.",
    default="any address",
)
POD_NETWORK = Field(
    key="podNetwork", kind=NETWORK, about="The network of the pods; no VIP lies in it.", default="unknown"
)
SERVICE_NETWORK = Field(
    key="serviceNetwork", kind=NETWORK, about="The network of the Services; no VIP lies in it.", default="unknown"
)
NODE_ADDRESSES = Field(
    key="nodeAddresses",
    kind=ListOf(ADDRESS),
    about="The nodes' own addresses; none of them is a VIP.",
    default="unknown",
)
RESERVED_VRIDS = Field(
    key="reservedVrids",
    kind=ListOf(VRID),
    about="VRRP ids that other equipment on the segments uses.",
    default="none",
)


def _cluster(opened: Section) -> ClusterDraft:
    node_addresses = opened.read(NODE_ADDRESSES)
    return ClusterDraft(
        context=opened.read(CONTEXT),
        namespace=opened.read(NAMESPACE) if NAMESPACE in opened else "default",
        uid=opened.read(CLUSTER_UID),
        adopt_from=opened.read(ADOPT_FROM),
        keepalived_account=opened.read(KEEPALIVED_ACCOUNT) if KEEPALIVED_ACCOUNT in opened else "adb-keepalived",
        image_pull_secrets=opened.read(IMAGE_PULL_SECRETS) or (),
        vip_pools=Pools(opened.read(VIP_POOLS) or ()),
        pod_network=opened.read(POD_NETWORK),
        service_network=opened.read(SERVICE_NETWORK),
        node_addresses=frozenset(node_addresses or ()),
        reserved_vrids=opened.read(RESERVED_VRIDS) or (),
    )


CLUSTER = Record(
    (
        CONTEXT,
        NAMESPACE,
        CLUSTER_UID,
        ADOPT_FROM,
        KEEPALIVED_ACCOUNT,
        IMAGE_PULL_SECRETS,
        VIP_POOLS,
        POD_NETWORK,
        SERVICE_NETWORK,
        NODE_ADDRESSES,
        RESERVED_VRIDS,
    ),
    _cluster,
)


# --- platform ---------------------------------------------------------------------------------------------------------


def _shared(key: str, default_name: str, what: str, required: tuple[str, ...]) -> Field[SharedObject | None]:
    """One of the shared objects: read by its name, or declared when `data` is given."""
    name = Field(key="name", kind=OBJECT_NAME, about="The object's name.", default=default_name)
    data = Field(
        key="data",
        kind=MapOfText(required, names.data_key),
        about="What it holds. With it, the program declares the object; without, it reads one that is there.",
        default="the object is read",
    )

    def build(opened: Section) -> SharedObject | None:
        named = opened.read(name) if name in opened else default_name
        held = opened.read(data)
        if named is None or (data in opened and held is None):
            return None
        return SharedObject(name=named, data=held)

    return Field(key=key, kind=Record((name, data), build), about=what, default=f"{default_name} is read")


_SSH_KEYS = ("authorized_keys", "id_rsa", "id_rsa.pub", "known_hosts")
ADBOPS = _shared("adbops", "adbops-cm", "ConfigMap with the resource manager's address.", ("rm.addr", "rm.port"))
MYSQL = _shared("mysql", "mysql-configmap", "ConfigMap with the address of MySQL.", ("mysql.vip",))
ADB_CONNECT = _shared("adbConnect", "adb-connect-secret", "Secret with ADB's account.", ("adb.admin", "adb.password"))
MYSQL_CONNECT = _shared("mysqlConnect", "mysql-connect", "Secret with the account of MySQL.", ("user", "password"))
ROOT_SSH_KEY = _shared("rootSshKey", "root-ssh-key", "Secret with root's SSH keys.", _SSH_KEYS)
GPADMIN_SSH_KEY = _shared("gpadminSshKey", "gpadmin-ssh-key", "Secret with gpadmin's SSH keys.", _SSH_KEYS)


def _platform(opened: Section) -> PlatformSpec | None:
    def shared(wanted: Field[SharedObject | None]) -> SharedObject | None:
        if wanted in opened:
            return opened.read(wanted)
        return wanted.kind.read({}, (), opened.notes)

    adbops, mysql = shared(ADBOPS), shared(MYSQL)
    adb_connect, mysql_connect = shared(ADB_CONNECT), shared(MYSQL_CONNECT)
    root_ssh_key, gpadmin_ssh_key = shared(ROOT_SSH_KEY), shared(GPADMIN_SSH_KEY)
    if adbops and mysql and adb_connect and mysql_connect and root_ssh_key and gpadmin_ssh_key:
        return PlatformSpec(
            adbops=adbops,
            mysql=mysql,
            adb_connect=adb_connect,
            mysql_connect=mysql_connect,
            root_ssh_key=root_ssh_key,
            gpadmin_ssh_key=gpadmin_ssh_key,
        )
    return None


PLATFORM = Record((ADBOPS, MYSQL, ADB_CONNECT, MYSQL_CONNECT, ROOT_SSH_KEY, GPADMIN_SSH_KEY), _platform)


# --- tenants ----------------------------------------------------------------------------------------------------------


class Operator(StrEnum):
    """How a toleration compares with a taint."""

    EQUAL = "Equal"
    EXISTS = "Exists"


class Effect(StrEnum):
    """What a taint does to pods that do not tolerate it."""

    NO_SCHEDULE = "NoSchedule"
    PREFER_NO_SCHEDULE = "PreferNoSchedule"
    NO_EXECUTE = "NoExecute"


_TOLERATION_KEY = Field(key="key", kind=SOME_TEXT, about="The taint's key.", default="every key")
_TOLERATION_OPERATOR = Field(key="operator", kind=Choice(Operator), about="How values are compared.", default="Equal")
_TOLERATION_VALUE = Field(key="value", kind=Text(str), about="The taint's value.", default="none")
_TOLERATION_EFFECT = Field(key="effect", kind=Choice(Effect), about="The taint's effect.", default="every effect")
_TOLERATION_SECONDS = Field(
    key="tolerationSeconds",
    kind=Integer(-(2**31), 2**31 - 1),
    about="How long a NoExecute taint is tolerated.",
    default="for ever",
)


def _toleration(opened: Section) -> Toleration | None:
    before = len(opened.notes.findings)
    toleration = Toleration(
        key=opened.read(_TOLERATION_KEY),
        operator=opened.read(_TOLERATION_OPERATOR),
        value=opened.read(_TOLERATION_VALUE),
        effect=opened.read(_TOLERATION_EFFECT),
        toleration_seconds=opened.read(_TOLERATION_SECONDS),
    )
    if len(opened.notes.findings) > before:
        return None
    fault = pods.check_toleration(toleration)
    if fault:
        opened.notes.add(fault.rule, opened.path, fault.message)
        return None
    return toleration


TOLERATION = Record(
    (_TOLERATION_KEY, _TOLERATION_OPERATOR, _TOLERATION_VALUE, _TOLERATION_EFFECT, _TOLERATION_SECONDS), _toleration
)

_WAIVER_RULE = Field(key="rule", kind=Text(waivable_rule), about="The rule's id, such as E601.", required=True)
_WAIVER_REASON = Field(key="reason", kind=SOME_TEXT, about="Why the rule does not apply here.", required=True)


def _waiver(opened: Section) -> Waiver | None:
    rule, reason = opened.read(_WAIVER_RULE), opened.read(_WAIVER_REASON)
    return Waiver(rule=rule, reason=reason) if rule and reason else None


WAIVER = Record((_WAIVER_RULE, _WAIVER_REASON), _waiver)

_MOVE_ROLE = Field(key="role", kind=Choice(Role), about="The role whose data has been moved.", required=True)
_MOVE_HOST = Field(key="host", kind=NODE_NAME, about="The node that its data is on now.", default="not moved")
_MOVE_DATA = Field(key="dataPath", kind=HOST_PATH, about="The directory that its data is in now.", default="not moved")
_MOVE_LOG = Field(key="logPath", kind=HOST_PATH, about="The directory that its logs are in now.", default="not moved")


def _move(opened: Section) -> AllowedMove | None:
    role = opened.read(_MOVE_ROLE)
    host, data, log = opened.read(_MOVE_HOST), opened.read(_MOVE_DATA), opened.read(_MOVE_LOG)
    fault = exceptions.check_move(opened.written)
    if fault:
        opened.notes.add(fault.rule, opened.path, fault.message)
    return AllowedMove(role=role, host=host, data_path=data, log_path=log) if role else None


ALLOWED_MOVE = Record((_MOVE_ROLE, _MOVE_HOST, _MOVE_DATA, _MOVE_LOG), _move)

NAME = Field(
    key="name",
    kind=Text(names.tenant_name, pattern=f"^{names.LABEL}$", longest=names.LONGEST_TENANT_NAME),
    about="A name of its own, the prefix of every object's name. Fixed for life.",
    required=True,
)
TENANT_VIP = Field(key="vip", kind=VIP, about="The IPv4 address that clients use.", required=True)
MASTER = Field(key="master", kind=NODE_NAME, about="The node of the master role.", required=True)
STANDBY = Field(key="standby", kind=NODE_NAME, about="The node of the standby role.", required=True)


def _hosts(opened: Section) -> HostsDraft:
    return HostsDraft(master=opened.read(MASTER), standby=opened.read(STANDBY))


HOSTS = Field(
    key="hosts",
    kind=Record((MASTER, STANDBY), _hosts),
    about="The nodes of the two roles, {master: NODE, standby: NODE}.",
    required=True,
)
ALLOW_MOVE = Field(
    key="allowMove",
    kind=ListOf(ALLOWED_MOVE),
    about="Leave to start a database elsewhere, given when its data has been moved there.",
    default="none",
)
FORCE = Field(
    key="force",
    kind=SOME_TEXT,
    about="Why a failover may lead to a pod that is not ready, or a pod may start on a node that takes none.",
    default="none",
)

ACTIVE_ROLE = Field(
    key="activeRole",
    kind=Choice(Role),
    about="The role, by its original name, that serves the VIP; changing it is a failover.",
    default="master",
)
TENANT_VRID = Field(key="vrid", kind=VRID, about="The VRRP id, unique on the segment.", default="the VIP's last octet")
STATE = Field(
    key="state",
    kind=Choice(State),
    about="running, stopped (objects are kept, no pods) or retired (removal is allowed: the second key).",
    default="running",
)
ADOPT = Field(
    key="adopt", kind=Boolean(), about="Take over objects that already exist, made by another client.", default="false"
)


class MemoryKind:
    """A quantity of memory; a plain number is one as well, of bytes."""

    _text = Text(pods.quantity, pattern=f"^{pods.QUANTITY}$")

    def read(self, value: object, path: Path, notes: Findings) -> str | None:
        """See `Kind`."""
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = str(value)
        return self._text.read(value, path, notes)

    def schema(self) -> JsonSchema:
        """See `Kind`."""
        return {"anyOf": [self._text.schema(), {"type": "number", "exclusiveMinimum": 0}]}


MEMORY = Field(key="memory", kind=MemoryKind(), about="Memory request and limit of each control pod.", default="16Gi")
MEMORY_LIMIT = Field(
    key="memoryLimit",
    kind=Integer(1, 2**31 - 1),
    about="The value of the environment variable MEMORY_LIMIT.",
    default="2048",
)
TENANT_IMAGE = Field(
    key="image",
    kind=IMAGE,
    about="The image of the control pods.",
    default="docker.dtdream.com/adb/adb-control:v1.1.0",
)
DATA_PATH = Field(
    key="dataPath", kind=HOST_PATH, about="The directory of the hosts for data.", default="/data0/<tenant>/data"
)
LOG_PATH = Field(
    key="logPath", kind=HOST_PATH, about="The directory of the hosts for logs.", default="/data0/<tenant>/adminlog"
)
UPDATE_STRATEGY = Field(
    key="updateStrategy",
    kind=Choice(UpdateStrategy),
    about="OnDelete restarts no database on a change of the pod's template; RollingUpdate does.",
    default="OnDelete",
)
_KEEPALIVED_IMAGE = Field(
    key="image",
    kind=IMAGE,
    about="The image of the keepalived pod.",
    default="docker.dtdream.com/dtdream/kube-keepalived-vip:0.9",
)


def _keepalived(opened: Section) -> str | None:
    return opened.read(_KEEPALIVED_IMAGE)


KEEPALIVED = Field(
    key="keepalived", kind=Record((_KEEPALIVED_IMAGE,), _keepalived), about="The keepalived pod.", default="see image"
)
TOLERATIONS = Field(
    key="tolerations",
    kind=ListOf(TOLERATION),
    about="Tolerations of the control and keepalived pods.",
    default="dedicated=master:NoSchedule",
)


class CommandKind:
    """A command and its arguments, each a text of its own; no shell reads it unless it names one."""

    _WORDS = ListOf(ANY_TEXT, "write it as one, such as [ssh, $(PROMOTE), gpactivatestandby, -a]")

    def read(self, value: object, path: Path, notes: Findings) -> tuple[str | None, ...] | None:
        """See `Kind`."""
        words = self._WORDS.read(value, path, notes)
        fault = pods.check_command(words) if words is not None else None
        if fault:
            notes.add(fault.rule, path, fault.message)
        return words

    def schema(self) -> JsonSchema:
        """See `Kind`."""
        return {**self._WORDS.schema(), "minItems": 1}


PROMOTION_SECONDS = 600
_PROMOTION_COMMAND = Field(
    key="command",
    kind=CommandKind(),
    about="The command and its arguments, a list of texts; $(PROMOTE) and $(DEMOTE) are the two roles' hostnames.",
    required=True,
)
_PROMOTION_IMAGE = Field(
    key="image", kind=IMAGE, about="The image that it runs in.", default="the image of the control pods"
)
_PROMOTION_TIMEOUT = Field(
    key="timeoutSeconds",
    kind=Integer(1, 86_400),
    about="How long it may take, the start of its pod included, before it counts as failed.",
    default=str(PROMOTION_SECONDS),
)


def _promotion(opened: Section) -> PromotionDraft:
    return PromotionDraft(
        command=opened.read(_PROMOTION_COMMAND),
        image=opened.read(_PROMOTION_IMAGE),
        timeout_seconds=opened.read(_PROMOTION_TIMEOUT) if _PROMOTION_TIMEOUT in opened else PROMOTION_SECONDS,
    )


PROMOTION = Field(
    key="promotion",
    kind=Record((_PROMOTION_COMMAND, _PROMOTION_IMAGE, _PROMOTION_TIMEOUT), _promotion),
    about="A command that promotes a role's database: it must succeed before a failover moves traffic there.",
    default="none: promote it yourself, then fail over",
)
WAIVE = Field(
    key="waive",
    kind=ListOf(WAIVER),
    about="Rules that do not apply to this tenant, each with a reason; findings are then listed as waived.",
    default="none",
)

_SETTINGS: tuple[Field[Any], ...] = (
    ACTIVE_ROLE,
    TENANT_VRID,
    STATE,
    ADOPT,
    MEMORY,
    MEMORY_LIMIT,
    TENANT_IMAGE,
    DATA_PATH,
    LOG_PATH,
    UPDATE_STRATEGY,
    KEEPALIVED,
    TOLERATIONS,
    PROMOTION,
    WAIVE,
)


_FIELDS = {
    "activeRole": "active_role",
    "vrid": "vrid",
    "state": "state",
    "adopt": "adopt",
    "memory": "memory",
    "memoryLimit": "memory_limit",
    "image": "image",
    "dataPath": "data_path",
    "logPath": "log_path",
    "updateStrategy": "update_strategy",
    "tolerations": "tolerations",
    "promotion": "promotion",
    "waive": "waivers",
}
"""Names of a `SettingsDraft`'s fields by the keys that they are written under; `keepalived` is a map of its own."""


def _settings(opened: Section) -> SettingsLayer:
    fields = {_FIELDS[key] for key in opened.written if key in _FIELDS}
    if KEEPALIVED in opened:
        keepalived = opened.written[KEEPALIVED.key]
        if not isinstance(keepalived, dict) or _KEEPALIVED_IMAGE.key in keepalived:
            fields.add("keepalived_image")
    settings = SettingsDraft(
        active_role=opened.read(ACTIVE_ROLE),
        vrid=opened.read(TENANT_VRID),
        state=opened.read(STATE),
        adopt=opened.read(ADOPT),
        memory=opened.read(MEMORY),
        memory_limit=opened.read(MEMORY_LIMIT),
        image=opened.read(TENANT_IMAGE),
        data_path=opened.read(DATA_PATH),
        log_path=opened.read(LOG_PATH),
        update_strategy=opened.read(UPDATE_STRATEGY),
        keepalived_image=opened.read(KEEPALIVED),
        tolerations=opened.read(TOLERATIONS),
        promotion=opened.read(PROMOTION),
        waivers=opened.read(WAIVE),
    )
    return SettingsLayer(settings=settings, fields=frozenset(fields))


def _entry(opened: Section) -> EntryDraft:
    return EntryDraft(
        written=opened.written,
        name=opened.read(NAME),
        vip=opened.read(TENANT_VIP),
        hosts=opened.read(HOSTS),
        allow_move=opened.read(ALLOW_MOVE) if ALLOW_MOVE in opened else (),
        force=opened.read(FORCE) if FORCE in opened else None,
        layer=None if opened.written.keys() <= _OWN_KEYS else _settings(opened),
    )


_OWN_KEYS = frozenset((NAME.key, TENANT_VIP.key, HOSTS.key, ALLOW_MOVE.key, FORCE.key))
_OF_ONE_TENANT = "belongs to each tenant's own entry, not to defaults"
DEFAULTS = Record(_SETTINGS, _settings, dict.fromkeys(("name", "vip", "hosts", "allowMove", "force"), _OF_ONE_TENANT))
_UNDER_HOSTS = "unknown key here; write it under hosts: {master: NODE, standby: NODE}"
TENANT = Record(
    (NAME, TENANT_VIP, HOSTS, *_SETTINGS, ALLOW_MOVE, FORCE), _entry, {"master": _UNDER_HOSTS, "standby": _UNDER_HOSTS}
)

TENANTS = ListOf(TENANT, "write entries that begin with -, or [] for no tenants")

SECTIONS: Mapping[str, Kind[Any]] = {
    "cluster": CLUSTER,
    "defaults": DEFAULTS,
    "platform": PLATFORM,
    "tenants": TENANTS,
}
"""The keys of the stack's configuration, less the project's prefix."""
