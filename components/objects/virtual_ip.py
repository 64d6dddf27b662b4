"""The objects of a tenant's VIP: the Service of the active pod, and a keepalived of its own with its ConfigMap."""

from pulumi_kubernetes.core.v1 import (
    ConfigMapInitArgs,
    PodTemplateSpecArgs,
    ReplicationControllerInitArgs,
    ReplicationControllerSpecArgs,
    ServiceInitArgs,
    ServicePortArgs,
    ServiceSpecArgs,
)
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from components.live.fleet import LiveFleet
from components.objects.control_node import ADB_PORT, pod_labels
from components.objects.keepalived import keepalived_pod
from components.objects.metadata import BACKGROUND_DELETION, SKIP_AWAIT, object_metadata
from components.objects.placement import node_selector
from kube.facts import FORCED_ANNOTATION, STATE_ANNOTATION
from tenants.fleet import State, TenantSpec


def endpoint(spec: TenantSpec) -> str:
    """Return the address that clients connect to, `address:port`."""
    return f"{spec.vip}:{ADB_PORT}"


def config_map(spec: TenantSpec, live: LiveFleet) -> ConfigMapInitArgs:
    """Build the ConfigMap of a tenant's own keepalived."""
    return ConfigMapInitArgs(
        api_version="v1",
        kind="ConfigMap",
        metadata=object_metadata(spec.virtual_ip_config_map_name, live.home),
        data=announcement(spec, live),
    )


def announcement(spec: TenantSpec, live: LiveFleet) -> dict[str, str]:
    """Return a tenant's line in the ConfigMap that keepalived reads: its VIP, and the Service behind it."""
    return {str(spec.vip): f"{live.home.namespace}/{spec.virtual_ip_name}"}


def service(spec: TenantSpec, live: LiveFleet, *, forced: str | None) -> ServiceInitArgs:
    """Build the Service that selects the active role's pod.

    Args:
        spec: The tenant.
        live: Its fleet.
        forced: The entry's `force`, if the pod is selected although it may not be ready.
    """
    name = spec.virtual_ip_name
    # The plugin would wait for the endpoints and then 10 s more for them to settle. It has waited for the pod already,
    # with the StatefulSet that this Service depends on.
    annotations = SKIP_AWAIT if forced is None else {**SKIP_AWAIT, FORCED_ANNOTATION: forced}
    return ServiceInitArgs(
        api_version="v1",
        kind="Service",
        metadata=object_metadata(name, live.home, labels={"app": name}, annotations=annotations),
        spec=ServiceSpecArgs(
            type="ClusterIP",
            session_affinity="None",
            # A numeric target: kube-keepalived-vip looks a named one up by the *Service's* port name.
            ports=[ServicePortArgs(name="adb", port=ADB_PORT, protocol="TCP", target_port=ADB_PORT)],
            selector=pod_labels(spec, spec.active_role),
        ),
    )


def replication_controller(spec: TenantSpec, live: LiveFleet) -> ReplicationControllerInitArgs:
    """Build the ReplicationController that runs a tenant's own keepalived on the active role's node."""
    name, running = spec.virtual_ip_name, spec.state is State.RUNNING
    labels = {"adb": name}
    # A failover replaces it, and must not wait for the pod on the old node, which may be dead.
    annotations = {STATE_ANNOTATION: str(spec.state), **BACKGROUND_DELETION}
    obstacle = live.nodes.obstacle(spec, spec.active_role, best_effort=True) if running else None
    if obstacle and spec.force is not None:
        annotations |= {FORCED_ANNOTATION: spec.force}
    if obstacle or not running:
        # No pod becomes available. The plugin waits for `availableReplicas`, which the API omits when it is 0, until
        # its 10-minute timeout.
        annotations |= SKIP_AWAIT
    return ReplicationControllerInitArgs(
        api_version="v1",
        kind="ReplicationController",
        metadata=object_metadata(name, live.home, labels=labels, annotations=annotations),
        spec=ReplicationControllerSpecArgs(
            replicas=1 if running else 0,
            selector=labels,
            template=PodTemplateSpecArgs(
                metadata=ObjectMetaArgs(labels=labels),
                spec=keepalived_pod(
                    live,
                    name=name,
                    image=spec.keepalived.image,
                    config_map=spec.virtual_ip_config_map_name,
                    vrid=spec.vrid,
                    node=spec.active_host,
                    node_selector=node_selector(spec, spec.active_role),
                    tolerations=spec.tolerations,
                ),
            ),
        ),
    )
