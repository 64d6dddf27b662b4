"""Readers of facts in the manifests of a tenant's objects, live or declared, whichever client created them.

They rely on meaning, not on the names that this program uses: a volume is found by its mount path, a container by what
it runs. Missing fields and wrong types give the same result as an absent object, never an exception.
"""

import posixpath
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from kube.manifest import Manifest, at, items, mapping, named, number, text

STATE_ANNOTATION = "adb-tenants/state"
"""On StatefulSets and ReplicationControllers: the tenant's `state`, for when its entry has been removed."""
STACK_ANNOTATION = "adb-tenants/stack"
"""On every object that a stack declares as a whole, not as a patch: the stack, as `<project>/<stack>`."""
FORCED_ANNOTATION = "adb-tenants/forced"
"""The entry's `force`. On a VIP's Service: why it selects a pod that was not shown to be ready. On its
ReplicationController: why its pod is to run on a node where it could not start."""

NODE_KEEPALIVED_LABEL = "adb-keepalived"
"""On the objects and pods of a node's keepalived: the node."""

DATA_MOUNT = "/home/gpadmin/data"
LOG_MOUNT = "/home/gpadmin/gpAdminLogs"
TOMCAT_MOUNT = "/opt/tomcat/logs"
"""Mount paths of a control container's database, its logs and those of Tomcat."""
ROOT_SSH_MOUNT = "/opt/root-ssh"
GPADMIN_SSH_MOUNT = "/opt/gpadmin-ssh"
"""Mount paths of the ssh keys of its two accounts."""

DEFAULT_VRID = 50
"""kube-keepalived-vip's default for `--vrid`."""
NAT = "NAT"
"""Its default forwarding method."""

TENANCY_LABEL = "tenancy-"
"""Prefix, before a tenant's name, of the node label whose value is the role that is pinned to the node."""
_HOSTNAME = "kubernetes.io/hostname"
_VRID = re.compile(r"(?:^|\s)--vrid(?:(?:=|\s+)(\S*))?(?=\s|$)")
_FORWARD = re.compile(r"([^/:\s]+)/([^/:\s]+)(?::([A-Za-z]+))?")


# --- workloads and their pods -----------------------------------------------------------------------------------------


def pod_spec(workload: Manifest) -> Manifest:
    """Return the `spec` of a Pod, or of the pods that a controller creates."""
    spec = mapping(workload.get("spec"))
    return spec if workload.get("kind") == "Pod" else mapping(at(spec, "template", "spec"))


def replicas(workload: Manifest) -> int | None:
    """Return the declared number of pods; `None` if it is not set."""
    return number(at(workload, "spec", "replicas"))


def state(workload: Manifest) -> str:
    """Return the tenant's `state` when the object was last declared."""
    return text(at(workload, "metadata", "annotations", STATE_ANNOTATION))


def control_container(workload: Manifest) -> Manifest | None:
    """Return the container that runs the database.

    The only one; else the one that mounts the data, that runs the entry point, or that has the image. `None` if no
    container, or several, match.
    """
    return _only(
        workload,
        lambda container: DATA_MOUNT in _mounts(container),
        lambda container: "entry-point.sh" in _command_line(container),
        lambda container: "adb-control" in text(container.get("image")),
    )


def keepalived_container(workload: Manifest) -> Manifest | None:
    """Return the container that runs kube-keepalived-vip; `None` if it cannot be identified."""
    return _only(
        workload,
        lambda container: "--services-configmap" in _command_line(container),
        lambda container: "keepalived" in text(container.get("image")),
    )


def _only(workload: Manifest, *signs: Callable[[Manifest], bool]) -> Manifest | None:
    containers = [container for container in map(mapping, items(pod_spec(workload).get("containers"))) if container]
    if len(containers) == 1:
        return containers[0]
    for sign in signs:
        found = [container for container in containers if sign(container)]
        if len(found) == 1:
            return found[0]
    return None


def _command_line(container: Manifest) -> str:
    return " ".join(text(word) for part in ("command", "args") for word in items(container.get(part)))


def variables(container: Manifest) -> Mapping[str, Manifest]:
    """Return a container's environment by name, each variable as `{name, value}` or `{name, valueFrom}`."""
    return {text(item.get("name")): item for item in map(mapping, items(container.get("env")))}


def resource(container: Manifest, what: str, name: str) -> str:
    """Return the `limits` or `requests` of a container's `memory` or `cpu`, as written; empty if not set."""
    found = at(container, "resources", what, name)
    return str(number(found)) if number(found) is not None else text(found)


def conditions(manifest: Manifest | None) -> Mapping[str, str]:
    """Return the status of each condition of an object, `True`, `False` or `Unknown`, by type."""
    return {text(at(each, "type")): text(at(each, "status")) for each in items(at(manifest, "status", "conditions"))}


def is_ready(pod: Manifest) -> bool:
    """Tell whether a pod is ready; one that is being deleted, as on a lost node, is not."""
    if at(pod, "metadata", "deletionTimestamp") or at(pod, "status", "phase") in ("Failed", "Succeeded"):
        return False
    return conditions(pod).get("Ready") == "True"


def requests(workload: Manifest, name: str) -> tuple[str, ...]:
    """Return how much `memory` or `cpu` each container of a workload's pods requests."""
    return tuple(
        resource(mapping(container), "requests", name) for container in items(pod_spec(workload).get("containers"))
    )


def runs_old_template(stateful_set: Manifest, pod: Manifest) -> bool:
    """Tell whether a StatefulSet's pod runs another template than the latest."""
    latest = at(stateful_set, "status", "updateRevision")
    return at(pod, "metadata", "labels", "controller-revision-hash") != latest


# --- the location of the data -----------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class DataLocation:
    """Where a control node's data is; empty strings if the manifest does not contain it."""

    host: str
    data_path: str
    log_path: str

    @property
    def known(self) -> bool:
        """Whether the node and the data directory are known."""
        return bool(self.host and self.data_path)


def data_location(stateful_set: Manifest) -> DataLocation:
    """Return where a StatefulSet's pod runs and keeps its data."""
    paths, volumes = data_paths(stateful_set), pod_spec(stateful_set).get("volumes")

    def directory(mount: str, volume: str) -> str:
        # By this program's name for the volume if no mount has the path.
        return paths.get(mount) or normal_path(text(at(named(volumes, volume), "hostPath", "path")))

    return DataLocation(
        host=pinned_node(stateful_set),
        data_path=directory(DATA_MOUNT, "data"),
        log_path=directory(LOG_MOUNT, "adminlog"),
    )


def normal_path(path: str) -> str:
    """Return an absolute path in its normal form: `/data0/x` for `/data0//x/`."""
    return "/" + posixpath.normpath(path).lstrip("/") if path.startswith("/") else path


def data_paths(workload: Manifest) -> Mapping[str, str]:
    """Return the host directory of each mount of the control container, by mount path.

    Both are in their normal form. Volumes of other types (a claim, an `emptyDir`) are omitted.
    """
    found = {}
    for mounted, mount, volume in _mounted_volumes(workload):
        directory, below = text(at(volume, "hostPath", "path")), text(mount.get("subPath"))
        if directory:
            found[mounted] = normal_path(f"{directory}/{below}" if below else directory)
    return found


def secret_mounts(workload: Manifest) -> Mapping[str, str]:
    """Return the Secret of each mount of the control container, by mount path."""
    secrets = {mounted: text(at(volume, "secret", "secretName")) for mounted, _, volume in _mounted_volumes(workload)}
    return {mounted: secret for mounted, secret in secrets.items() if secret}


def _mounted_volumes(workload: Manifest) -> Sequence[tuple[str, Manifest, Manifest]]:
    """Return path, mount and volume of each mount of the control container."""
    volumes, container = pod_spec(workload).get("volumes"), control_container(workload)
    return [
        (mounted, mount, named(volumes, text(mount.get("name")))) for mounted, mount in _mounts(container or {}).items()
    ]


def _mounts(container: Manifest) -> Mapping[str, Manifest]:
    mounts = map(mapping, items(container.get("volumeMounts")))
    return {normal_path(text(mount.get("mountPath"))): mount for mount in mounts}


# --- nodes ------------------------------------------------------------------------------------------------------------


def is_pinning_label(key: str) -> bool:
    """Tell whether a node label names one node, or the node of a tenant's role (`TenantNames.node_label`)."""
    return key == _HOSTNAME or key.startswith(TENANCY_LABEL)


def node_selector(workload: Manifest) -> Mapping[str, str]:
    """Return the labels that a workload selects nodes by, without those that pin its pod to one node."""
    selector = mapping(pod_spec(workload).get("nodeSelector"))
    return {key: text(value) for key, value in selector.items() if not is_pinning_label(key)}


def pinned_node(workload: Manifest) -> str:
    """Return the one node that a workload's pod can run on, by its affinity, its node selector or `nodeName`."""
    pod = pod_spec(workload)
    written = text(pod.get("nodeName")) or text(at(pod, "nodeSelector", _HOSTNAME))
    if written:
        return written
    hosts = [_named_by(term) for term in _required_terms(pod)]
    return hosts[0] if len(set(hosts)) == 1 else ""


def _named_by(term: Manifest) -> str:
    """Return the one node that a term of an affinity names; empty if it names none or several."""
    for part, key in (("matchFields", "metadata.name"), ("matchExpressions", _HOSTNAME)):
        for requirement in map(mapping, items(term.get(part))):
            values = _values(requirement)
            if requirement.get("key") == key and requirement.get("operator", "In") == "In" and len(values) == 1:
                return values[0]
    return ""


def allowed_nodes(workload: Manifest, nodes: Iterable[Manifest]) -> Sequence[str]:
    """Return which of these nodes match a workload's `nodeName`, node selector and affinity, sorted."""
    pod = pod_spec(workload)
    selector, terms = mapping(pod.get("nodeSelector")), _required_terms(pod)
    found = set()
    for node in nodes:
        name, labels = text(at(node, "metadata", "name")), mapping(at(node, "metadata", "labels"))
        if (
            pod.get("nodeName") in (None, "", name)
            and all(key in labels and labels[key] == value for key, value in selector.items())
            and (not terms or any(_fits(term, name, labels) for term in terms))
        ):
            found.add(name)
    return sorted(found - {""})


def _required_terms(pod: Manifest) -> Sequence[Manifest]:
    required = at(pod, "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution")
    return [mapping(term) for term in items(at(required, "nodeSelectorTerms"))]


def _fits(term: Manifest, name: str, labels: Manifest) -> bool:
    fields = [mapping(item) for item in items(term.get("matchFields"))]
    expressions = [mapping(item) for item in items(term.get("matchExpressions"))]
    # A term without requirements matches no node.
    return bool(fields or expressions) and all(
        [*(_meets(item, {"metadata.name": name}) for item in fields), *(_meets(item, labels) for item in expressions)]
    )


def _meets(requirement: Manifest, labels: Manifest) -> bool:
    found, values = labels.get(text(requirement.get("key"))), _values(requirement)
    match requirement.get("operator"):
        case "In":
            return found in values
        case "NotIn":
            return found not in values
        case "Exists":
            return found is not None
        case "DoesNotExist":
            return found is None
        case "Gt" | "Lt" as operator:
            numbers = [int(value) for value in (text(found), *values) if re.fullmatch(r"-?[0-9]{1,18}", value)]
            return len(numbers) == 2 and (numbers[0] > numbers[1] if operator == "Gt" else numbers[0] < numbers[1])
        case _:
            return False


def _values(requirement: Manifest) -> Sequence[str]:
    return [value for value in map(text, items(requirement.get("values"))) if value]


# --- the virtual IP ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Forward:
    """The backend of a VIP."""

    namespace: str
    service: str
    method: str = NAT
    """`NAT`, `DR` (replies bypass keepalived) or `PROXY`."""


def vips(config_map: Manifest) -> tuple[str, ...]:
    """Return the addresses that keepalived announces."""
    return tuple(mapping(config_map.get("data")))


def forward(config_map: Manifest, vip: str) -> Forward | None:
    """Return the backend of a VIP; `None` for a value that keepalived cannot read either."""
    found = _FORWARD.fullmatch(text(at(config_map, "data", vip)).strip())
    return Forward(namespace=found[1], service=found[2], method=found[3] or NAT) if found else None


def vrid(workload: Manifest) -> int | None:
    """Return the VRRP id of keepalived's pods; `None` if it cannot be read."""
    container = keepalived_container(workload)
    if container is None:
        return None
    written = [found[1] or "" for found in _VRID.finditer(_command_line(container))]
    if not written:
        return DEFAULT_VRID
    return int(written[-1]) if re.fullmatch(r"[0-9]{1,9}", written[-1]) else None


def selected_role(service: Manifest) -> str:
    """Return the role that the VIP's Service selects."""
    return text(at(service, "spec", "selector", "role"))


# --- owners and managers ----------------------------------------------------------------------------------------------


def owner(manifest: Manifest) -> str:
    """Return the stack that manages an object, `<project>/<stack>`; empty if the object is not annotated."""
    return text(at(manifest, "metadata", "annotations", STACK_ANNOTATION))


def is_declared_by_a_stack(manifest: Manifest) -> bool:
    """Tell whether a stack created or adopted an object: it is annotated so, or Pulumi's plugin has written it."""
    return bool(owner(manifest)) or any(manager.startswith("pulumi-kubernetes") for manager in managers(manifest))


def managers(manifest: Manifest) -> frozenset[str]:
    """Return the field managers of an object, those of its status excluded."""
    entries = items(at(manifest, "metadata", "managedFields"))
    return frozenset(text(at(entry, "manager")) for entry in entries if not at(entry, "subresource"))
