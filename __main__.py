"""One stack, one fleet: read it, declare what all tenants share, declare each tenant."""

import pulumi

from components import (
    DataGuard,
    KeepalivedAccess,
    Platform,
    Tenant,
    TrafficGuard,
    adopt_or_refuse,
    cluster_provider,
    database_revisions,
    live_cluster,
    planned_promotions,
)
from tenants import FleetError, load

config = pulumi.Config()
try:
    fleet = load({section: config.get_object(section) for section in ("cluster", "defaults", "platform", "tenants")})
    live = live_cluster.LiveCluster(fleet.cluster.context)
    kubelet_versions = live.kubelet_versions(fleet.node_names)
    adopt_or_refuse(fleet, live)
    promotions = planned_promotions(fleet, live)
except (FleetError, live_cluster.UnusableClusterError) as error:
    raise pulumi.RunError(str(error)) from None

guard, traffic_guard = DataGuard(fleet), TrafficGuard(fleet, live)
opts = pulumi.ResourceOptions(providers=[cluster_provider(fleet.cluster)])
platform = Platform("platform", spec=fleet.platform, cluster=fleet.cluster, opts=opts)
keepalived_access = KeepalivedAccess("keepalived", cluster=fleet.cluster, opts=opts)

declared = {
    tenant.name: Tenant(
        spec=tenant,
        cluster=fleet.cluster,
        kubelet_versions=kubelet_versions,
        platform=platform,
        keepalived_access=keepalived_access,
        guard=guard,
        traffic_guard=traffic_guard,
        planned_promotion=promotions.get(tenant.name),
        opts=opts,
    )
    for tenant in fleet.tenants
}

revisions = database_revisions(fleet, declared, live)
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
