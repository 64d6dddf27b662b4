"""Takes away a Node object that labelling a missing node has created.

`NodePatch` is a server-side apply, which creates what it does not find, both when a label is set and when it is taken
off (pulumi-kubernetes#2194; plugin 4.32, 2026-11-25). On the day a node is gone, that would leave a Node without a
machine behind it.
"""

import pulumi
from pulumi import ResourceHookArgs

from components.live.cluster import LiveCluster, UnusableClusterError
from components.live.nodes import LiveNodes
from kube.manifest import at, text


def remove_phantom_node(args: ResourceHookArgs, live: LiveCluster, hosts: LiveNodes) -> None:
    """Delete the Node of a label that has just been set or taken off, if it did not exist before."""
    name = text(at(args.new_inputs or args.old_inputs, "metadata", "name"))
    if not hosts.is_missing(name):
        return
    try:
        node = live.node(name)
        # One whose kubelet has registered meanwhile is a real one.
        if node is not None and not text(at(node, "status", "nodeInfo", "kubeletVersion")):
            live.delete_node(name)
    except UnusableClusterError as error:
        pulumi.log.warn(
            f"Node {name} does not exist, and labelling it may have created it: see `kubectl get node {name}`, and "
            f"delete it if it is there. {error}"
        )
