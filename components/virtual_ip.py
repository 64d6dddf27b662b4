"""The address that a tenant's clients use: client → VIP → keepalived (IPVS) → ConfigMap → Service → active pod."""

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap, ReplicationController, Service

from components.control_node import ControlNode
from components.fleet_context import FleetContext
from components.objects import virtual_ip as virtual_ip_objects
from components.objects.virtual_ip import ADB_PORT
from components.promotion import Promotion
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
        spec: fleet.TenantSpec,
        context: FleetContext,
        active: ControlNode,
        promotion: Promotion | None,
        opts: pulumi.ResourceOptions,
    ) -> None:
        name = spec.virtual_ip_name
        super().__init__("adb:tenants:VirtualIp", name, None, opts)
        self.endpoint = f"{spec.vip}:{ADB_PORT}"

        config_map = ConfigMap(
            spec.virtual_ip_config_map_name,
            virtual_ip_objects.config_map(spec, home=context.home),
            opts=pulumi.ResourceOptions(parent=self, hooks=context.hooks.config_map),
        )
        # Without this order, waiting Services and controllers can fill every slot of the engine while the labels and
        # StatefulSets that they wait for have not started: an `up` that stands still.
        self.service = Service(
            name,
            virtual_ip_objects.service(spec, home=context.home, forced=context.traffic.forced.get(spec.name)),
            opts=pulumi.ResourceOptions(
                parent=self,
                # Traffic moves to a database that has been promoted, or not at all. The other role's is not waited for:
                # the engine would wait for a broken one until its 10-minute timeout, and traffic with it.
                depends_on=[active, *([promotion] if promotion else [])],
                hooks=context.hooks.virtual_ip_service,
            ),
        )
        ReplicationController(
            name,
            virtual_ip_objects.replication_controller(
                spec,
                home=context.home,
                hosts=context.hosts,
                service_account_name=context.keepalived_access.service_account_name,
            ),
            opts=pulumi.ResourceOptions(
                parent=self,
                # It reads both as it starts and gives up on a ConfigMap that is not there (kube-keepalived-vip#59).
                depends_on=[config_map, self.service, context.keepalived_access, active],
                # A ReplicationController never rolls its pods: a changed template would leave the old pod running.
                # Old one first, since both have one name; its pod is not waited for (`virtual_ip_objects`).
                replace_on_changes=["spec.template"],
                delete_before_replace=True,
                hooks=context.hooks.replication_controller,
            ),
        )
        self.register_outputs({"endpoint": self.endpoint})
