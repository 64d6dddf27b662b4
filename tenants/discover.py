"""Describes the tenants of a cluster as entries of a stack file, from what `kubectl get … --output json` prints.

Each entry has `adopt: true` and what is live, so that `pulumi up` adopts a whole namespace and starts, stops and
moves nothing. A tenant that no entry can describe is left out, with the reason.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address
from typing import Any, TypeVar, cast

from kube import facts
from kube.manifest import Json, Manifest, at, items, mapping, text
from tenants.contract import NODE_KEEPALIVED, PLATFORM, SETTINGS
from tenants.draft import Values
from tenants.findings import listed, printable
from tenants.fleet import KeepalivedPer, Role, State, TenantNames, UpdateStrategy, node_keepalived_name
from tenants.maps import Field, Section

T = TypeVar("T")
Entry = dict[str, Any]

KINDS = "nodes,pods,services,statefulsets,replicationcontrollers,configmaps"
"""The kinds to list with `kubectl get`, in one namespace."""


class UnreadableListError(Exception):
    """The document does not list the objects of one namespace; the text says why."""


class _LeftOutError(Exception):
    """No entry can describe a tenant as it is; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Discovery:
    """What was found."""

    namespace: str
    """Empty if there is no tenant."""
    entries: Sequence[Entry]
    """As in a stack file, without defaults, sorted by name."""
    platform: Mapping[str, str]
    """Names of the shared objects that they all refer to, by key, if they differ from the defaults."""
    node_keepalived: Mapping[str, Json]
    """`cluster.nodeKeepalived` as in a stack file, without defaults; empty if no node has a keepalived."""
    vrids: frozenset[int]
    """The VRRP ids of all pods in the namespace, those of left out tenants too."""
    remarks: Sequence[str]
    """Sentences: what is left out, and why."""


@dataclass(frozen=True, kw_only=True)
class _Found:
    """One tenant that an entry describes."""

    name: str
    entry: Entry
    shared: Mapping[str, str]
    """Names of the shared objects that its pods refer to, by the platform's keys."""
    remarks: Sequence[str]


@dataclass(frozen=True)
class _Objects:
    """The objects of one namespace, and the nodes."""

    namespace: str
    of_namespace: Mapping[tuple[str, str], Manifest]
    nodes: Sequence[Manifest]

    def needed(self, kind: str, name: str) -> Manifest:
        if (kind, name) not in self.of_namespace:
            raise _LeftOutError(f"there is no {kind} {name}")
        return self.of_namespace[kind, name]

    def pod_node(self, name: str) -> str:
        return text(at(self.of_namespace.get(("Pod", name)), "spec", "nodeName"))


def discover(document: Json) -> Discovery:
    """Describe every tenant among the objects of one namespace, and the nodes; raises `UnreadableListError`."""
    if not isinstance(at(document, "items"), list):
        raise UnreadableListError("it holds no list of objects")
    manifests = [item for item in map(mapping, items(at(document, "items"))) if text(at(item, "metadata", "name"))]
    namespaces = sorted({_namespace(manifest) for manifest in manifests if _tenant_of(manifest)})
    if len(namespaces) > 1:
        found = ", ".join(namespaces)
        raise UnreadableListError(f"it holds tenants of several namespaces ({found}); a stack has one: ask with -n")
    namespace = namespaces[0] if namespaces else ""
    objects = _Objects(
        namespace,
        {
            (text(manifest.get("kind")), text(at(manifest, "metadata", "name"))): manifest
            for manifest in manifests
            if _namespace(manifest) == namespace
        },
        [manifest for manifest in manifests if manifest.get("kind") == "Node"],
    )
    node_keepalived, node_remarks = _node_keepalived(objects)
    remarks, tenants = [*node_remarks], []
    for name in sorted({_tenant_of(manifest) for manifest in objects.of_namespace.values()} - {""}):
        try:
            tenants.append(_tenant(name, objects))
        except _LeftOutError as error:
            remarks.append(left_out(name, str(error)))
    shared = _agreed([tenant.shared for tenant in tenants])
    entries = []
    for tenant in tenants:
        differing = [f"{key} is {name}" for key, name in tenant.shared.items() if name != shared[key]]
        if differing:
            remarks.append(
                left_out(tenant.name, f"its {', '.join(differing)}, and most tenants refer to other shared objects")
            )
            continue
        entries.append(tenant.entry)
        remarks += tenant.remarks
    if not entries and not remarks:
        remarks.append("There is no tenant: no StatefulSet whose pods have the labels app=adb and tenancy.")
    defaults = {field.key: PLATFORM.defaults[name].name for name, field in PLATFORM.fields.items()}
    platform = {key: name for key, name in shared.items() if name != defaults[key]}
    return Discovery(
        namespace=namespace,
        entries=entries,
        platform=platform,
        node_keepalived=node_keepalived,
        vrids=_vrids(objects),
        remarks=remarks,
    )


def left_out(name: str, why: str) -> str:
    """Return the remark that a tenant, or a node's keepalived, is left out."""
    return printable(f"{name} is left out: {why}.")


def _namespace(manifest: Manifest) -> str:
    return text(at(manifest, "metadata", "namespace"))


def _tenant_of(manifest: Manifest) -> str:
    """Return the tenant whose database a StatefulSet runs; empty for everything else."""
    labels = mapping(at(manifest, "spec", "template", "metadata", "labels"))
    is_adb = manifest.get("kind") == "StatefulSet" and labels.get("app") == "adb"
    return text(labels.get("tenancy")) if is_adb else ""


def _agreed(referring: Iterable[Mapping[str, str]]) -> Mapping[str, str]:
    """Return the name of each shared object that most tenants refer to."""
    counts: dict[str, Counter[str]] = {}
    for shared in referring:
        for key, name in shared.items():
            counts.setdefault(key, Counter())[name] += 1
    return {key: min(names, key=lambda name: (-names[name], name)) for key, names in counts.items()}


def _differing(fields: Mapping[str, Field[Any]], found: Mapping[str, Json], known: Values) -> Entry:
    """Return what a stack file has to contain of values by attribute: those that are no default, key by key."""
    differing = {}
    for attribute, field in fields.items():
        value, kind = found[attribute], cast(object, field.kind)
        if isinstance(kind, Section):
            value = _differing(kind.fields, mapping(value), known) or None
        if value is not None and value != (field.derived(known) if field.derived else field.default):
            differing[field.key] = value
    return differing


# --- keepalived of nodes ----------------------------------------------------------------------------------------------


def _node_keepalived(objects: _Objects) -> tuple[Mapping[str, Json], Sequence[str]]:
    """Return the section `cluster.nodeKeepalived`, without defaults, and remarks."""
    nodes, pods, remarks = [], {}, []
    for (kind, name), controller in sorted(objects.of_namespace.items(), key=lambda item: item[0]):
        node = _served_node(controller)
        if kind != "ReplicationController" or not node:
            continue
        container, vrid = facts.keepalived_container(controller), facts.vrid(controller)
        if container is None or vrid is None:
            remarks.append(
                left_out(f"The keepalived of node {node}", f"ReplicationController {name} has no valid --vrid=<number>")
            )
            continue
        nodes.append({"name": node, "vrid": vrid})
        pods[node] = {"image": container.get("image"), "tolerations": facts.pod_spec(controller).get("tolerations")}
    if not nodes:
        return {}, remarks
    # Half-way through a new image, say.
    most = most_frequent(pods.values())
    if others := [node for node, pod in pods.items() if pod != most]:
        remarks.append(
            printable(
                f"The keepalived of {listed(others)} differs from the other nodes' in image or tolerations; the next "
                "`up` replaces its pod."
            )
        )
    found = {"nodes": nodes, "image": text(most["image"]), "tolerations": list(items(most["tolerations"]))}
    return _differing(NODE_KEEPALIVED.fields, {**found, "declared_by": None}, {}), remarks


def most_frequent(values: Iterable[T]) -> T:
    """Return the most frequent of JSON values, the first of several."""
    counts = Counter(json.dumps(value, sort_keys=True) for value in values)
    most: T = json.loads(counts.most_common(1)[0][0])
    return most


def _served_node(manifest: Manifest) -> str:
    """Return the node of an object of a node's keepalived; empty for every other."""
    node = text(at(manifest, "metadata", "labels", facts.NODE_KEEPALIVED_LABEL))
    return node if node and text(at(manifest, "metadata", "name")) == node_keepalived_name(node) else ""


def _vrids(objects: _Objects) -> frozenset[int]:
    # VRRP needs the host's network.
    announcing = (found for found in objects.of_namespace.values() if facts.pod_spec(found).get("hostNetwork") is True)
    return frozenset(vrid for vrid in map(facts.vrid, announcing) if vrid is not None)


# --- one tenant -------------------------------------------------------------------------------------------------------


_OF_EACH_ROLE: Mapping[str, Callable[[Manifest, Manifest], Json]] = {
    "memory": lambda _, container: facts.resource(container, "limits", "memory"),
    "cpu": lambda _, container: facts.resource(container, "limits", "cpu"),
    "memory_limit": lambda _, container: _memory_limit(container),
    "image": lambda _, container: text(container.get("image")),
    "data_path": lambda database, _: facts.data_location(database).data_path,
    "log_path": lambda database, _: facts.data_location(database).log_path,
    "node_selector": lambda database, _: facts.node_selector(database),
    "update_strategy": lambda database, _: text(at(database, "spec", "updateStrategy", "type")),
}
"""Readers of the settings that both roles share, from a StatefulSet and its control container."""


def _tenant(name: str, objects: _Objects) -> _Found:
    names = TenantNames(name=name)
    databases = {role: objects.needed("StatefulSet", names.control_node_name(role)) for role in Role}
    config_maps = _config_maps_of_nodes(names, objects)
    keepalived = None if config_maps else objects.needed("ReplicationController", names.virtual_ip_name)
    containers = {role: _container(databases[role], facts.control_container, "its database") for role in Role}
    vip = _vip(names, config_maps or [objects.needed("ConfigMap", names.virtual_ip_config_map_name)], objects)
    active = facts.selected_role(objects.needed("Service", names.virtual_ip_name))
    if active not in set(Role):
        raise _LeftOutError(
            f"Service {names.virtual_ip_name} selects neither role={Role.MASTER} nor role={Role.STANDBY}"
        )
    vrid = facts.vrid(keepalived) if keepalived else None
    if keepalived and vrid is None:
        raise _LeftOutError(f"ReplicationController {names.virtual_ip_name} has no valid --vrid=<number>")
    workloads = [*databases.values(), *([keepalived] if keepalived else [])]
    tolerations, remarks = _tolerations(name, workloads)
    live = {
        "active_role": active,
        "vrid": vrid,
        "state": str(_state(workloads)),
        "adopt": True,
        "keepalived": {
            "per": str(KeepalivedPer.TENANT if keepalived else KeepalivedPer.NODE),
            "image": text(_container(keepalived, facts.keepalived_container, "keepalived").get("image"))
            if keepalived
            else None,
        },
        "tolerations": tolerations,
        **{
            setting: _alike(setting, {role: read(databases[role], containers[role]) for role in Role})
            for setting, read in _OF_EACH_ROLE.items()
        },
        # In no object of the cluster.
        "promotion": None,
        # Not read: few NetworkPolicies could be written as an entry. A live one stays as it is.
        "network_policy": None,
        "waivers": [],
    }
    if live["update_strategy"] not in set(UpdateStrategy):
        raise _LeftOutError(f"its updateStrategy is {live['update_strategy']}")
    hosts = {str(role): _node(names, role, databases[role], objects) for role in Role}
    announcing = [_served_node(each) for each in config_maps]
    if announcing and announcing != [hosts[active]]:
        # A failover was interrupted.
        remarks = [
            *remarks,
            printable(
                f"{name}: its VIP is announced on {listed(announcing)}, and its active role is on {hosts[active]}; the "
                "adoption moves it there."
            ),
        ]
    known = {"name": name, "vip": _address(vip)}
    entry = {"name": name, "vip": vip, "hosts": hosts, **_differing(SETTINGS, live, known)}
    return _Found(name=name, entry=entry, shared=_shared(containers, databases), remarks=remarks)


def _container(workload: Manifest, find: Callable[[Manifest], Manifest | None], what: str) -> Manifest:
    found = find(workload)
    if found is None:
        name = text(at(workload, "metadata", "name"))
        raise _LeftOutError(f"no single container of {workload.get('kind')} {name} can be identified as {what}")
    return found


def _alike(setting: str, found: Mapping[Role, Json]) -> Json:
    """Return the value that both roles have in common, since an entry has one for both."""
    field, master, standby = SETTINGS[setting], found[Role.MASTER], found[Role.STANDBY]
    if master != standby:
        raise _LeftOutError(f"its roles differ in {field.key}: {master or 'none'} and {standby or 'none'}")
    if master not in (None, ""):
        return master
    if not field.optional:
        raise _LeftOutError(f"it has no {field.key}, which every tenant of a stack has")
    return None


def _address(vip: str) -> IPv4Address | None:
    try:
        return IPv4Address(vip)
    except AddressValueError:
        return None


def _config_maps_of_nodes(names: TenantNames, objects: _Objects) -> Sequence[Manifest]:
    """Return the ConfigMaps of nodes' keepalived with a tenant's VIP; empty if it has a keepalived of its own."""
    if ("ReplicationController", names.virtual_ip_name) in objects.of_namespace:
        return ()
    found = {
        name: config_map
        for (kind, name), config_map in objects.of_namespace.items()
        if kind == "ConfigMap" and name != names.virtual_ip_config_map_name and _addresses(config_map, names, objects)
    }
    for name, config_map in found.items():
        if not _served_node(config_map):
            (address, *_) = _addresses(config_map, names, objects)
            raise _LeftOutError(
                f"its address {address} is in ConfigMap {name}, which belongs neither to a keepalived of its own nor "
                "to a node's of this program"
            )
    return [config_map for _, config_map in sorted(found.items())]


def _addresses(config_map: Manifest, names: TenantNames, objects: _Objects) -> Sequence[str]:
    """Return the addresses that a ConfigMap forwards to a tenant's Service."""
    return [
        address
        for address in facts.vips(config_map)
        if (forward := facts.forward(config_map, address))
        and (forward.namespace, forward.service) == (objects.namespace, names.virtual_ip_name)
    ]


def _vip(names: TenantNames, config_maps: Sequence[Manifest], objects: _Objects) -> str:
    """Return the address of a tenant, which is the only one in a ConfigMap of its own."""
    service = names.virtual_ip_name
    (config_map, *_) = config_maps
    name = text(at(config_map, "metadata", "name"))
    addresses: Sequence[str] = facts.vips(config_map)
    if _served_node(config_map):
        addresses = sorted({address for each in config_maps for address in _addresses(each, names, objects)})
        name = f"{name}, for Service {service},"
    if len(addresses) != 1:
        raise _LeftOutError(f"ConfigMap {name} holds {len(addresses)} addresses, not one")
    forward = facts.forward(config_map, addresses[0])
    if forward is None:
        raise _LeftOutError(f"ConfigMap {name} forwards {addresses[0]} in a form that cannot be read")
    if forward.method != facts.NAT:
        raise _LeftOutError(
            f"its address is forwarded by {forward.method}, and a stack forwards all addresses by {facts.NAT}"
        )
    if forward.service != service or forward.namespace != (objects.namespace or forward.namespace):
        raise _LeftOutError(
            f"its address is forwarded to {forward.namespace}/{forward.service}, not to Service {service}"
        )
    return addresses[0]


def _state(workloads: Sequence[Manifest]) -> State:
    # The API's default is 1. A value that is not a number is unknown: no pod must start by mistake.
    counts = [1 if at(workload, "spec", "replicas") is None else facts.replicas(workload) for workload in workloads]
    if set(counts) == {0}:
        return State.STOPPED
    if set(counts) == {1}:
        return State.RUNNING
    each = ", ".join(
        f"{text(at(workload, 'metadata', 'name'))} {count}" for workload, count in zip(workloads, counts, strict=True)
    )
    raise _LeftOutError(f"its replicas are neither all 1 nor all 0 ({each})")


def _memory_limit(container: Manifest) -> Json:
    value = text(facts.variables(container).get("MEMORY_LIMIT", {}).get("value"))
    if value and (not value.isdecimal() or len(value) > 10):
        raise _LeftOutError(f"its variable MEMORY_LIMIT is {value}, which is no number")
    return int(value) if value else None


def _tolerations(name: str, workloads: Sequence[Manifest]) -> tuple[list[Json], Sequence[str]]:
    """Return what all pods tolerate together, since an entry has one list for them."""
    each = [list(items(facts.pod_spec(workload).get("tolerations"))) for workload in workloads]
    together: list[Json] = []
    for tolerated in each:
        together += [toleration for toleration in tolerated if toleration not in together]
    if all(len(tolerated) == len(together) for tolerated in each):
        return together, ()
    return together, [
        printable(f"{name}: its pods differ in tolerations; from its next start on, each pod has those of all.")
    ]


def _node(names: TenantNames, role: Role, database: Manifest, objects: _Objects) -> str:
    """Return the node of a role's data: where its pod runs or, without a pod, where it may start."""
    pinned, runs = facts.pinned_node(database), objects.pod_node(names.pod_name(role))
    if pinned and runs and pinned != runs:
        raise _LeftOutError(
            f"the pod of {names.control_node_name(role)} runs on {runs}, and would start next on {pinned}"
        )
    if pinned or runs:
        return runs or pinned
    allowed = facts.allowed_nodes(database, objects.nodes) if facts.pod_spec(database).get("nodeSelector") else ()
    if len(allowed) != 1:
        raise _LeftOutError(
            f"its {role} may start on {', '.join(allowed) or 'no node'}, not on one node, and has no pod"
        )
    return allowed[0]


def _shared(containers: Mapping[Role, Manifest], databases: Mapping[Role, Manifest]) -> Mapping[str, str]:
    """Return the names of the shared objects that the pods of both roles refer to, by the platform's keys."""

    def of(role: Role) -> Mapping[str, str]:
        variables, mounts = facts.variables(containers[role]), facts.secret_mounts(databases[role])

        def source(variable: str, kind: str) -> str:
            return text(at(variables.get(variable), "valueFrom", f"{kind}KeyRef", "name"))

        return {
            "adbops": source("RM_ADDR", "configMap"),
            "mysql": source("MYSQL_ADDR", "configMap"),
            "adbConnect": source("ADB_PASSWORD", "secret"),
            "mysqlConnect": source("MYSQL_PASSWORD", "secret"),
            "rootSshKey": mounts.get(facts.ROOT_SSH_MOUNT, ""),
            "gpadminSshKey": mounts.get(facts.GPADMIN_SSH_MOUNT, ""),
        }

    master, standby = of(Role.MASTER), of(Role.STANDBY)
    for key, name in master.items():
        if name != standby[key]:
            raise _LeftOutError(f"its roles differ in {key}: {name or 'none'} and {standby[key] or 'none'}")
    return {key: name for key, name in master.items() if name}
