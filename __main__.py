"""The program of a stack: read its fleet, compare it with the live cluster, and declare it."""

from pathlib import Path

import pulumi

from components import (
    KeepalivedAccess,
    Platform,
    Tenant,
    TenantArgs,
    UnusableClusterError,
    checked,
    cluster_provider,
    database_revisions,
    declare_tenants,
    silence_debug_messages,
)
from tenants import FleetError, load_texts

silence_debug_messages()
config = pulumi.Config()
sections = ("cluster", "defaults", "platform", "tenants")
try:
    fleet = load_texts(
        {section: config.get(section) for section in sections},
        encrypted=[key for key in sections if pulumi.runtime.is_config_secret(config.full_key(key))],
        file=Path(f"Pulumi.{pulumi.get_stack()}.yaml"),
    )
    context = checked(fleet)
except (FleetError, UnusableClusterError) as error:
    raise pulumi.RunError(str(error)) from None


async def declare() -> pulumi.Inputs:
    """Declare the fleet, and return the stack's outputs."""
    opts = pulumi.ResourceOptions(providers=[cluster_provider(context)])
    platform = Platform("platform", context, opts)
    keepalived_access = KeepalivedAccess("keepalived", context, opts)
    tenants = await declare_tenants(
        context,
        lambda spec: Tenant(
            spec.name,
            TenantArgs(spec=spec, context=context, platform=platform, keepalived_access=keepalived_access),
            opts,
        ),
    )
    revisions = database_revisions(fleet, context.cluster)
    return {
        "cluster": context.home.as_output(),
        "tenants": {
            spec.name: {
                "endpoint": tenants[spec.name].virtual_ip.endpoint,
                "activeRole": spec.active_role,
                "hosts": {"master": spec.hosts.master, "standby": spec.hosts.standby},
                "vrid": spec.vrid,
                "state": spec.state,
                "revisions": revisions[spec.name],
            }
            for spec in fleet.tenants
        },
    }


pulumi.run(declare)
