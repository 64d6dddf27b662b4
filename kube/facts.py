"""Facts read from the manifests of a tenant's objects, live or declared, whoever made them."""

from dataclasses import dataclass

from kube.manifest import Manifest, at, items, mapping, named, number, text

STATE_ANNOTATION = "adb-tenants/state"
"""On StatefulSets and ReplicationControllers: what the tenant was meant to be doing, for when its entry is gone."""
STACK_ANNOTATION = "adb-tenants/stack"
"""On every object that a stack declares: which stack, as `<project>/<stack>`."""
FORCED_ANNOTATION = "adb-tenants/forced"
"""On a VIP's Service: why it was led to a pod that could not be shown to serve."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a control node's data lies; empty strings where the preview does not say."""

    host: str
    data_path: str
    log_path: str

    @property
    def known(self) -> bool:
        """Whether it says where."""
        return bool(self.host and self.data_path)


def place(stateful_set: Manifest) -> Place:
    """Read where a StatefulSet's pod runs and keeps its data."""
    pod = at(stateful_set, "spec", "template", "spec")
    volumes = at(pod, "volumes")
    return Place(
        host=pinned_host(stateful_set),
        data_path=text(at(named(volumes, "data"), "hostPath", "path")),
        log_path=text(at(named(volumes, "adminlog"), "hostPath", "path")),
    )


def pinned_host(workload: Manifest) -> str:
    """Read the one node that a StatefulSet's or ReplicationController's pod may run on."""
    required = at(
        workload,
        *("spec", "template", "spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"),
    )
    hosts = [
        text(host)
        for term in items(at(required, "nodeSelectorTerms"))
        for field in items(at(term, "matchFields"))
        if at(field, "key") == "metadata.name"
        for host in items(at(field, "values"))
    ]
    return hosts[0] if len(hosts) == 1 else ""


def vips(config_map: Manifest) -> tuple[str, ...]:
    """Read the addresses that keepalived is told to announce."""
    return tuple(mapping(config_map.get("data")))


def selected_role(service: Manifest) -> str:
    """Read the role that the VIP's Service leads to."""
    return text(at(service, "spec", "selector", "role"))


def replicas(workload: Manifest) -> int | None:
    """Read how many pods a workload is to have; `None` where it is not there or does not say."""
    return number(at(workload, "spec", "replicas"))


def state(workload: Manifest) -> str:
    """Read what the tenant was meant to be doing."""
    return text(at(workload, "metadata", "annotations", STATE_ANNOTATION))


def owner(manifest: Manifest) -> str:
    """Read which stack declared an object, `<project>/<stack>`; empty where none says so."""
    return text(at(manifest, "metadata", "annotations", STACK_ANNOTATION))


def is_ready(pod: Manifest) -> bool:
    """Tell whether a pod is ready to serve."""
    return any(
        at(condition, "type") == "Ready" and at(condition, "status") == "True"
        for condition in items(at(pod, "status", "conditions"))
    )


def is_made_by_pulumi(manifest: Manifest) -> bool:
    """Tell whether Pulumi's Kubernetes plugin has made an object, or has taken it over."""
    return any(manager.startswith("pulumi-kubernetes") for manager in managers(manifest))


def managers(manifest: Manifest) -> frozenset[str]:
    """Read who has written an object's fields, its status left out."""
    entries = items(at(manifest, "metadata", "managedFields"))
    return frozenset(text(at(entry, "manager")) for entry in entries if not at(entry, "subresource"))


def memory_requests(workload: Manifest) -> tuple[str, ...]:
    """Read how much memory each container of a workload's pods requests."""
    containers = items(at(workload, "spec", "template", "spec", "containers"))
    return tuple(text(at(container, "resources", "requests", "memory")) for container in containers)
