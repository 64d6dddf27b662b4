"""The address that a tenant's clients use: client → VIP → keepalived (IPVS) → ConfigMap → Service → active pod."""

from collections.abc import Sequence

import pulumi
from pulumi_kubernetes.core.v1 import (
    ConfigMap,
    ContainerArgs,
    EnvVarArgs,
    EnvVarSourceArgs,
    HostPathVolumeSourceArgs,
    ObjectFieldSelectorArgs,
    PodSpecArgs,
    PodTemplateSpecArgs,
    ReplicationController,
    ReplicationControllerSpecArgs,
    SecurityContextArgs,
    Service,
    ServicePortArgs,
    ServiceSpecArgs,
    VolumeArgs,
    VolumeMountArgs,
)
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from components.control_node import ControlNode
from components.data_guard import DataGuard
from components.keepalived_access import KeepalivedAccess
from components.placement import only_on, toleration_args
from components.promotion import Promotion
from components.traffic_guard import TrafficGuard
from kube.facts import STATE_ANNOTATION
from tenants import fleet

ADB_PORT = 5432


class VirtualIp(pulumi.ComponentResource):
    """The Service that selects the active role's pod, and the keepalived pod that puts the VIP in front of it.

    The keepalived pod runs on the active role's node.
    """

    endpoint: str
    """What a client connects to, `address:port`."""
    service: Service

    def __init__(
        self,
        *,
        spec: fleet.Tenant,
        cluster: fleet.Cluster,
        control_nodes: Sequence[ControlNode],
        promotion: Promotion | None,
        keepalived_access: KeepalivedAccess,
        guard: DataGuard,
        traffic_guard: TrafficGuard,
        opts: pulumi.ResourceOptions,
    ) -> None:
        name = spec.virtual_ip_name
        super().__init__("adb:tenants:VirtualIp", name, None, opts)
        self.endpoint = f"{spec.vip}:{ADB_PORT}"
        running = spec.state is fleet.State.RUNNING

        config_map = ConfigMap(
            spec.virtual_ip_config_map_name,
            metadata=ObjectMetaArgs(name=spec.virtual_ip_config_map_name, namespace=cluster.namespace),
            data={str(spec.vip): f"{cluster.namespace}/{name}"},
            opts=pulumi.ResourceOptions(parent=self),
        )
        # Without this order, waiting Services and controllers can fill every slot of the engine while the labels and
        # StatefulSets that they wait for have not started: an `up` that stands still.
        self.service = Service(
            name,
            metadata=ObjectMetaArgs(
                name=name,
                namespace=cluster.namespace,
                labels={"app": name},
                # The plugin would wait for the endpoints and then 10 s more for them to settle. Their pod has been
                # waited for already, by its StatefulSet, which this Service depends on.
                annotations={"pulumi.com/skipAwait": "true"},
            ),
            spec=ServiceSpecArgs(
                type="ClusterIP",
                session_affinity="None",
                # A numeric target: kube-keepalived-vip looks a named one up by the *Service's* port name.
                ports=[ServicePortArgs(name="adb", port=ADB_PORT, protocol="TCP", target_port=ADB_PORT)],
                selector={"app": "adb", "role": spec.active_role, "tenancy": spec.name},
            ),
            opts=pulumi.ResourceOptions(
                parent=self,
                # Traffic moves to a database that has been promoted, or not at all.
                depends_on=[*control_nodes, *([promotion] if promotion else [])],
                hooks=traffic_guard.service,
            ),
        )
        labels = {"adb": name}
        annotations = {STATE_ANNOTATION: str(spec.state)}
        if not running:
            # The plugin waits for `availableReplicas`, which the API leaves out when it is 0: for ten minutes, in vain.
            annotations |= {"pulumi.com/skipAwait": "true"}
        ReplicationController(
            name,
            metadata=ObjectMetaArgs(name=name, namespace=cluster.namespace, labels=labels, annotations=annotations),
            spec=ReplicationControllerSpecArgs(
                replicas=1 if running else 0,
                selector=labels,
                template=PodTemplateSpecArgs(
                    metadata=ObjectMetaArgs(labels=labels),
                    spec=PodSpecArgs(
                        host_network=True,
                        node_selector={spec.node_label: spec.active_role},
                        affinity=only_on(spec.hosts.of(spec.active_role)),
                        service_account_name=keepalived_access.service_account_name,
                        containers=[
                            ContainerArgs(
                                name=name,
                                image=spec.keepalived.image,
                                image_pull_policy="IfNotPresent",
                                args=[
                                    f"--services-configmap={cluster.namespace}/{spec.virtual_ip_config_map_name}",
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
                    ),
                ),
            ),
            opts=pulumi.ResourceOptions(
                parent=self,
                # It reads both as it starts and gives up on a ConfigMap that is not there (kube-keepalived-vip#59).
                depends_on=[config_map, self.service, keepalived_access, *control_nodes],
                # A ReplicationController never rolls its pods: a changed template would leave the old pod running.
                # Old one first: two keepalived pods of one VRRP id would both claim the address.
                replace_on_changes=["spec.template"],
                delete_before_replace=True,
                hooks=guard.virtual_ip,
            ),
        )
        self.register_outputs({"endpoint": self.endpoint})


def _env_from_field(name: str, field_path: str) -> EnvVarArgs:
    source = ObjectFieldSelectorArgs(api_version="v1", field_path=field_path)
    return EnvVarArgs(name=name, value_from=EnvVarSourceArgs(field_ref=source))
