"""Finds nodes with the label of a tenant that does not belong there: the scheduler could place a pod on them."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from drift.deployed import Declared
from kube.facts import pinned_node
from kube.manifest import Manifest, at, mapping, text


def foreign_labels(
    declared: Sequence[Declared], nodes: Sequence[Manifest], stateful_sets: Callable[[], Sequence[Manifest]]
) -> Iterator[tuple[Manifest, str]]:
    """Yield each node with a label of one of the stack's tenants that the stack does not declare for this node.

    A tenant of the same name in another namespace, of another stack, has the same label: its nodes are left out.
    """
    ours = defaultdict(set)
    for each in declared:
        if each.is_patch and each.manifest.get("kind") == "Node":
            for label in mapping(at(each.manifest, "metadata", "labels")):
                ours[label].add(each.key[2])
    found = [
        (node, label)
        for node in nodes
        for label in mapping(at(node, "metadata", "labels"))
        if label in ours and text(at(node, "metadata", "name")) not in ours[label]
    ]
    if not found:
        return
    namespaces = {each.key[1] for each in declared}
    elsewhere = [each for each in stateful_sets() if text(at(each, "metadata", "namespace")) not in namespaces]
    for node, label in found:
        if not any(_may_use(stateful_set, node, label) for stateful_set in elsewhere):
            yield node, label


def _may_use(stateful_set: Manifest, node: Manifest, label: str) -> bool:
    """Whether it selects nodes by this label, and is not pinned to another node."""
    selects = mapping(at(stateful_set, "spec", "template", "spec", "nodeSelector"))
    return label in selects and pinned_node(stateful_set) in ("", text(at(node, "metadata", "name")))
