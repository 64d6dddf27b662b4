"""The Pulumi components of a fleet, and the checks against the live cluster before they are declared."""

from components.declaration import declare_tenants
from components.keepalived_access import KeepalivedAccess
from components.live.cluster import UnusableClusterError
from components.node_keepalived import declare_node_keepalived
from components.objects.virtual_ip import endpoint
from components.outcome import succeeded
from components.platform import Platform
from components.preflight import checked
from components.provider import cluster_provider
from components.revisions import database_revisions
from components.sdk import disable_garbage_collection, silence_debug_messages
from components.tenant import Tenant, TenantArgs

__all__ = [
    "KeepalivedAccess",
    "Platform",
    "Tenant",
    "TenantArgs",
    "UnusableClusterError",
    "checked",
    "cluster_provider",
    "database_revisions",
    "declare_node_keepalived",
    "declare_tenants",
    "disable_garbage_collection",
    "endpoint",
    "silence_debug_messages",
    "succeeded",
]
