"""What every component of a fleet is given."""

from dataclasses import dataclass

from components.guards.hooks import Hooks
from components.guards.traffic import TrafficGuard
from components.keepalived_access import KeepalivedAccess
from components.live.nodes import LiveNodes
from components.live.stack_home import StackHome
from components.platform import Platform


@dataclass(frozen=True, kw_only=True)
class FleetContext:
    """What the tenants of a fleet share, and what is known of their cluster."""

    home: StackHome
    hosts: LiveNodes
    platform: Platform
    keepalived_access: KeepalivedAccess
    traffic: TrafficGuard
    hooks: Hooks
