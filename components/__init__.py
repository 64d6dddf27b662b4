"""What a fleet becomes in the cluster: one ComponentResource a file, one object after another inside."""

from components.adoption import adopt_or_refuse
from components.control_node import ControlNode
from components.data_guard import DataGuard
from components.keepalived_access import KeepalivedAccess
from components.platform import Platform
from components.promotion import Promotion
from components.promotion_plan import planned_promotions
from components.provider import cluster_provider
from components.revisions import database_revisions
from components.tenant import Tenant
from components.traffic_guard import TrafficGuard
from components.virtual_ip import VirtualIp

__all__ = [
    "ControlNode",
    "DataGuard",
    "KeepalivedAccess",
    "Platform",
    "Promotion",
    "Tenant",
    "TrafficGuard",
    "VirtualIp",
    "adopt_or_refuse",
    "cluster_provider",
    "database_revisions",
    "planned_promotions",
]
