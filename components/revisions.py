"""The template that each database runs: with `OnDelete`, a new one applies when the pod is next deleted."""

from collections.abc import Mapping

import pulumi

from components.live.cluster import LiveCluster, UnusableClusterError
from tenants.fleet import Fleet, Role

Revisions = Mapping[Role, str]
"""`current` or `old`, for each role that has a pod."""


def database_revisions(fleet: Fleet, cluster: LiveCluster) -> Mapping[str, Revisions]:
    """Return the revisions of each tenant's databases, by tenant.

    To be read from the cluster after every StatefulSet is updated. The state contains no pods, and its copy of a
    StatefulSet's status dates from the last update of the StatefulSet: the pod may have been deleted since.
    """
    try:
        found = cluster.revisions()
    except UnusableClusterError as error:
        raise pulumi.RunError(str(error)) from None
    names = {tenant.name: {role: tenant.control_node_name(role) for role in Role} for tenant in fleet.tenants}
    return {
        tenant: {role: found[name] for role, name in roles.items() if name in found} for tenant, roles in names.items()
    }
