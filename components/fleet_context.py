"""What every component of a fleet is given."""

from dataclasses import dataclass

from components.hooks import Hooks
from components.hosts import Hosts
from components.keepalived_access import KeepalivedAccess
from components.platform import Platform
from components.stack_home import StackHome
from components.traffic_guard import TrafficGuard


@dataclass(frozen=True, kw_only=True)
class FleetContext:
    """What the tenants of a fleet share, and what is known of their cluster."""

    home: StackHome
    hosts: Hosts
    platform: Platform
    keepalived_access: KeepalivedAccess
    traffic: TrafficGuard
    hooks: Hooks
