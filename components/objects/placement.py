"""Where the control pods and the keepalived pod of a tenant may run."""

from collections.abc import Iterable

from pulumi_kubernetes.core.v1 import (
    AffinityArgs,
    NodeAffinityArgs,
    NodeSelectorArgs,
    NodeSelectorRequirementArgs,
    NodeSelectorTermArgs,
    TolerationArgs,
)

from tenants.fleet import Toleration


def only_on(node_name: str) -> AffinityArgs:
    """Allow one node, by name, beside the label that the seed selects it by.

    A label alone is not enough: one that a former host kept, or that a tenant of the same name in another namespace
    put on its own node, sends the pod there, and the database starts on an empty disk (seen on a cluster with two
    such fleets, 2026-11).
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
    """Spell tolerations as the API does; what is `None` stays out."""
    return [
        TolerationArgs(
            key=toleration.key,
            operator=toleration.operator,
            value=toleration.value,
            effect=toleration.effect,
            toleration_seconds=toleration.toleration_seconds,
        )
        for toleration in tolerations
    ]
