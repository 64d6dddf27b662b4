"""The keepalived of one node, which serves every tenant without a keepalived of its own whose active role is there."""

from collections.abc import Sequence
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

    config_map: ConfigMap

    def __init__(self, name: str, args: NodeKeepalivedArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("adb:tenants:NodeKeepalived", name, None, opts)
        self._args = args
        self.config_map = ConfigMap(
            args.node.object_name,
            build.config_map(args.node, args.context),
            opts=pulumi.ResourceOptions(parent=self, hooks=args.context.hooks.node_config_map),
        )

    def declare_pod(self, entries: Sequence[pulumi.Resource]) -> None:
        """Declare the keepalived pod, which starts after these entries have been made.

        So it announces them with its first election, not one reload after the other; and its start wipes the IPVS
        services that the tenants' own keepalived pods have left on the node.
        """
        node, context = self._args.node, self._args.context
        ReplicationController(
            node.object_name,
            build.replication_controller(node, context),
            opts=pulumi.ResourceOptions(
                parent=self,
                # As for a tenant's own keepalived (`virtual_ip.py`).
                depends_on=[self.config_map, self._args.keepalived_access, *entries],
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
