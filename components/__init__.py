"""What a fleet becomes in the cluster, and what of the cluster must be known or refused first."""

from components.adoption.adopt import adopt_or_refuse
from components.control_node import ControlNode
from components.fleet_context import FleetContext
from components.guards.hooks import registered_hooks
from components.guards.traffic import TrafficGuard, warn_of_hosts_to_power_off
from components.guards.unsafe import refuse_what_is_unsafe
from components.keepalived_access import KeepalivedAccess, warn_of_lost_pull_secrets
from components.live.nodes import LiveNodes
from components.live.stack_home import home_or_refuse
from components.platform import Platform
from components.promotion import Promotion
from components.promotion_plan import planned_promotions
from components.provider import cluster_provider
from components.revisions import database_revisions
from components.tenant import Tenant
from components.virtual_ip import VirtualIp

__all__ = [
    "ControlNode",
    "FleetContext",
    "KeepalivedAccess",
    "LiveNodes",
    "Platform",
    "Promotion",
    "Tenant",
    "TrafficGuard",
    "VirtualIp",
    "adopt_or_refuse",
    "cluster_provider",
    "database_revisions",
    "home_or_refuse",
    "planned_promotions",
    "refuse_what_is_unsafe",
    "registered_hooks",
    "warn_of_hosts_to_power_off",
    "warn_of_lost_pull_secrets",
]
