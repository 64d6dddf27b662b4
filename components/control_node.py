"""One role of a tenant: the control pod that runs its database on one node."""

import re

import pulumi
from pulumi_kubernetes.apps.v1 import StatefulSet, StatefulSetSpecArgs, StatefulSetUpdateStrategyArgs
from pulumi_kubernetes.core.v1 import (
    ContainerArgs,
    HostPathVolumeSourceArgs,
    NodePatch,
    PodSpecArgs,
    PodTemplateSpecArgs,
    ResourceRequirementsArgs,
    Service,
    ServicePortArgs,
    ServiceSpecArgs,
    VolumeArgs,
    VolumeMountArgs,
)
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs, ObjectMetaPatchArgs

from components import control_environment
from components.data_guard import DataGuard
from components.placement import only_on, toleration_args
from components.platform import Platform
from kube.facts import STATE_ANNOTATION
from tenants import fleet
from tenants.fleet import Role

HOSTNAME_OVERRIDE_SINCE = (1, 35)
"""The first Kubernetes that has `spec.hostnameOverride` without a feature gate (KEP-4762)."""


class ControlNode(pulumi.ComponentResource):
    """A node's label, the headless Service that names the pod, and the StatefulSet that keeps it there."""

    stateful_set: StatefulSet

    def __init__(
        self,
        *,
        role: Role,
        spec: fleet.Tenant,
        cluster: fleet.Cluster,
        kubelet_version: str,
        platform: Platform,
        guard: DataGuard,
        opts: pulumi.ResourceOptions,
    ) -> None:
        name = spec.control_node_name(role)
        super().__init__("adb:tenants:ControlNode", name, None, opts)
        labels = {"app": "adb", "role": role, "tenancy": spec.name}
        running = spec.state is fleet.State.RUNNING

        node_label = NodePatch(
            name,
            metadata=ObjectMetaPatchArgs(
                name=spec.hosts.of(role),
                # No `pulumi.com/patchFieldManager`: the annotation would lie on the node, where two tenants that share
                # it conflict over its value (seen with the plugin's 4.32, 2026-11).
                labels={spec.node_label: role},
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        service = Service(
            name,
            metadata=ObjectMetaArgs(name=name, namespace=cluster.namespace, labels={"app": "adb"}),
            spec=ServiceSpecArgs(
                type="ClusterIP",
                cluster_ip="None",
                session_affinity="None",
                ports=[
                    ServicePortArgs(name="adb", port=5432, protocol="TCP", target_port=5432),
                    ServicePortArgs(name="ssh", port=22, protocol="TCP", target_port=22),
                ],
                selector=labels,
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.stateful_set = StatefulSet(
            name,
            metadata=ObjectMetaArgs(
                name=name,
                namespace=cluster.namespace,
                annotations={STATE_ANNOTATION: spec.state},
            ),
            spec=StatefulSetSpecArgs(
                service_name=name,
                replicas=1 if running else 0,
                # The default of the API that the seed used: a changed template restarts no database.
                update_strategy=StatefulSetUpdateStrategyArgs(type=spec.update_strategy),
                selector=LabelSelectorArgs(match_labels=labels),
                template=PodTemplateSpecArgs(
                    metadata=ObjectMetaArgs(labels=labels),
                    spec=PodSpecArgs(
                        node_selector={spec.node_label: role},
                        affinity=only_on(spec.hosts.of(role)),
                        hostname=name,
                        # Today's StatefulSet controller overwrites `hostname` with the pod's name, `<name>-0`; in the
                        # seed's cluster it stayed, and the databases know each other by it. Asked of the kubelet,
                        # which sets the name and is never newer than the API server.
                        hostname_override=name if knows_hostname_override(kubelet_version) else None,
                        containers=[
                            ContainerArgs(
                                name=name,
                                image=spec.image,
                                image_pull_policy="IfNotPresent",
                                command=["/bin/sh", "-c", "/entry/entry-point.sh"],
                                env=control_environment.variables(spec, platform),
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
                            VolumeArgs(
                                name="tomcatlogs", host_path=HostPathVolumeSourceArgs(path=spec.tomcat_log_path)
                            ),
                            *control_environment.ssh_key_volumes(platform),
                        ],
                        dns_policy="ClusterFirst",
                        restart_policy="Always",
                        termination_grace_period_seconds=30,
                        tolerations=toleration_args(spec.tolerations),
                    ),
                ),
            ),
            # The pod can be scheduled only where the label is, and starts only with the shared objects.
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[node_label, service, platform],
                hooks=guard.database,
            ),
        )
        self.register_outputs({"host": spec.hosts.of(role)})


def knows_hostname_override(kubelet_version: str) -> bool:
    """Tell whether a node of this version (`v1.36.3`) sets `spec.hostnameOverride`; `False` for what is no version."""
    match = re.match(r"v(\d+)\.(\d+)\.", kubelet_version)
    return match is not None and (int(match[1]), int(match[2])) >= HOSTNAME_OVERRIDE_SINCE
