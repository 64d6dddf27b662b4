"""What one role of a tenant is declared as: the headless Service that names its pod, and the StatefulSet that runs it.

Values alone, so that what is there already can be held against it before anything is declared.
"""

from pulumi_kubernetes.apps.v1 import StatefulSetInitArgs, StatefulSetSpecArgs, StatefulSetUpdateStrategyArgs
from pulumi_kubernetes.core.v1 import (
    ContainerArgs,
    HostPathVolumeSourceArgs,
    PodSpecArgs,
    PodTemplateSpecArgs,
    ResourceRequirementsArgs,
    ServiceInitArgs,
    ServicePortArgs,
    ServiceSpecArgs,
    VolumeArgs,
    VolumeMountArgs,
)
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs

from components.live.nodes import LiveNodes
from components.live.stack_home import StackHome
from components.objects import control_environment
from components.objects.metadata import BACKGROUND_DELETION, SKIP_AWAIT, object_metadata
from components.objects.placement import only_on, toleration_args
from components.platform import SharedNames
from kube.facts import STATE_ANNOTATION
from tenants.fleet import Role, State, TenantSpec


def headless_service(spec: TenantSpec, role: Role, *, home: StackHome) -> ServiceInitArgs:
    """Name the role's pod."""
    name = spec.control_node_name(role)
    return ServiceInitArgs(
        api_version="v1",
        kind="Service",
        # Not waited for: its pods come after it. The plugin, when it has taken an object over and waits, records it as
        # it was before, and the next preview shows its annotation once more (plugin 4.32, 2026-11-25).
        metadata=object_metadata(name, home, labels={"app": "adb"}, annotations=SKIP_AWAIT),
        spec=ServiceSpecArgs(
            type="ClusterIP",
            cluster_ip="None",
            session_affinity="None",
            ports=[
                ServicePortArgs(name="adb", port=5432, protocol="TCP", target_port=5432),
                ServicePortArgs(name="ssh", port=22, protocol="TCP", target_port=22),
            ],
            selector=_labels(spec, role),
        ),
    )


def stateful_set(
    spec: TenantSpec, role: Role, *, home: StackHome, hosts: LiveNodes, shared: SharedNames
) -> StatefulSetInitArgs:
    """Keep the role's pod on its node."""
    name = spec.control_node_name(role)
    annotations = {STATE_ANNOTATION: str(spec.state)}
    if spec.state is State.RETIRED:
        # Its pods have stopped, or will never be seen to: what remains of one on a lost node is waited for by nobody.
        annotations |= BACKGROUND_DELETION
    if not hosts.is_awaited(spec, role):
        annotations |= SKIP_AWAIT
    return StatefulSetInitArgs(
        api_version="apps/v1",
        kind="StatefulSet",
        metadata=object_metadata(name, home, annotations=annotations),
        spec=StatefulSetSpecArgs(
            service_name=name,
            replicas=1 if spec.state is State.RUNNING else 0,
            # The default of the API that the seed used: a changed template restarts no database.
            update_strategy=StatefulSetUpdateStrategyArgs(type=spec.update_strategy),
            selector=LabelSelectorArgs(match_labels=_labels(spec, role)),
            template=PodTemplateSpecArgs(
                metadata=ObjectMetaArgs(labels=_labels(spec, role)),
                spec=_pod(spec, role, hostname_override=hosts.knows_hostname_override(spec, role), shared=shared),
            ),
        ),
    )


def _labels(spec: TenantSpec, role: Role) -> dict[str, str]:
    return {"app": "adb", "role": role, "tenancy": spec.name}


def _pod(spec: TenantSpec, role: Role, *, hostname_override: bool, shared: SharedNames) -> PodSpecArgs:
    name = spec.control_node_name(role)
    return PodSpecArgs(
        node_selector={spec.node_label: role},
        affinity=only_on(spec.hosts.of(role)),
        hostname=name,
        # Today's StatefulSet controller overwrites `hostname` with the pod's name, `<name>-0`; in the seed's cluster it
        # stayed, and the databases know each other by it. Asked of the kubelet, which sets the name and is never newer
        # than the API server.
        hostname_override=name if hostname_override else None,
        containers=[
            ContainerArgs(
                name=name,
                image=spec.image,
                image_pull_policy="IfNotPresent",
                command=["/bin/sh", "-c", "/entry/entry-point.sh"],
                env=control_environment.variables(spec, shared),
                resources=ResourceRequirementsArgs(limits=spec.resources, requests=spec.resources),
                termination_message_path="/dev/termination-log",
                volume_mounts=[
                    VolumeMountArgs(name="data", mount_path="/home/gpadmin/data"),
                    VolumeMountArgs(name="adminlog", mount_path="/home/gpadmin/gpAdminLogs"),
                    VolumeMountArgs(name="tomcatlogs", mount_path="/opt/tomcat/logs"),
                    *control_environment.ssh_key_mounts(),
                ],
            )
        ],
        volumes=[
            VolumeArgs(name="data", host_path=HostPathVolumeSourceArgs(path=spec.data_path)),
            VolumeArgs(name="adminlog", host_path=HostPathVolumeSourceArgs(path=spec.log_path)),
            VolumeArgs(name="tomcatlogs", host_path=HostPathVolumeSourceArgs(path=spec.tomcat_log_path)),
            *control_environment.ssh_key_volumes(shared),
        ],
        dns_policy="ClusterFirst",
        restart_policy="Always",
        termination_grace_period_seconds=30,
        tolerations=toleration_args(spec.tolerations),
    )
