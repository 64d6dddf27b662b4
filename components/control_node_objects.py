"""What one role of a tenant is declared as: the headless Service that names its pod, and the StatefulSet that runs it.

Values alone, so that what is there already can be held against it before anything is declared.
"""

import re

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

from components import control_environment
from components.placement import only_on, toleration_args
from components.platform import SharedNames
from kube.facts import STATE_ANNOTATION
from tenants.fleet import Role, State, Tenant

HOSTNAME_OVERRIDE_SINCE = (1, 35)
"""The first Kubernetes that has `spec.hostnameOverride` without a feature gate (KEP-4762)."""


def headless_service(spec: Tenant, role: Role, *, namespace: str) -> ServiceInitArgs:
    """Name the role's pod."""
    name = spec.control_node_name(role)
    return ServiceInitArgs(
        api_version="v1",
        kind="Service",
        metadata=ObjectMetaArgs(name=name, namespace=namespace, labels={"app": "adb"}),
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
    spec: Tenant, role: Role, *, namespace: str, kubelet_version: str, shared: SharedNames
) -> StatefulSetInitArgs:
    """Keep the role's pod on its node."""
    name = spec.control_node_name(role)
    return StatefulSetInitArgs(
        api_version="apps/v1",
        kind="StatefulSet",
        metadata=ObjectMetaArgs(
            name=name,
            namespace=namespace,
            annotations={STATE_ANNOTATION: spec.state},
        ),
        spec=StatefulSetSpecArgs(
            service_name=name,
            replicas=1 if spec.state is State.RUNNING else 0,
            # The default of the API that the seed used: a changed template restarts no database.
            update_strategy=StatefulSetUpdateStrategyArgs(type=spec.update_strategy),
            selector=LabelSelectorArgs(match_labels=_labels(spec, role)),
            template=PodTemplateSpecArgs(
                metadata=ObjectMetaArgs(labels=_labels(spec, role)),
                spec=_pod(spec, role, kubelet_version=kubelet_version, shared=shared),
            ),
        ),
    )


def knows_hostname_override(kubelet_version: str) -> bool:
    """Tell whether a node of this version (`v1.36.3`) sets `spec.hostnameOverride`; `False` for what is no version."""
    match = re.match(r"v(\d+)\.(\d+)\.", kubelet_version)
    return match is not None and (int(match[1]), int(match[2])) >= HOSTNAME_OVERRIDE_SINCE


def _labels(spec: Tenant, role: Role) -> dict[str, str]:
    return {"app": "adb", "role": role, "tenancy": spec.name}


def _pod(spec: Tenant, role: Role, *, kubelet_version: str, shared: SharedNames) -> PodSpecArgs:
    name = spec.control_node_name(role)
    return PodSpecArgs(
        node_selector={spec.node_label: role},
        affinity=only_on(spec.hosts.of(role)),
        hostname=name,
        # Today's StatefulSet controller overwrites `hostname` with the pod's name, `<name>-0`; in the seed's cluster it
        # stayed, and the databases know each other by it. Asked of the kubelet, which sets the name and is never newer
        # than the API server.
        hostname_override=name if knows_hostname_override(kubelet_version) else None,
        containers=[
            ContainerArgs(
                name=name,
                image=spec.image,
                image_pull_policy="IfNotPresent",
                command=["/bin/sh", "-c", "/entry/entry-point.sh"],
                env=control_environment.variables(spec, shared),
                resources=ResourceRequirementsArgs(
                    limits={"memory": spec.memory},
                    requests={"memory": spec.memory},
                ),
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
