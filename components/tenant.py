"""One ADB tenant."""

from collections.abc import Mapping

import pulumi

from components.control_node import ControlNode
from components.data_guard import DataGuard
from components.keepalived_access import KeepalivedAccess
from components.platform import Platform
from components.promotion import Promotion
from components.promotion_plan import PlannedPromotion
from components.traffic_guard import TrafficGuard
from components.virtual_ip import VirtualIp
from tenants import fleet
from tenants.fleet import Role


class Tenant(pulumi.ComponentResource):
    """A master and a standby control node, and the virtual IP that leads to the active one of them."""

    master: ControlNode
    standby: ControlNode
    promotion: Promotion | None
    """What a failover runs before it moves traffic; `None` for a tenant that has no such step."""
    virtual_ip: VirtualIp

    def __init__(
        self,
        *,
        spec: fleet.Tenant,
        cluster: fleet.Cluster,
        kubelet_versions: Mapping[str, str],
        platform: Platform,
        keepalived_access: KeepalivedAccess,
        guard: DataGuard,
        traffic_guard: TrafficGuard,
        planned_promotion: PlannedPromotion | None,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("adb:tenants:Tenant", spec.name, None, opts)
        self.master, self.standby = (
            ControlNode(
                role=role,
                spec=spec,
                cluster=cluster,
                kubelet_version=kubelet_versions[spec.hosts.of(role)],
                platform=platform,
                guard=guard,
                opts=pulumi.ResourceOptions(parent=self),
            )
            for role in (Role.MASTER, Role.STANDBY)
        )
        self.promotion = None
        if spec.promotion and planned_promotion:
            self.promotion = Promotion(
                spec=spec,
                step=spec.promotion,
                plan=planned_promotion,
                cluster=cluster,
                control_nodes=(self.master, self.standby),
                platform=platform,
                traffic_guard=traffic_guard,
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.virtual_ip = VirtualIp(
            spec=spec,
            cluster=cluster,
            control_nodes=(self.master, self.standby),
            promotion=self.promotion,
            keepalived_access=keepalived_access,
            guard=guard,
            traffic_guard=traffic_guard,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"endpoint": self.virtual_ip.endpoint})
