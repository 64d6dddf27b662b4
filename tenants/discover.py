"""A stack file for the tenants that a cluster holds already, read from what `kubectl get … --output json` prints.

With it a whole cluster moves over by a look at the file and `pulumi up`: each entry says `adopt: true` and what is
live, so that nothing is started, stopped or moved. What an entry cannot say leaves a tenant out, with the reason.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from kube import facts
from kube.manifest import Json, Manifest, at, items, mapping, text
from tenants.boundary import SEED_SETTINGS
from tenants.contract import PLATFORM
from tenants.findings import printable
from tenants.fleet import Role, State, UpdateStrategy

Entry = dict[str, Any]
T = TypeVar("T")

KINDS = "nodes,pods,services,statefulsets,replicationcontrollers,configmaps"
"""What has to be asked for, of one namespace."""


class UnreadableListError(Exception):
    """It is not the objects of one namespace; the text says what it is instead."""


class _LeftOutError(Exception):
    """A tenant cannot be described as it is; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Discovery:
    """What was found."""

    namespace: str
    """Empty where the objects do not say."""
    entries: Sequence[Entry]
    """As they stand in a stack file, defaults left out, by name."""
    platform: Mapping[str, str]
    """Names of the shared objects that they all refer to, by key, as far as they are not the usual ones."""
    remarks: Sequence[str]
    """Sentences: what was left out, and why."""


@dataclass(frozen=True, kw_only=True)
class _Found:
    """One tenant that could be read."""

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

    def pod_host(self, name: str) -> str:
        return text(at(self.of_namespace.get(("Pod", name)), "spec", "nodeName"))


def discover(document: Json) -> Discovery:
    """Describe every tenant among the objects of one namespace, and the nodes.

    Raises:
        UnreadableListError: the document is no list of objects, or one of tenants in several namespaces.
    """
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
    remarks, tenants = [], []
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
                left_out(tenant.name, f"of the shared objects its {', '.join(differing)}, others have others")
            )
            continue
        entries.append(tenant.entry)
        remarks += tenant.remarks
    if not entries and not remarks:
        remarks.append("There is no tenant: no StatefulSet whose pods have the labels app=adb and tenancy.")
    usual = {known.key: _usual_name(known.key) for known in PLATFORM.fields}
    platform = {key: name for key, name in shared.items() if name != usual[key]}
    return Discovery(namespace=namespace, entries=entries, platform=platform, remarks=remarks)


def left_out(name: str, why: str) -> str:
    """Say that a tenant is not among the entries."""
    return printable(f"{name} is left out: {why}.")


def _namespace(manifest: Manifest) -> str:
    return text(at(manifest, "metadata", "namespace"))


def _tenant_of(manifest: Manifest) -> str:
    """The tenant whose database a StatefulSet runs; empty for everything else."""
    labels = mapping(at(manifest, "spec", "template", "metadata", "labels"))
    is_adb = manifest.get("kind") == "StatefulSet" and labels.get("app") == "adb"
    return text(labels.get("tenancy")) if is_adb else ""


def _agreed(referring: Iterable[Mapping[str, str]]) -> Mapping[str, str]:
    """The name of each shared object that most tenants refer to."""
    counts: dict[str, Counter[str]] = {}
    for shared in referring:
        for key, name in shared.items():
            counts.setdefault(key, Counter())[name] += 1
    return {key: min(names, key=lambda name: (-names[name], name)) for key, names in counts.items()}


def _usual_name(key: str) -> str:
    return next(known.default for known in PLATFORM.fields if known.key == key).removesuffix(" is read")


# --- one tenant -------------------------------------------------------------------------------------------------------


def _tenant(name: str, objects: _Objects) -> _Found:
    databases = {role: objects.needed("StatefulSet", f"{name}-{role}") for role in Role}
    keepalived = objects.needed("ReplicationController", f"{name}-vip")
    containers = {role: _container(databases[role], facts.control_container, "its database") for role in Role}
    vip = _vip(name, objects)
    active = facts.selected_role(objects.needed("Service", f"{name}-vip"))
    if active not in set(Role):
        raise _LeftOutError(f"Service {name}-vip selects neither role={Role.MASTER} nor role={Role.STANDBY}")
    vrid = facts.vrid(keepalived)
    if vrid is None:
        raise _LeftOutError(f"ReplicationController {name}-vip has no --vrid=<number> that can be read")
    paths = {role: facts.place(databases[role]) for role in Role}
    strategy = _alike("updateStrategy", lambda role: text(at(databases[role], "spec", "updateStrategy", "type")))
    if strategy not in set(UpdateStrategy):
        raise _LeftOutError(f"its updateStrategy is {strategy or 'not given'}")
    tolerations, remarks = _tolerations(name, [*databases.values(), keepalived])

    written: Entry = {
        "activeRole": active,
        "vrid": vrid,
        "state": str(_state(name, [*databases.values(), keepalived])),
        "memory": _alike("memory", lambda role: facts.memory(containers[role], "limits")),
        "memoryLimit": _memory_limit(containers),
        "image": _alike("image", lambda role: text(containers[role].get("image"))),
        "dataPath": _alike("the directory for data", lambda role: paths[role].data_path),
        "logPath": _alike("the directory for logs", lambda role: paths[role].log_path),
        "updateStrategy": strategy,
        "keepalived": {"image": text(_container(keepalived, facts.keepalived_container, "keepalived").get("image"))},
        "tolerations": tolerations,
    }
    usual = {
        "activeRole": str(SEED_SETTINGS.active_role),
        "vrid": _last_octet(vip),
        "state": str(SEED_SETTINGS.state),
        "memory": SEED_SETTINGS.memory,
        "memoryLimit": SEED_SETTINGS.memory_limit,
        "image": SEED_SETTINGS.image,
        "dataPath": f"/data0/{name}/data",
        "logPath": f"/data0/{name}/adminlog",
        "updateStrategy": str(SEED_SETTINGS.update_strategy),
        "keepalived": {"image": SEED_SETTINGS.keepalived_image},
        "tolerations": [{"key": "dedicated", "operator": "Equal", "value": "master", "effect": "NoSchedule"}],
    }
    entry = {
        "name": name,
        "vip": vip,
        "hosts": {str(role): _host(name, role, databases[role], objects) for role in Role},
        "adopt": True,
        **{key: value for key, value in written.items() if value != usual[key]},
    }
    return _Found(name=name, entry=entry, shared=_shared(containers, databases), remarks=remarks)


def _container(workload: Manifest, find: Callable[[Manifest], Manifest | None], what: str) -> Manifest:
    found = find(workload)
    if found is None:
        name = text(at(workload, "metadata", "name"))
        raise _LeftOutError(f"which container of {workload.get('kind')} {name} runs {what} cannot be told")
    return found


def _alike(what: str, of: Callable[[Role], T]) -> T:
    """What both roles have in common, since an entry has one word for both."""
    master, standby = of(Role.MASTER), of(Role.STANDBY)
    if master != standby:
        raise _LeftOutError(f"its roles differ in {what}: {master or 'none'} and {standby or 'none'}")
    if not master:
        raise _LeftOutError(f"{what} is not given, and the tenants of a stack all have it")
    return master


def _vip(name: str, objects: _Objects) -> str:
    config_map = objects.needed("ConfigMap", f"{name}-vip-cm")
    addresses = facts.vips(config_map)
    if len(addresses) != 1:
        raise _LeftOutError(f"ConfigMap {name}-vip-cm holds {len(addresses)} addresses, not one")
    forward = facts.forward(config_map, addresses[0])
    if forward is None:
        raise _LeftOutError(f"ConfigMap {name}-vip-cm says where {addresses[0]} leads in no way that can be read")
    if forward.method != facts.NAT:
        raise _LeftOutError(
            f"its address is forwarded by {forward.method}, and the tenants of a stack all by {facts.NAT}"
        )
    if forward.service != f"{name}-vip" or forward.namespace != (objects.namespace or forward.namespace):
        raise _LeftOutError(f"its address leads to {forward.namespace}/{forward.service}, not to Service {name}-vip")
    return addresses[0]


def _last_octet(vip: str) -> int | None:
    octet = vip.rpartition(".")[2]
    return int(octet) if octet.isdecimal() and len(octet) <= 3 else None


def _state(name: str, workloads: Sequence[Manifest]) -> State:
    # Absent means one to the API; what is there and no number, nobody knows, and nothing must start by mistake.
    counts = [1 if at(workload, "spec", "replicas") is None else facts.replicas(workload) for workload in workloads]
    if set(counts) == {0}:
        return State.STOPPED
    if set(counts) == {1}:
        return State.RUNNING
    told = ", ".join(
        f"{text(at(workload, 'metadata', 'name'))} {count}" for workload, count in zip(workloads, counts, strict=True)
    )
    raise _LeftOutError(f"its replicas are neither all 1 nor all 0 ({told}), and {name} either runs or is stopped")


def _memory_limit(containers: Mapping[Role, Manifest]) -> int:
    value = _alike(
        "the variable MEMORY_LIMIT",
        lambda role: text(facts.variables(containers[role]).get("MEMORY_LIMIT", {}).get("value")),
    )
    if not value.isdecimal() or len(value) > 10:
        raise _LeftOutError(f"its variable MEMORY_LIMIT is {value}, which is no number")
    return int(value)


def _tolerations(name: str, workloads: Sequence[Manifest]) -> tuple[list[Json], Sequence[str]]:
    """What all pods tolerate together, since an entry has one list for them."""
    each = [list(items(facts.pod_spec(workload).get("tolerations"))) for workload in workloads]
    together: list[Json] = []
    for tolerated in each:
        together += [toleration for toleration in tolerated if toleration not in together]
    if all(len(tolerated) == len(together) for tolerated in each):
        return together, ()
    return together, [
        printable(f"{name}: its pods differ in tolerations; from their next start each has those of all.")
    ]


def _host(name: str, role: Role, database: Manifest, objects: _Objects) -> str:
    """Where a role's data lies: where its pod is, and if there is none, where it may start."""
    pinned, runs = facts.pinned_host(database), objects.pod_host(f"{name}-{role}-0")
    if pinned and runs and pinned != runs:
        raise _LeftOutError(f"the pod of {name}-{role} runs on {runs}, and its next one would start on {pinned}")
    if pinned or runs:
        return runs or pinned
    allowed = facts.allowed_hosts(database, objects.nodes) if facts.pod_spec(database).get("nodeSelector") else ()
    if len(allowed) != 1:
        raise _LeftOutError(
            f"its {role} may start on {', '.join(allowed) or 'no node'}, not on one node, and has no pod"
        )
    return allowed[0]


def _shared(containers: Mapping[Role, Manifest], databases: Mapping[Role, Manifest]) -> Mapping[str, str]:
    """Names of the shared objects that the pods of both roles refer to, by the platform's keys."""

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
