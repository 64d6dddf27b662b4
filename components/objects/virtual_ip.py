"""What a tenant's address is declared as: the Service of the active pod, and keepalived with what it is told.

Values alone, so that what is there already can be held against it before anything is declared.
"""

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

from components.live.nodes import LiveNodes
from components.live.stack_home import StackHome
from components.objects.metadata import BACKGROUND_DELETION, SKIP_AWAIT, object_metadata
from components.objects.placement import only_on, toleration_args
from kube.facts import FORCED_ANNOTATION, STATE_ANNOTATION
from tenants.fleet import State, TenantSpec

ADB_PORT = 5432


def config_map(spec: TenantSpec, *, home: StackHome) -> ConfigMapInitArgs:
    """Tell keepalived which address to announce, and which Service it leads to."""
    return ConfigMapInitArgs(
        api_version="v1",
        kind="ConfigMap",
        metadata=object_metadata(spec.virtual_ip_config_map_name, home),
        data={str(spec.vip): f"{home.namespace}/{spec.virtual_ip_name}"},
    )


def service(spec: TenantSpec, *, home: StackHome, forced: str | None) -> ServiceInitArgs:
    """Select the active role's pod.

    Args:
        spec: The tenant.
        home: Where its objects are.
        forced: Why clients are led to it although it cannot be shown to serve; `None` if it can.
    """
    name = spec.virtual_ip_name
    # The plugin would wait for the endpoints and then 10 s more for them to settle. Their pod has been waited for
    # already, by its StatefulSet, which this Service depends on.
    annotations = SKIP_AWAIT if forced is None else {**SKIP_AWAIT, FORCED_ANNOTATION: forced}
    return ServiceInitArgs(
        api_version="v1",
        kind="Service",
        metadata=object_metadata(name, home, labels={"app": name}, annotations=annotations),
        spec=ServiceSpecArgs(
            type="ClusterIP",
            session_affinity="None",
            # A numeric target: kube-keepalived-vip looks a named one up by the *Service's* port name.
            ports=[ServicePortArgs(name="adb", port=ADB_PORT, protocol="TCP", target_port=ADB_PORT)],
            selector={"app": "adb", "role": spec.active_role, "tenancy": spec.name},
        ),
    )


def replication_controller(
    spec: TenantSpec, *, home: StackHome, hosts: LiveNodes, service_account_name: str
) -> ReplicationControllerInitArgs:
    """Run keepalived on the active role's node."""
    name, running = spec.virtual_ip_name, spec.state is State.RUNNING
    labels = {"adb": name}
    # A failover replaces it, and must not wait for the pod on the node that is left: that node may be dead.
    annotations = {STATE_ANNOTATION: str(spec.state), **BACKGROUND_DELETION}
    obstacle = hosts.obstacle(spec, spec.active_role, best_effort=True) if running else None
    if obstacle and spec.force is not None:
        annotations |= {FORCED_ANNOTATION: spec.force}
    if obstacle or not running:
        # No pod comes. The plugin waits for `availableReplicas`, which the API leaves out when it is 0, until its
        # 10-minute timeout.
        annotations |= SKIP_AWAIT
    return ReplicationControllerInitArgs(
        api_version="v1",
        kind="ReplicationController",
        metadata=object_metadata(name, home, labels=labels, annotations=annotations),
        spec=ReplicationControllerSpecArgs(
            replicas=1 if running else 0,
            selector=labels,
            template=PodTemplateSpecArgs(
                metadata=ObjectMetaArgs(labels=labels),
                spec=_pod(spec, namespace=home.namespace, service_account_name=service_account_name),
            ),
        ),
    )


def _pod(spec: TenantSpec, *, namespace: str, service_account_name: str) -> PodSpecArgs:
    return PodSpecArgs(
        host_network=True,
        node_selector={spec.node_label: spec.active_role},
        affinity=only_on(spec.hosts.of(spec.active_role)),
        service_account_name=service_account_name,
        containers=[
            ContainerArgs(
                name=spec.virtual_ip_name,
                image=spec.keepalived.image,
                image_pull_policy="IfNotPresent",
                args=[
                    f"--services-configmap={namespace}/{spec.virtual_ip_config_map_name}",
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
