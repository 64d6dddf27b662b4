"""A tenant's NetworkPolicy: which clients and pods may connect to its control pods."""

from ipaddress import IPv4Network

from pulumi_kubernetes.meta.v1 import LabelSelectorArgs
from pulumi_kubernetes.networking.v1 import (
    IPBlockArgs,
    NetworkPolicyIngressRuleArgs,
    NetworkPolicyInitArgs,
    NetworkPolicyPeerArgs,
    NetworkPolicyPortArgs,
    NetworkPolicySpecArgs,
)

from components.live.fleet import LiveFleet
from components.objects.control_node import ADB_PORT, SSH_PORT, control_pod_labels
from components.objects.metadata import object_metadata
from components.promotion_plan import PROMOTION_OF
from tenants.fleet import NetworkPolicySpec, TenantSpec


def network_policy(spec: TenantSpec, allowed: NetworkPolicySpec, live: LiveFleet) -> NetworkPolicyInitArgs:
    """Build the NetworkPolicy of both control pods; what they connect to is not restricted."""
    # keepalived's IPVS forwards a connection from the client's address or, masqueraded, from its own node's. It runs on
    # the active role's node, and a node always reaches its own pods (Kubernetes, "What you can't do with network
    # policies"); while a failover is under way, the other node may still forward. Nodes' addresses are taken from the
    # configuration, where they have no names, so all of them are allowed. Those of the live nodes would change the
    # policy whenever a node is lost.
    clients = dict.fromkeys([*allowed.allow_from, *map(IPv4Network, live.fleet.cluster.node_addresses)])
    control_pods = LabelSelectorArgs(match_labels=control_pod_labels(spec))
    # The databases replicate to each other, and a promotion logs in to both: without these rules it would fail.
    promotion = LabelSelectorArgs(match_labels={PROMOTION_OF: spec.name})
    own = [NetworkPolicyPeerArgs(pod_selector=pods) for pods in (control_pods, promotion)]
    networks = [NetworkPolicyPeerArgs(ip_block=IPBlockArgs(cidr=str(network))) for network in clients]
    return NetworkPolicyInitArgs(
        api_version="networking.k8s.io/v1",
        kind="NetworkPolicy",
        metadata=object_metadata(spec.network_policy_name, live.home),
        spec=NetworkPolicySpecArgs(
            pod_selector=control_pods,
            policy_types=["Ingress"],
            ingress=[_rule(ADB_PORT, [*own, *networks]), _rule(SSH_PORT, own)],
        ),
    )


def _rule(port: int, peers: list[NetworkPolicyPeerArgs]) -> NetworkPolicyIngressRuleArgs:
    return NetworkPolicyIngressRuleArgs(from_=peers, ports=[NetworkPolicyPortArgs(port=port, protocol="TCP")])
