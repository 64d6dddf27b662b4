"""Whether pods of a fleet can run on its nodes, from the nodes and objects at the beginning of the run."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import pulumi

from components.live.cluster import LiveCluster, UnusableClusterError
from kube.facts import conditions, is_ready, pinned_node, replicas
from kube.manifest import Manifest, at, items, mapping, text
from kube.quantity import amount
from tenants.fleet import Fleet, Role, State, TenantSpec, Toleration
from tenants.objects import live_keys

MOST_SIMILAR_NAMES = 5
HOSTNAME_OVERRIDE_SINCE = (1, 35)
"""The first Kubernetes that has `spec.hostnameOverride` without a feature gate (KEP-4762)."""
BLOCKING_EFFECTS = ("NoSchedule", "NoExecute")
DERIVED_TAINTS = frozenset(
    f"node.kubernetes.io/{what}"
    for what in (
        "disk-pressure",
        "memory-pressure",
        "network-unavailable",
        "not-ready",
        "pid-pressure",
        "unreachable",
        "unschedulable",
    )
)
"""The node controllers keep these equal to the node's conditions and `spec.unschedulable`, with a delay: a node that
has just joined is Ready and still has `not-ready` (2026-11-26: an `up` seconds after it was refused)."""
POD_SECURITY = "pod-security.kubernetes.io/enforce"
FORBIDDING_LEVELS = ("baseline", "restricted")
"""Both forbid hostPath volumes, which every pod of a tenant has (kubernetes.io, Pod Security Standards)."""


@dataclass(frozen=True, kw_only=True)
class Obstacle:
    """Why a new pod cannot run on a node."""

    what: str
    """A clause: `node m2 is cordoned`."""
    remedy: str
    """A sentence without its full stop: `run kubectl uncordon m2`."""


class LiveNodes:
    """The nodes of a fleet as they were at the beginning of the run."""

    def __init__(self, fleet: Fleet, cluster: LiveCluster) -> None:
        """Read every node that a tenant names.

        A missing node on which a pod has run before is no error: its tenant can be failed over, retired and removed.

        Raises:
            UnusableClusterError: Pods are to run on nodes that do not exist and have run no pod of their tenants; the
                message lists every such role of a tenant, with names of similar nodes.
        """
        self._fleet = fleet
        self._cluster = cluster
        self._namespace = fleet.cluster.namespace
        self._nodes = cluster.nodes()
        self._objects = cluster.objects()
        self._written_labels: set[str] = set()
        missing = {name for name in fleet.node_names if name not in self._nodes}
        affected = [(tenant, role) for tenant in fleet.tenants for role in Role if tenant.hosts.of(role) in missing]
        unknown = [(tenant, role) for tenant, role in affected if not self._has_run(tenant, role)]
        if unknown:
            raise UnusableClusterError("\n".join(_no_such_node(*each, self._nodes) for each in unknown))
        for tenant, role in affected:
            pulumi.log.warn(
                f"{tenant.name}: node {tenant.hosts.of(role)} of its {role} does not exist. The update does not wait "
                "for pods there; they start when the node is back."
            )
        self._bound: Mapping[str, str] = {}
        roles = [(tenant, role) for tenant in fleet.tenants for role in Role]
        doubtful = any(self._is_doubtful(*each) or self._is_outdated(*each) for each in roles)
        pods = cluster.pods() if doubtful else {}
        self._bound = {name: pinned_node({**pod, "kind": "Pod"}) for name, pod in pods.items()}
        # A lost kubelet's last report remains until the control plane corrects it or deletes the pod (2026-11-26: an
        # `up` that moved a database from a missing node waited 10 minutes for the pod that came after it).
        self._ready_pods = {
            name for name, pod in pods.items() if is_ready(pod) and not self.is_lost(text(at(pod, "spec", "nodeName")))
        }

    def obstacle(self, tenant: TenantSpec, role: Role, *, best_effort: bool) -> Obstacle | None:
        """Find what keeps a new pod of a tenant from running on a role's node.

        Args:
            tenant: The tenant.
            role: The role.
            best_effort: Whether the pod requests no resources, as keepalived's: it is not scheduled under memory
                pressure.
        """
        name = tenant.hosts.of(role)
        node = self._nodes.get(name)
        return (
            self._namespace_obstacle()
            or node_obstacle(name, node, tenant.tolerations, best_effort=best_effort)
            or selector_obstacle(name, node, tenant.node_selector)
        )

    def _namespace_obstacle(self) -> Obstacle | None:
        level = text(at(self._cluster.namespace(), "metadata", "labels", POD_SECURITY))
        if level not in FORBIDDING_LEVELS:
            return None
        return Obstacle(
            what=f"namespace {self._namespace} enforces the PodSecurity level {level}, which forbids hostPath volumes "
            "and the host network",
            remedy=f"run `kubectl label namespace {self._namespace} {POD_SECURITY}=privileged --overwrite`",
        )

    def keepalived_obstacle(self, name: str) -> Obstacle | None:
        """Find what keeps a new keepalived pod of a node (`cluster.nodeKeepalived`) from running there."""
        tolerations = self._fleet.cluster.node_keepalived.tolerations
        return self._namespace_obstacle() or node_obstacle(
            name, self._nodes.get(name), tolerations, best_effort=True, tolerant="cluster.nodeKeepalived"
        )

    def label_obstacle(self, tenant: TenantSpec, role: Role) -> Obstacle | None:
        """Find whether a role's node lacks the label that pods select it by, and this run does not write it.

        Without `--refresh` it does not: the engine compares with its state, which contains the label. Only for hooks
        of objects that depend on the label.
        """
        name, wanted = tenant.hosts.of(role), f"{tenant.node_label}={role}"
        labels = mapping(at(self._nodes.get(name), "metadata", "labels"))
        if labels.get(tenant.node_label) == role or tenant.control_node_name(role) in self._written_labels:
            return None
        return Obstacle(
            what=f"node {name} has lost its label {wanted}",
            remedy=f"run `kubectl label --overwrite node {name} {wanted}`",
        )

    def expect_label(self, control_node_name: str) -> None:
        """Note that this run writes the label of a role's node."""
        self._written_labels.add(control_node_name)

    def resource_obstacle(self, tenant: TenantSpec, role: Role) -> Obstacle | None:
        """Find whether a role's pod requests more memory or CPU than its node can allocate."""
        name = tenant.hosts.of(role)
        allocatable = mapping(at(self._nodes.get(name), "status", "allocatable"))
        for resource, requested in tenant.resources.items():
            wanted, most = amount(requested), amount(text(allocatable.get(resource)))
            if wanted is not None and most is not None and wanted > most:
                return Obstacle(
                    what=f"it requests {requested} of {resource}, and node {name} can allocate {allocatable[resource]}",
                    remedy=f"reduce the tenant's `{resource}`",
                )
        return None

    def is_awaited(self, tenant: TenantSpec, role: Role) -> bool:
        """Tell whether the engine is to wait for a role's database pod.

        Not on a node that is missing or not ready: no kubelet starts or stops a pod there, and the pod's status is old.
        Nor for a pod that is not ready and cannot start on its node, or whose tenant has `force`. By default the engine
        waits for whatever was not ready at its last look, changed or not, until its 10-minute timeout (2026-11-25).
        """
        if self.is_lost(tenant.hosts.of(role)):
            return False
        if self._only_ends(tenant, role) or not self._is_doubtful(tenant, role):
            return True
        return tenant.pod_name(role) in self._ready_pods

    def supports_hostname_override(self, tenant: TenantSpec, role: Role) -> bool:
        """Tell whether the kubelet of a role's node sets `spec.hostnameOverride`.

        For a missing node that is unknown: the live StatefulSet's value is kept, so that its template does not change.
        """
        name = tenant.hosts.of(role)
        if name in self._nodes:
            return supports_hostname_override(text(at(self._nodes[name], "status", "nodeInfo", "kubeletVersion")))
        stateful_set = self._objects.get(("StatefulSet", tenant.control_node_name(role)), {})
        return at(stateful_set, "spec", "template", "spec", "hostnameOverride") is not None

    def addresses(self) -> Mapping[str, str]:
        """Return the names of the nodes by each of their addresses."""
        return {
            text(at(address, "address")): name
            for name, node in self._nodes.items()
            for address in items(at(node, "status", "addresses"))
        }

    def is_lost(self, name: str) -> bool:
        """Tell whether a node's kubelet is not ready, so that pods cannot be stopped there."""
        return not _is_ready(self._nodes.get(name))

    def is_missing(self, name: str) -> bool:
        return name not in self._nodes

    def unknown(self, name: str) -> str:
        """Return the name of a node that does not exist, with the names of similar ones."""
        return _unknown(name, self._nodes)

    def _only_ends(self, tenant: TenantSpec, role: Role) -> bool:
        """Tell whether a role's pod ends or does not exist, so that nothing has to be able to start.

        If it mattered, each cordon, and each move of a stopped tenant's data, would appear in the preview after it.
        """
        live = self._objects.get(("StatefulSet", tenant.control_node_name(role)), {})
        stays = self._runs_on(tenant, role, tenant.hosts.of(role))
        return tenant.state is not State.RUNNING and (stays or not replicas(live))

    def _is_doubtful(self, tenant: TenantSpec, role: Role) -> bool:
        """Tell whether a role's pod may not become ready by itself.

        It cannot start, or its tenant has `force`, or it is bound to its old node until it is deleted.
        """
        exists = ("StatefulSet", tenant.control_node_name(role)) in self._objects
        host = tenant.hosts.of(role)
        has_moved = exists and (
            not self._runs_on(tenant, role, host) or self._bound.get(tenant.pod_name(role), host) != host
        )
        by_force = exists and tenant.force is not None
        return has_moved or by_force or self.obstacle(tenant, role, best_effort=False) is not None

    def _is_outdated(self, tenant: TenantSpec, role: Role) -> bool:
        """Tell whether a role's pod was started from an earlier template, perhaps for another node."""
        live = self._objects.get(("StatefulSet", tenant.control_node_name(role)), {})
        return replicas(live) == 1 and at(live, "status", "updatedReplicas") != 1

    def _has_run(self, tenant: TenantSpec, role: Role) -> bool:
        if ("StatefulSet", tenant.control_node_name(role)) in self._objects:
            return tenant.state is State.RETIRED or self._runs_on(tenant, role, tenant.hosts.of(role))
        # It may have been deleted because of a pod that does not terminate.
        return any(key in self._objects for key in live_keys(tenant))

    def _runs_on(self, tenant: TenantSpec, role: Role, name: str) -> bool:
        """Tell whether a role's live StatefulSet is pinned to this node."""
        return pinned_node(self._objects.get(("StatefulSet", tenant.control_node_name(role)), {})) == name


def node_obstacle(
    name: str,
    node: Manifest | None,
    tolerations: Collection[Toleration],
    *,
    best_effort: bool,
    tolerant: str = "the tenant",
) -> Obstacle | None:
    """Find what keeps a new pod with these tolerations from running on a node; a node of `None` does not exist.

    `tolerant` names in messages whose tolerations they are.
    """
    if node is None:
        return Obstacle(what=f"node {name} does not exist", remedy=f"add {name} to the cluster again")
    cordon = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
    if at(node, "spec", "unschedulable") is True and not _is_tolerated(cordon, tolerations):
        return Obstacle(what=f"node {name} is cordoned", remedy=f"run `kubectl uncordon {name}`")
    if not _is_ready(node):
        return Obstacle(what=f"node {name} is not ready", remedy=f"see `kubectl describe node {name}`")
    pressures = ("DiskPressure", "PIDPressure", "NetworkUnavailable", *(["MemoryPressure"] if best_effort else []))
    found = conditions(node)
    for condition in pressures:
        if found.get(condition) == "True":
            return Obstacle(what=f"node {name} reports {condition}", remedy=f"see `kubectl describe node {name}`")
    for taint in map(mapping, items(at(node, "spec", "taints"))):
        key, effect = text(taint.get("key")), text(taint.get("effect"))
        if key in DERIVED_TAINTS or effect not in BLOCKING_EFFECTS:
            continue
        if not _is_tolerated(taint, tolerations):
            spelled = f"{key}={text(taint.get('value'))}".rstrip("=")
            return Obstacle(
                what=f"node {name} has the taint {spelled}:{effect}, which {tolerant} does not tolerate",
                remedy=f"add it to the tolerations of {tolerant}, or run `kubectl taint node {name} "
                f"{spelled}:{effect}-`",
            )
    return None


def selector_obstacle(name: str, node: Manifest | None, selector: Mapping[str, str]) -> Obstacle | None:
    """Find the first label of a tenant's `nodeSelector` that a node does not have."""
    labels = mapping(at(node, "metadata", "labels"))
    for key, value in selector.items():
        if labels.get(key) != value:
            found = f" (it has {key}={text(labels[key])})" if key in labels else ""
            return Obstacle(
                what=f"node {name} lacks the label {key}={value} of the tenant's nodeSelector{found}",
                remedy=f"run `kubectl label --overwrite node {name} {key}={value}`, or change the nodeSelector",
            )
    return None


def _is_ready(node: Manifest | None) -> bool:
    return conditions(node).get("Ready") == "True"


def supports_hostname_override(kubelet_version: str) -> bool:
    """Tell whether a kubelet of this version (`v1.36.3`) sets `spec.hostnameOverride`; `False` for no version."""
    match = re.match(r"v(\d+)\.(\d+)\.", kubelet_version)
    return match is not None and (int(match[1]), int(match[2])) >= HOSTNAME_OVERRIDE_SINCE


def _is_tolerated(taint: Manifest, tolerations: Iterable[Toleration]) -> bool:
    return any(_matches(toleration, taint) for toleration in tolerations)


def _matches(toleration: Toleration, taint: Manifest) -> bool:
    if toleration.effect and toleration.effect != text(taint.get("effect")):
        return False
    if toleration.key and toleration.key != text(taint.get("key")):
        return False
    return toleration.operator == "Exists" or (toleration.value or "") == text(taint.get("value"))


def _no_such_node(tenant: TenantSpec, role: Role, existing: Collection[str]) -> str:
    return f"{tenant.name}: hosts.{role} is {_unknown(tenant.hosts.of(role), existing)}"


def _unknown(name: str, existing: Collection[str]) -> str:
    similar: Sequence[str] = get_close_matches(name, sorted(existing), n=MOST_SIMILAR_NAMES, cutoff=0.5)
    hint = f"did you mean {' or '.join(similar)}?" if similar else "`kubectl get nodes` lists the nodes."
    return f"{name}, which is not a node of this cluster: {hint}"
