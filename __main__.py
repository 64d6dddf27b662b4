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
)
from tenants import FleetError, load_texts

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

opts = pulumi.ResourceOptions(providers=[cluster_provider(context)])
platform = Platform("platform", context, opts)
keepalived_access = KeepalivedAccess("keepalived", context, opts)
tenants = {
    spec.name: Tenant(
        spec.name,
        TenantArgs(spec=spec, context=context, platform=platform, keepalived_access=keepalived_access),
        opts,
    )
    for spec in fleet.tenants
}

revisions = database_revisions(tenants, context.cluster)
pulumi.export("cluster", context.home.as_output())
pulumi.export(
    "tenants",
    {
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
)
