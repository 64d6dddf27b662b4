"""One ADB tenant."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.networking.v1 import NetworkPolicy

from components.control_node import ControlNode, ControlNodeArgs
from components.fleet_context import FleetContext
from components.keepalived_access import KeepalivedAccess
from components.node_keepalived import NodeKeepalived
from components.objects import network_policy as build
from components.outcome import succeeded
from components.platform import Platform
from components.promotion import Promotion, PromotionArgs
from components.virtual_ip import VirtualIp, VirtualIpArgs
from tenants.fleet import Role, TenantSpec


@dataclass(frozen=True, kw_only=True)
class TenantArgs:
    """Arguments of a tenant."""

    spec: TenantSpec
    context: FleetContext
    platform: Platform
    keepalived_access: KeepalivedAccess
    node_keepalived: Mapping[str, NodeKeepalived]
    """By node, as far as this stack declares them."""


class Tenant(pulumi.ComponentResource):
    """A master and a standby control node, their NetworkPolicy, and the virtual IP in front of the active one."""

    control_nodes: dict[Role, ControlNode]
    virtual_ip: VirtualIp

    def __init__(self, name: str, args: TenantArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("adb:tenants:Tenant", name, None, opts)
        spec, context, platform = args.spec, args.context, args.platform
        child = pulumi.ResourceOptions(parent=self)
        network_policy = None
        if spec.network_policy:
            network_policy = NetworkPolicy(
                spec.network_policy_name,
                build.network_policy(spec, spec.network_policy, context),
                opts=pulumi.ResourceOptions(parent=self, hooks=context.hooks.creation_only),
            )
        self.control_nodes = {
            role: ControlNode(
                spec.control_node_name(role),
                ControlNodeArgs(
                    spec=spec, role=role, context=context, platform=platform, network_policy=network_policy
                ),
                child,
            )
            for role in Role
        }
        # Nothing depends on the other role: in a failover its node may be dead.
        active = self.control_nodes[spec.active_role]
        plan = context.promotions.get(name)
        promotion = None
        if plan is not None:
            promotion_args = PromotionArgs(spec=spec, plan=plan, context=context, platform=platform, active=active)
            promotion = Promotion(spec.promotion_name, promotion_args, child)
        node_keepalived = args.node_keepalived.get(spec.active_host)
        self.virtual_ip = VirtualIp(
            spec.virtual_ip_name,
            VirtualIpArgs(
                spec=spec,
                context=context,
                keepalived_access=args.keepalived_access,
                node_config_map=node_keepalived.config_map if node_keepalived else None,
                active=active,
                promotion=promotion,
            ),
            child,
        )
        self.register_outputs({"endpoint": self.virtual_ip.endpoint})

    async def registered(self) -> bool:
        """Wait until the engine has finished with every object, and tell whether none failed (`outcome.py`)."""
        # The others are dependencies of these.
        return await succeeded(*(each.stateful_set for each in self.control_nodes.values()), self.virtual_ip.announced)
