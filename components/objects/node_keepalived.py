"""The objects of a node's keepalived: its ConfigMap, and the ReplicationController that runs it."""

from pulumi_kubernetes.core.v1 import (
    ConfigMapInitArgs,
    PodTemplateSpecArgs,
    ReplicationControllerInitArgs,
    ReplicationControllerSpecArgs,
)
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs, ObjectMetaPatchArgs

from components.live.fleet import LiveFleet
from components.objects.keepalived import keepalived_pod
from components.objects.metadata import BACKGROUND_DELETION, SKIP_AWAIT, object_metadata
from kube.facts import NODE_KEEPALIVED_LABEL
from tenants.fleet import KeepalivedNode, TenantSpec, node_keepalived_name


def config_map(node: KeepalivedNode, live: LiveFleet) -> ConfigMapInitArgs:
    """Build the ConfigMap of a node's keepalived, without VIPs: each tenant adds its own (`entry_metadata`)."""
    return ConfigMapInitArgs(
        api_version="v1",
        kind="ConfigMap",
        metadata=object_metadata(node.object_name, live.home, labels={NODE_KEEPALIVED_LABEL: node.name}),
        # An address that forwards to nothing, unique on the segment as the VRRP id is. Without any address keepalived
        # takes part in no election, and the first VIP waits for one: 5 to 6 s instead of 1 to 2 (`make last-hop`).
        data={f"169.254.0.{node.vrid}": ""},
    )


def entry_metadata(spec: TenantSpec, live: LiveFleet) -> ObjectMetaPatchArgs:
    """Return the metadata of a tenant's patch of the ConfigMap on the node of its active role."""
    # No annotation names the stack: all tenants patch one object, and would conflict over it (`control_node.py`).
    return ObjectMetaPatchArgs(name=node_keepalived_name(spec.active_host), namespace=live.home.namespace)


def replication_controller(node: KeepalivedNode, live: LiveFleet) -> ReplicationControllerInitArgs:
    """Build the ReplicationController that runs a node's keepalived, whether or not the node has a VIP now."""
    keepalived, labels = live.fleet.cluster.node_keepalived, {NODE_KEEPALIVED_LABEL: node.name}
    # Replaced without waiting for the pod, as a tenant's own.
    annotations = {**BACKGROUND_DELETION}
    if live.nodes.keepalived_obstacle(node.name) is not None:
        annotations |= SKIP_AWAIT
    return ReplicationControllerInitArgs(
        api_version="v1",
        kind="ReplicationController",
        metadata=object_metadata(node.object_name, live.home, labels=labels, annotations=annotations),
        spec=ReplicationControllerSpecArgs(
            replicas=1,
            selector=labels,
            template=PodTemplateSpecArgs(
                metadata=ObjectMetaArgs(labels=labels),
                spec=keepalived_pod(
                    live,
                    name="keepalived",
                    image=keepalived.image,
                    config_map=node.object_name,
                    vrid=node.vrid,
                    node=node.name,
                    node_selector=None,
                    tolerations=keepalived.tolerations,
                ),
            ),
        ),
    )
