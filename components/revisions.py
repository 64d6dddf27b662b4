"""The template that each database runs: with `OnDelete`, a new one applies when the pod is next deleted."""

from collections.abc import Mapping
from functools import partial

import pulumi

from components.live.cluster import LiveCluster, UnusableClusterError
from components.tenant import Tenant
from tenants.fleet import Role, TenantNames

Revisions = Mapping[Role, str]
"""`current` or `old`, for each role that has a pod."""


def database_revisions(tenants: Mapping[str, Tenant], cluster: LiveCluster) -> Mapping[str, pulumi.Output[Revisions]]:
    """Return the revisions of each tenant's databases, by tenant.

    They are read from the cluster after every StatefulSet is updated. The state contains no pods, and its copy of a
    StatefulSet's status dates from the last update of the StatefulSet: the pod may have been deleted since.
    """
    control_nodes = [each for tenant in tenants.values() for each in tenant.control_nodes.values()]
    by_pod = pulumi.Output.all(*(each.stateful_set.id for each in control_nodes)).apply(partial(_read, cluster))
    return {name: by_pod.apply(partial(_by_role, TenantNames(name=name))) for name in tenants}


def _read(cluster: LiveCluster, _: object) -> Mapping[str, str]:
    try:
        return cluster.revisions()
    except UnusableClusterError as error:
        raise pulumi.RunError(str(error)) from None


def _by_role(tenant: TenantNames, revisions: Mapping[str, str]) -> Revisions:
    names = {role: tenant.control_node_name(role) for role in Role}
    return {role: revisions[name] for role, name in names.items() if name in revisions}
