"""Which nodes carry the label of a tenant that is not theirs: a pod could be scheduled there."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from drift.deployed import Declared
from kube.facts import pinned_host
from kube.manifest import Manifest, at, mapping, text


def foreign_labels(
    declared: Sequence[Declared], nodes: Sequence[Manifest], stateful_sets: Callable[[], Sequence[Manifest]]
) -> Iterator[tuple[Manifest, str]]:
    """Each node with a label of one of the stack's tenants that the stack did not put there.

    Another fleet of the cluster may have a tenant of the same name in another namespace, and with it the same label.
    """
    ours = defaultdict(set)
    for each in declared:
        if each.in_part and each.manifest.get("kind") == "Node":
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
        if not any(_may_be_for(stateful_set, node, label) for stateful_set in elsewhere):
            yield node, label


def _may_be_for(stateful_set: Manifest, node: Manifest, label: str) -> bool:
    """Whether it looks for this label, and, as far as it says where, on this node."""
    selects = mapping(at(stateful_set, "spec", "template", "spec", "nodeSelector"))
    return label in selects and pinned_host(stateful_set) in ("", text(at(node, "metadata", "name")))
