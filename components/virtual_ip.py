"""The address that a tenant's clients use: client → VIP → keepalived (IPVS) → ConfigMap → Service → active pod."""

from collections.abc import Sequence

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap, ReplicationController, Service

from components import virtual_ip_objects
from components.control_node import ControlNode
from components.data_guard import DataGuard
from components.keepalived_access import KeepalivedAccess
from components.promotion import Promotion
from components.traffic_guard import TrafficGuard
from components.virtual_ip_objects import ADB_PORT
from tenants import fleet


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

        config_map = ConfigMap(
            spec.virtual_ip_config_map_name,
            virtual_ip_objects.config_map(spec, namespace=cluster.namespace),
            opts=pulumi.ResourceOptions(parent=self),
        )
        # Without this order, waiting Services and controllers can fill every slot of the engine while the labels and
        # StatefulSets that they wait for have not started: an `up` that stands still.
        self.service = Service(
            name,
            virtual_ip_objects.service(spec, namespace=cluster.namespace),
            opts=pulumi.ResourceOptions(
                parent=self,
                # Traffic moves to a database that has been promoted, or not at all.
                depends_on=[*control_nodes, *([promotion] if promotion else [])],
                hooks=traffic_guard.service,
            ),
        )
        ReplicationController(
            name,
            virtual_ip_objects.replication_controller(
                spec, namespace=cluster.namespace, service_account_name=keepalived_access.service_account_name
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
