"""The configuration contract and the rules of a fleet: pure Python, without an engine or a cluster.

`load` turns a raw configuration into a `Fleet`, or raises a `FleetError` that lists everything that is wrong with it.
`load_texts` does the same with what the engine passes, and `python -m tenants lint` reports the same with lines.
"""

from tenants.boundary import FleetError, load
from tenants.configuration import load_texts
from tenants.fleet import (
    AllowedMove,
    ClusterSpec,
    Fleet,
    Hosts,
    Keepalived,
    NetworkPolicySpec,
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
    "NetworkPolicySpec",
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
