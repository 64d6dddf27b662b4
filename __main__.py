"""One stack, one fleet: read it, look at what is live, declare what all tenants share, declare each tenant."""

from pathlib import Path

import pulumi

from components import (
    FleetContext,
    KeepalivedAccess,
    LiveNodes,
    Platform,
    Tenant,
    TrafficGuard,
    adopt_or_refuse,
    cluster_provider,
    database_revisions,
    home_or_refuse,
    planned_promotions,
    refuse_what_is_unsafe,
    registered_hooks,
    warn_of_hosts_to_power_off,
    warn_of_lost_pull_secrets,
)
from components.live import cluster as live_cluster
from tenants import FleetError, load_texts
from tenants.objects import live_kinds

config = pulumi.Config()
sections = ("cluster", "defaults", "platform", "tenants")
try:
    fleet = load_texts(
        {section: config.get(section) for section in sections},
        encrypted=[key for key in sections if pulumi.runtime.is_config_secret(config.full_key(key))],
        file=Path(f"Pulumi.{pulumi.get_stack()}.yaml"),
    )
    live = live_cluster.LiveCluster(fleet.cluster.context, kinds=live_kinds(fleet.tenants))
    live.prefetch(fleet.cluster.namespace)
    home = home_or_refuse(fleet.cluster, live)
    hosts = LiveNodes(fleet, live)
    adopt_or_refuse(fleet, live, home, hosts)
    traffic = TrafficGuard(fleet, live, hosts)
    refuse_what_is_unsafe(fleet, live, home, hosts, traffic)
    warn_of_hosts_to_power_off(fleet, live, hosts)
    warn_of_lost_pull_secrets(fleet, live)
    promotions = planned_promotions(fleet, live)
except (FleetError, live_cluster.UnusableClusterError) as error:
    raise pulumi.RunError(str(error)) from None

opts = pulumi.ResourceOptions(providers=[cluster_provider(fleet.cluster, home)])
hooks = registered_hooks(fleet, live, home, hosts, traffic)
context = FleetContext(
    home=home,
    hosts=hosts,
    platform=Platform("platform", spec=fleet.platform, home=home, hooks=hooks.shared_object, opts=opts),
    keepalived_access=KeepalivedAccess(
        "keepalived", cluster=fleet.cluster, home=home, hooks=hooks.keepalived_access, opts=opts
    ),
    traffic=traffic,
    hooks=hooks,
)
declared = {
    tenant.name: Tenant(spec=tenant, context=context, planned_promotion=promotions.get(tenant.name), opts=opts)
    for tenant in fleet.tenants
}

revisions = database_revisions(fleet, declared, live)
pulumi.export("cluster", home.as_output())
pulumi.export(
    "tenants",
    {
        tenant.name: {
            "endpoint": declared[tenant.name].virtual_ip.endpoint,
            "activeRole": tenant.active_role,
            "hosts": {"master": tenant.hosts.master, "standby": tenant.hosts.standby},
            "vrid": tenant.vrid,
            "state": tenant.state,
            "revisions": revisions[tenant.name],
        }
        for tenant in fleet.tenants
    },
)
