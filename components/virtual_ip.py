"""The address that a tenant's clients use: client → VIP → keepalived (IPVS) → ConfigMap → Service → active pod."""

from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap, ReplicationController, Service

from components.control_node import ControlNode
from components.fleet_context import FleetContext
from components.keepalived_access import KeepalivedAccess
from components.objects import virtual_ip as build
from components.promotion import Promotion
from tenants.fleet import TenantSpec


@dataclass(frozen=True, kw_only=True)
class VirtualIpArgs:
    """Arguments of a virtual IP."""

    spec: TenantSpec
    context: FleetContext
    keepalived_access: KeepalivedAccess
    active: ControlNode
    promotion: Promotion | None
    """What a failover runs before it moves traffic."""


class VirtualIp(pulumi.ComponentResource):
    """The Service that selects the active role's pod, and the keepalived pod that announces the VIP in front of it.

    The keepalived pod runs on the active role's node.
    """

    endpoint: str
    replication_controller: ReplicationController

    def __init__(self, name: str, args: VirtualIpArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("adb:tenants:VirtualIp", name, None, opts)
        spec, context, active = args.spec, args.context, args.active
        self.endpoint = build.endpoint(spec)
        config_map = ConfigMap(
            spec.virtual_ip_config_map_name,
            build.config_map(spec, context),
            opts=pulumi.ResourceOptions(parent=self, hooks=context.hooks.creation_only),
        )
        # Without these dependencies, Services and controllers that wait can fill every slot of the engine before the
        # labels and StatefulSets that they wait for have started: the `up` then never ends.
        service = Service(
            name,
            build.service(spec, context, forced=context.forced.get(spec.name)),
            opts=pulumi.ResourceOptions(
                parent=self,
                # Traffic moves to a database that has been promoted, or not at all. The other role's is not waited for:
                # the engine would wait for a broken one until its 10-minute timeout, and delay the failover.
                depends_on=[active, *([args.promotion] if args.promotion else [])],
                hooks=context.hooks.virtual_ip_service,
            ),
        )
        self.replication_controller = ReplicationController(
            name,
            build.replication_controller(spec, context),
            opts=pulumi.ResourceOptions(
                parent=self,
                # keepalived reads both when it starts, and exits if the ConfigMap does not exist
                # (kube-keepalived-vip#59).
                depends_on=[config_map, service, args.keepalived_access, active],
                # A ReplicationController does not replace its pods when its template changes. The old controller is
                # deleted first, since both have one name; its pod is not waited for (`objects/virtual_ip.py`).
                replace_on_changes=["spec.template"],
                delete_before_replace=True,
                hooks=context.hooks.replication_controller,
            ),
        )
        self.register_outputs({"endpoint": self.endpoint})
