"""What a tenant is and which fleets are allowed: pure Python, no engine, no cluster.

`load` turns raw configuration into a `Fleet`, or raises a `FleetError` that lists everything that is wrong with it;
`load_texts` does so with what the engine hands over, and `python -m tenants lint` says the same with lines.
"""

from tenants.boundary import FleetError, load
from tenants.configuration import load_texts
from tenants.fleet import (
    AllowedMove,
    ClusterSpec,
    Fleet,
    Hosts,
    Keepalived,
    PlatformSpec,
    PromotionSpec,
    Role,
    SharedObject,
    State,
    TenantSpec,
    Toleration,
    UpdateStrategy,
    VipPool,
    Waiver,
)

__all__ = [
    "AllowedMove",
    "ClusterSpec",
    "Fleet",
    "FleetError",
    "Hosts",
    "Keepalived",
    "PlatformSpec",
    "PromotionSpec",
    "Role",
    "SharedObject",
    "State",
    "TenantSpec",
    "Toleration",
    "UpdateStrategy",
    "VipPool",
    "Waiver",
    "load",
    "load_texts",
]
