"""The keepalived of one node, which serves every tenant without a keepalived of its own whose active role is there."""

from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap, ReplicationController

from components.fleet_context import FleetContext
from components.keepalived_access import KeepalivedAccess
from components.objects import node_keepalived as build
from tenants.fleet import KeepalivedNode


@dataclass(frozen=True, kw_only=True)
class NodeKeepalivedArgs:
    """Arguments of a node's keepalived."""

    node: KeepalivedNode
    context: FleetContext
    keepalived_access: KeepalivedAccess


class NodeKeepalived(pulumi.ComponentResource):
    """The ConfigMap that tenants put their VIPs into, and the keepalived pod that reads it.

    The pod runs on before and after there is a VIP: a failover to its node starts nothing.
    """

    def __init__(self, name: str, args: NodeKeepalivedArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("adb:tenants:NodeKeepalived", name, None, opts)
        node, context = args.node, args.context
        config_map = ConfigMap(
            node.object_name,
            build.config_map(node, context),
            opts=pulumi.ResourceOptions(parent=self, hooks=context.hooks.node_config_map),
        )
        ReplicationController(
            node.object_name,
            build.replication_controller(node, context),
            opts=pulumi.ResourceOptions(
                parent=self,
                # As for a tenant's own keepalived (`virtual_ip.py`).
                depends_on=[config_map, args.keepalived_access],
                replace_on_changes=["spec.template"],
                delete_before_replace=True,
                hooks=context.hooks.node_keepalived,
            ),
        )
        self.register_outputs({"vrid": node.vrid})


def declare_node_keepalived(
    context: FleetContext, access: KeepalivedAccess, opts: pulumi.ResourceOptions
) -> dict[str, NodeKeepalived]:
    """Declare the keepalived of each node, unless another stack does; by node."""
    keepalived = context.fleet.cluster.node_keepalived
    if keepalived.declared_by is not None:
        return {}
    return {
        node.name: NodeKeepalived(
            node.name, NodeKeepalivedArgs(node=node, context=context, keepalived_access=access), opts
        )
        for node in keepalived.nodes
    }
