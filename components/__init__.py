"""What a fleet becomes in the cluster: one ComponentResource a file, one object after another inside."""

from components.cluster_hosts import ClusterHosts
from components.control_node import ControlNode
from components.data_guard import DataGuard
from components.keepalived_access import KeepalivedAccess
from components.platform import Platform
from components.provider import cluster_provider
from components.tenant import Tenant
from components.virtual_ip import VirtualIp

__all__ = [
    "ClusterHosts",
    "ControlNode",
    "DataGuard",
    "KeepalivedAccess",
    "Platform",
    "Tenant",
    "VirtualIp",
    "cluster_provider",
]
