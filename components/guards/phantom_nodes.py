"""Deletes a Node object that labelling a missing node has created.

`NodePatch` is a server-side apply, which creates a missing object, both when a label is set and when it is removed
(pulumi-kubernetes#2194; plugin 4.32, 2026-11-25). If a node is lost, that would leave a Node without a machine.
"""

import pulumi
from pulumi import ResourceHookArgs

from components.live.cluster import UnusableClusterError
from components.live.fleet import LiveFleet
from kube.manifest import at, text


def remove_phantom_node(args: ResourceHookArgs, live: LiveFleet) -> None:
    """Delete the Node whose label has just been set or removed, if it did not exist before."""
    name = text(at(args.new_inputs or args.old_inputs, "metadata", "name"))
    if not live.nodes.is_missing(name):
        return
    try:
        node = live.cluster.node(name)
        # If a kubelet has registered meanwhile, the node is real.
        if node is not None and not text(at(node, "status", "nodeInfo", "kubeletVersion")):
            live.cluster.delete_node(name)
    except UnusableClusterError as error:
        pulumi.log.warn(
            f"Node {name} does not exist, and labelling it may have created it: check with `kubectl get node {name}`, "
            f"and delete it if it exists. {error}"
        )
