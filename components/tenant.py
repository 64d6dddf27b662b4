"""One ADB tenant."""

import pulumi

from components.control_node import ControlNode
from components.fleet_context import FleetContext
from components.promotion import Promotion
from components.promotion_plan import PlannedPromotion
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
        spec: fleet.TenantSpec,
        context: FleetContext,
        planned_promotion: PlannedPromotion | None,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("adb:tenants:Tenant", spec.name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.master, self.standby = (
            ControlNode(role=role, spec=spec, context=context, opts=child) for role in (Role.MASTER, Role.STANDBY)
        )
        # Of the other role nothing is needed: on the day of a failover its node may be dead.
        active = self.master if spec.active_role is Role.MASTER else self.standby
        self.promotion = None
        if spec.promotion and planned_promotion:
            self.promotion = Promotion(
                spec=spec, step=spec.promotion, plan=planned_promotion, context=context, active=active, opts=child
            )
        self.virtual_ip = VirtualIp(spec=spec, context=context, active=active, promotion=self.promotion, opts=child)
        self.register_outputs({"endpoint": self.virtual_ip.endpoint})
