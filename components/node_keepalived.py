"""The keepalived of one node, which serves every tenant without a keepalived of its own whose active role is there."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap, ConfigMapPatch, ReplicationController

from components.fleet_context import FleetContext
from components.keepalived_access import KeepalivedAccess
from components.objects import node_keepalived as build
from components.outcome import succeeded
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

    async def declare_pod(self, entries: Sequence[ConfigMapPatch]) -> bool:
        """Declare the keepalived pod once these entries have been made; tell whether the engine has made it.

        They are those of tenants whose own keepalived runs on the node. Its start wipes their IPVS services, so it
        waits until their pods have ended; and it announces them with its first election. All of those pods end with
        the first entry: only if none has been made do they still run, and the node's must not start.
        """
        made = [await succeeded(entry) for entry in entries]
        if made and not any(made):
            return False
        node, context = self._args.node, self._args.context
        controller = ReplicationController(
            node.object_name,
            build.replication_controller(node, context),
            opts=pulumi.ResourceOptions(
                parent=self,
                # As for a tenant's own keepalived (`virtual_ip.py`).
                depends_on=[self.config_map, self._args.keepalived_access],
                replace_on_changes=["spec.template"],
                delete_before_replace=True,
                hooks=context.hooks.node_keepalived,
            ),
        )
        self.register_outputs({"vrid": node.vrid})
        return await succeeded(controller)


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
