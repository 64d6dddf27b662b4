"""The objects of a tenant's VIP: keepalived, its ConfigMap, and the Service of the active pod."""

from pulumi_kubernetes.core.v1 import (
    ConfigMapInitArgs,
    ContainerArgs,
    EnvVarArgs,
    EnvVarSourceArgs,
    HostPathVolumeSourceArgs,
    ObjectFieldSelectorArgs,
    PodSpecArgs,
    PodTemplateSpecArgs,
    ReplicationControllerInitArgs,
    ReplicationControllerSpecArgs,
    SecurityContextArgs,
    ServiceInitArgs,
    ServicePortArgs,
    ServiceSpecArgs,
    VolumeArgs,
    VolumeMountArgs,
)
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from components.live.fleet import LiveFleet
from components.objects.control_node import ADB_PORT, pod_labels
from components.objects.metadata import BACKGROUND_DELETION, SKIP_AWAIT, object_metadata
from components.objects.placement import node_selector, only_on, toleration_args
from kube.facts import FORCED_ANNOTATION, STATE_ANNOTATION
from tenants.fleet import State, TenantSpec


def endpoint(spec: TenantSpec) -> str:
    """Return the address that clients connect to, `address:port`."""
    return f"{spec.vip}:{ADB_PORT}"


def config_map(spec: TenantSpec, live: LiveFleet) -> ConfigMapInitArgs:
    """Build keepalived's ConfigMap: the VIP to announce, and the Service behind it."""
    return ConfigMapInitArgs(
        api_version="v1",
        kind="ConfigMap",
        metadata=object_metadata(spec.virtual_ip_config_map_name, live.home),
        data={str(spec.vip): f"{live.home.namespace}/{spec.virtual_ip_name}"},
    )


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
    """Build the ReplicationController that runs keepalived on the active role's node."""
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
                spec=_pod(spec, live),
            ),
        ),
    )


def _pod(spec: TenantSpec, live: LiveFleet) -> PodSpecArgs:
    return PodSpecArgs(
        host_network=True,
        node_selector=node_selector(spec, spec.active_role),
        affinity=only_on(spec.hosts.of(spec.active_role)),
        service_account_name=live.fleet.cluster.keepalived_account,
        containers=[
            ContainerArgs(
                name=spec.virtual_ip_name,
                image=spec.keepalived.image,
                image_pull_policy="IfNotPresent",
                args=[
                    f"--services-configmap={live.home.namespace}/{spec.virtual_ip_config_map_name}",
                    f"--vrid={spec.vrid}",
                ],
                env=[
                    _env_from_field("POD_NAME", "metadata.name"),
                    _env_from_field("POD_NAMESPACE", "metadata.namespace"),
                ],
                security_context=SecurityContextArgs(privileged=True),
                termination_message_path="/dev/termination-log",
                volume_mounts=[
                    VolumeMountArgs(name="modules", mount_path="/lib/modules", read_only=True),
                    VolumeMountArgs(name="dev", mount_path="/dev"),
                ],
            )
        ],
        volumes=[
            VolumeArgs(name="modules", host_path=HostPathVolumeSourceArgs(path="/lib/modules")),
            VolumeArgs(name="dev", host_path=HostPathVolumeSourceArgs(path="/dev")),
        ],
        dns_policy="ClusterFirst",
        restart_policy="Always",
        termination_grace_period_seconds=30,
        tolerations=toleration_args(spec.tolerations),
    )


def _env_from_field(name: str, field_path: str) -> EnvVarArgs:
    source = ObjectFieldSelectorArgs(api_version="v1", field_path=field_path)
    return EnvVarArgs(name=name, value_from=EnvVarSourceArgs(field_ref=source))
