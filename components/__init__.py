"""The Pulumi components of a fleet, and the checks against the live cluster before they are declared."""

from components.control_node import ControlNode, ControlNodeArgs
from components.fleet_context import FleetContext
from components.keepalived_access import KeepalivedAccess
from components.live.cluster import UnusableClusterError
from components.platform import Platform
from components.preflight import checked
from components.promotion import Promotion, PromotionArgs
from components.provider import cluster_provider
from components.revisions import database_revisions
from components.tenant import Tenant, TenantArgs
from components.virtual_ip import VirtualIp, VirtualIpArgs

__all__ = [
    "ControlNode",
    "ControlNodeArgs",
    "FleetContext",
    "KeepalivedAccess",
    "Platform",
    "Promotion",
    "PromotionArgs",
    "Tenant",
    "TenantArgs",
    "UnusableClusterError",
    "VirtualIp",
    "VirtualIpArgs",
    "checked",
    "cluster_provider",
    "database_revisions",
]
