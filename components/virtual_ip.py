"""The address that a tenant's clients use: client → VIP → keepalived (IPVS) → ConfigMap → Service → active pod."""

from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap, ConfigMapPatch, ReplicationController, Service

from components.control_node import ControlNode
from components.fleet_context import FleetContext
from components.keepalived_access import KeepalivedAccess
from components.live.keepalived import changes_in_place
from components.objects import virtual_ip as build
from components.objects.node_keepalived import entry_metadata
from components.promotion import Promotion
from tenants.fleet import TenantSpec


@dataclass(frozen=True, kw_only=True)
class VirtualIpArgs:
    """Arguments of a virtual IP."""

    spec: TenantSpec
    context: FleetContext
    keepalived_access: KeepalivedAccess
    node_config_map: ConfigMap | None
    """That of the keepalived of the active role's node, if this stack declares it."""
    active: ControlNode
    promotion: Promotion | None
    """What a failover runs before it moves traffic."""


class VirtualIp(pulumi.ComponentResource):
    """The Service that selects the active role's pod, and the keepalived that announces the VIP in front of it.

    Keepalived runs on the active role's node: a pod of the tenant's own, or the node's, in whose ConfigMap the VIP is
    then entered.
    """

    endpoint: str
    announced: ReplicationController | ConfigMapPatch
    """The last of the objects: the tenant's own keepalived, or the VIP's entry."""

    def __init__(self, name: str, args: VirtualIpArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("adb:tenants:VirtualIp", name, None, opts)
        spec, context, active = args.spec, args.context, args.active
        self.endpoint = build.endpoint(spec)
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
        declare = self._own_keepalived if spec.has_own_keepalived else self._entry
        self.announced = declare(name, args, service)
        self.register_outputs({"endpoint": self.endpoint})

    def _own_keepalived(self, name: str, args: VirtualIpArgs, service: Service) -> ReplicationController:
        spec, context = args.spec, args.context
        config_map = ConfigMap(
            spec.virtual_ip_config_map_name,
            build.config_map(spec, context),
            opts=pulumi.ResourceOptions(parent=self, hooks=context.hooks.creation_only),
        )
        return ReplicationController(
            name,
            build.replication_controller(spec, context),
            opts=pulumi.ResourceOptions(
                parent=self,
                # keepalived reads both when it starts, and exits if the ConfigMap does not exist
                # (kube-keepalived-vip#59).
                depends_on=[config_map, service, args.keepalived_access, args.active],
                # A ReplicationController does not replace its pods when its template changes. The old controller is
                # deleted first, since both have one name; its pod is not waited for (`objects/virtual_ip.py`).
                replace_on_changes=["spec.template"],
                delete_before_replace=True,
                hooks=context.hooks.replication_controller,
            ),
        )

    def _entry(self, name: str, args: VirtualIpArgs, service: Service) -> ConfigMapPatch:
        spec, context = args.spec, args.context
        # When a node's tenants change, their own pods all end together. If this entry waited for more of its tenant,
        # whatever is denied there would leave the VIP without any keepalived.
        before: list[pulumi.Resource] = [] if changes_in_place(spec, context.objects) else [service, args.active]
        return ConfigMapPatch(
            name,
            metadata=entry_metadata(spec, context),
            data=build.announcement(spec, context),
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[*before, *([args.node_config_map] if args.node_config_map else [])],
                # A failover changes the ConfigMap's name, which replaces the patch. Two nodes must never announce one
                # VIP, so it leaves the old node first.
                delete_before_replace=True,
                hooks=context.hooks.virtual_ip_entry,
            ),
        )
