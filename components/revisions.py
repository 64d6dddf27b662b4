"""Which template each database runs: with `OnDelete`, a new one waits until somebody deletes the pod."""

from collections.abc import Mapping
from functools import partial

import pulumi

from components.live.cluster import LiveCluster, UnusableClusterError
from components.tenant import Tenant
from tenants.fleet import Fleet, Role

Revisions = Mapping[Role, str]
"""`current` or `old`, of each role that has a pod."""


def database_revisions(
    fleet: Fleet, declared: Mapping[str, Tenant], live: LiveCluster
) -> Mapping[str, pulumi.Output[Revisions]]:
    """Tell by tenant what its databases run.

    Asked of the cluster once every StatefulSet is as declared. The state has no word of pods, and its copy of a
    StatefulSet's status is as old as the last change of it, while the pod may have been deleted since.
    """
    stateful_sets = [node.stateful_set.id for tenant in declared.values() for node in (tenant.master, tenant.standby)]
    by_name = pulumi.Output.all(*stateful_sets).apply(partial(_ask, live, fleet.cluster.namespace))
    return {
        tenant.name: by_name.apply(
            partial(_by_role, {role: tenant.control_node_name(role) for role in Role}),
        )
        for tenant in fleet.tenants
    }


def _ask(live: LiveCluster, namespace: str, _: object) -> Mapping[str, str]:
    try:
        return live.revisions(namespace)
    except UnusableClusterError as error:
        raise pulumi.RunError(str(error)) from None


def _by_role(names: Mapping[Role, str], by_name: Mapping[str, str]) -> Revisions:
    return {role: by_name[name] for role, name in names.items() if name in by_name}
