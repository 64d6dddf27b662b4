"""The nodes that a tenant's pods can run on."""

from collections.abc import Iterable
from dataclasses import asdict

from pulumi_kubernetes.core.v1 import (
    AffinityArgs,
    NodeAffinityArgs,
    NodeSelectorArgs,
    NodeSelectorRequirementArgs,
    NodeSelectorTermArgs,
    TolerationArgs,
)

from tenants.fleet import Role, TenantSpec, Toleration


def node_selector(spec: TenantSpec, role: Role) -> dict[str, str]:
    """Return the labels by which the pods of a role select its node."""
    return {**spec.node_selector, spec.node_label: role}


def only_on(node_name: str) -> AffinityArgs:
    """Build an affinity to one node by name, in addition to the label that the seed selects it by.

    A label alone is not enough: if a former node kept it, or a tenant of the same name in another namespace put it on
    another node, the pod is scheduled there, and the database starts on an empty disk (seen on a cluster with two such
    fleets, 2026-11).
    """
    this_node = NodeSelectorRequirementArgs(key="metadata.name", operator="In", values=[node_name])
    return AffinityArgs(
        node_affinity=NodeAffinityArgs(
            required_during_scheduling_ignored_during_execution=NodeSelectorArgs(
                node_selector_terms=[NodeSelectorTermArgs(match_fields=[this_node])]
            )
        )
    )


def toleration_args(tolerations: Iterable[Toleration]) -> list[TolerationArgs]:
    """Convert tolerations to the API's form; fields that are `None` are omitted."""
    return [TolerationArgs(**asdict(toleration)) for toleration in tolerations]
