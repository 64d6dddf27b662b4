"""The template that each database runs: with `OnDelete`, a new one applies when the pod is next deleted."""

from collections.abc import Awaitable, Mapping
from functools import partial

import pulumi

from components.live.cluster import UnusableClusterError
from components.live.fleet import LiveFleet
from tenants.fleet import Role, TenantSpec

Revisions = Mapping[Role, str]
"""`current` or `old`, for each role that has a pod."""


def database_revisions(declared: Awaitable[object], live: LiveFleet) -> Mapping[str, pulumi.Output[Revisions]]:
    """Return the revisions of each tenant's databases, by tenant.

    They are read from the cluster after the tenants are `declared`. The state contains no pods, and its copy of a
    StatefulSet's status dates from the last update of the StatefulSet: the pod may have been deleted since.
    """

    async def read() -> Mapping[str, str]:
        await declared
        try:
            return live.cluster.revisions()
        except UnusableClusterError as error:
            raise pulumi.RunError(str(error)) from None

    by_stateful_set: pulumi.Output[Mapping[str, str]] = pulumi.Output.from_input(read())
    return {tenant.name: by_stateful_set.apply(partial(_by_role, tenant)) for tenant in live.fleet.tenants}


def _by_role(tenant: TenantSpec, revisions: Mapping[str, str]) -> Revisions:
    names = {role: tenant.control_node_name(role) for role in Role}
    return {role: revisions[name] for role, name in names.items() if name in revisions}
