"""What every component of a fleet is given."""

from collections.abc import Mapping
from dataclasses import dataclass

from components.guards.hooks import Hooks
from components.live.fleet import LiveFleet
from components.promotion_plan import PlannedPromotion


@dataclass(frozen=True, kw_only=True)
class FleetContext(LiveFleet):
    """A fleet that passed every check against its live cluster."""

    hooks: Hooks
    forced: Mapping[str, str | None]
    """By tenant: its `force`, if its VIP's Service selects a pod that may not be ready."""
    promotions: Mapping[str, PlannedPromotion]
    """By tenant."""
