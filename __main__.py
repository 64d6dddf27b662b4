"""The program of a stack: read its fleet, compare it with the live cluster, and declare it."""

import asyncio
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
    declare_node_keepalived,
    declare_tenants,
    disable_garbage_collection,
    endpoint,
    silence_debug_messages,
    succeeded,
)
from tenants import FleetError, load_texts

disable_garbage_collection()
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


async def declare() -> None:
    """Declare the fleet, and export the stack's outputs."""
    opts = pulumi.ResourceOptions(providers=[cluster_provider(context)])
    platform = Platform("platform", context, opts)
    keepalived_access = KeepalivedAccess("keepalived", context, opts)
    node_keepalived = declare_node_keepalived(context, keepalived_access, opts)
    # If one of these failed, the engine would delete a controller that is to be replaced, and skip its creation.
    config_maps = [each.config_map for each in node_keepalived.values()]
    if not await succeeded(*keepalived_access.objects, *config_maps):
        raise pulumi.RunError(
            "No tenant was changed, since an object that keepalived needs could not be created or updated (see above). "
            "Fix the cause, then run `pulumi up` again."
        )
    args = {
        spec.name: TenantArgs(
            spec=spec,
            context=context,
            platform=platform,
            keepalived_access=keepalived_access,
            node_keepalived=node_keepalived,
        )
        for spec in fleet.tenants
    }
    declared = asyncio.create_task(
        declare_tenants(context, lambda spec: Tenant(spec.name, args[spec.name], opts), node_keepalived)
    )

    # Before the tenants are finished: if one fails, the engine keeps the last outputs, and shows none as removed.
    revisions = database_revisions(declared, context)
    pulumi.export("cluster", context.home.as_output())
    pulumi.export(
        "tenants",
        {
            spec.name: {
                "endpoint": endpoint(spec),
                "activeRole": spec.active_role,
                "hosts": {"master": spec.hosts.master, "standby": spec.hosts.standby},
                **({"vrid": spec.vrid} if spec.has_own_keepalived else {"keepalived": spec.keepalived.per}),
                "state": spec.state,
                "revisions": revisions[spec.name],
            }
            for spec in fleet.tenants
        },
    )
    if keepalived_nodes := fleet.cluster.node_keepalived.nodes:
        pulumi.export("nodeKeepalived", {node.name: {"vrid": node.vrid} for node in keepalived_nodes})
    if not await declared:
        # Also ends the engine's run before it deletes what is no longer declared.
        raise pulumi.RunError(
            "Some objects could not be created or updated (see above), so nothing was deleted that is no longer "
            "declared. Fix the cause, then run `pulumi up` again: it does the rest."
        )


pulumi.run(declare)
