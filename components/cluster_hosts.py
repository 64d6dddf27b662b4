"""The nodes that tenants are pinned to: read, never made."""

from collections.abc import Mapping
from types import MappingProxyType

import pulumi
from pulumi_kubernetes.core.v1 import Node

from tenants.fleet import Fleet


class ClusterHosts(pulumi.ComponentResource):
    """Reads each node of the fleet once, so that an unknown host fails the preview.

    Labelling a node that does not exist would *create* it: `NodePatch` is a server-side apply (pulumi-kubernetes#2194).
    """

    nodes: Mapping[str, Node]
    """By node name."""

    def __init__(self, name: str, *, fleet: Fleet, opts: pulumi.ResourceOptions) -> None:
        super().__init__("adb:tenants:ClusterHosts", name, None, opts)
        self.nodes = MappingProxyType(
            {
                node_name: Node.get(node_name, id=node_name, opts=pulumi.ResourceOptions(parent=self))
                for node_name in fleet.node_names
            }
        )
        self.register_outputs({"nodes": list(self.nodes)})
