"""The objects of one role: the headless Service that names its pod, and the StatefulSet that runs it."""

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

from components.live.fleet import LiveFleet
from components.objects import control_environment
from components.objects.control_environment import SharedNames
from components.objects.metadata import BACKGROUND_DELETION, SKIP_AWAIT, object_metadata
from components.objects.placement import node_selector, only_on, toleration_args
from kube.facts import DATA_MOUNT, LOG_MOUNT, STATE_ANNOTATION, TOMCAT_MOUNT, pod_spec
from kube.manifest import at
from tenants.fleet import Role, State, TenantSpec

ADB_PORT = 5432
SSH_PORT = 22


def headless_service(spec: TenantSpec, role: Role, live: LiveFleet) -> ServiceInitArgs:
    """Build the Service that gives a role's pod its DNS name."""
    name = spec.control_node_name(role)
    return ServiceInitArgs(
        api_version="v1",
        kind="Service",
        # Not waited for: its pods are created after it. The plugin, when it has adopted an object and waits, records
        # the object as it was before, and the next preview shows its annotation once more (plugin 4.32, 2026-11-25).
        metadata=object_metadata(name, live.home, labels={"app": "adb"}, annotations=SKIP_AWAIT),
        spec=ServiceSpecArgs(
            type="ClusterIP",
            cluster_ip="None",
            session_affinity="None",
            ports=[
                ServicePortArgs(name="adb", port=ADB_PORT, protocol="TCP", target_port=ADB_PORT),
                ServicePortArgs(name="ssh", port=SSH_PORT, protocol="TCP", target_port=SSH_PORT),
            ],
            selector=pod_labels(spec, role),
        ),
    )


def stateful_set(spec: TenantSpec, role: Role, live: LiveFleet, shared: SharedNames) -> StatefulSetInitArgs:
    """Build the StatefulSet that keeps a role's pod on its node."""
    name = spec.control_node_name(role)
    annotations = {STATE_ANNOTATION: str(spec.state)}
    if spec.state is State.RETIRED:
        # Its pods have terminated, or are on a lost node and will never be seen to.
        annotations |= BACKGROUND_DELETION
    if not live.nodes.is_awaited(spec, role):
        annotations |= SKIP_AWAIT
    return StatefulSetInitArgs(
        api_version="apps/v1",
        kind="StatefulSet",
        metadata=object_metadata(name, live.home, annotations=annotations),
        spec=StatefulSetSpecArgs(
            service_name=name,
            replicas=1 if spec.state is State.RUNNING else 0,
            # The default of the API that the seed used: a changed template restarts no database.
            update_strategy=StatefulSetUpdateStrategyArgs(type=spec.update_strategy),
            selector=LabelSelectorArgs(match_labels=pod_labels(spec, role)),
            template=PodTemplateSpecArgs(
                metadata=ObjectMetaArgs(labels=pod_labels(spec, role)),
                spec=_pod(
                    spec,
                    role,
                    hostname_override=live.nodes.supports_hostname_override(spec, role),
                    without_token=_is_without_token(live, name),
                    shared=shared,
                ),
            ),
        ),
    )


def control_pod_labels(spec: TenantSpec) -> dict[str, str]:
    """Return the labels of both roles' pods."""
    return {"app": "adb", "tenancy": spec.name}


def pod_labels(spec: TenantSpec, role: Role) -> dict[str, str]:
    """Return the labels of a role's pod, by which Services select it."""
    return {**control_pod_labels(spec), "role": role}


def _is_without_token(live: LiveFleet, stateful_set: str) -> bool:
    """Tell whether pods get no API token: those of a new StatefulSet, or of one that is so already.

    The template of another one is kept as it is; with `RollingUpdate` a new one restarts the database
    (docs/decisions/0018-who-may-do-what.md).
    """
    found = live.objects.get(("StatefulSet", stateful_set))
    return found is None or at(pod_spec(found), "automountServiceAccountToken") is False


def _pod(
    spec: TenantSpec, role: Role, *, hostname_override: bool, without_token: bool, shared: SharedNames
) -> PodSpecArgs:
    name = spec.control_node_name(role)
    return PodSpecArgs(
        node_selector=node_selector(spec, role),
        affinity=only_on(spec.hosts.of(role)),
        hostname=name,
        # Today's StatefulSet controller overwrites `hostname` with the pod's name, `<name>-0`; in the seed's cluster it
        # was kept, and the databases know each other by it. The kubelet sets the override, and is never newer than the
        # API server: so its version decides.
        hostname_override=name if hostname_override else None,
        automount_service_account_token=False if without_token else None,
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
                    VolumeMountArgs(name="data", mount_path=DATA_MOUNT),
                    VolumeMountArgs(name="adminlog", mount_path=LOG_MOUNT),
                    VolumeMountArgs(name="tomcatlogs", mount_path=TOMCAT_MOUNT),
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
