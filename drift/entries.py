"""Finds the VIPs in the ConfigMap of a node's keepalived that tenants of other stacks have entered there."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from drift.cluster import KubectlClient
from drift.deployed import Declared
from drift.field_managers import is_applied_by_pulumi
from kube.facts import NODE_KEEPALIVED_LABEL, forward, vips
from kube.manifest import Json, Key, Manifest, at


def of_other_stacks(
    declared: Sequence[Declared], live: Mapping[Key, Manifest], cluster: KubectlClient
) -> Mapping[Key, Mapping[str, Json]]:
    """Return the entries of other stacks (`cluster.nodeKeepalived.of`) by ConfigMap.

    Such an entry is applied by Pulumi, and has a Service that exists and that this stack does not declare: an entry
    for a Service of this stack was left by an `up` that was killed, and one without a Service by nobody who is left.
    """
    ours = {each.key for each in declared}
    entries = []
    for each in declared:
        if each.key[0] != "ConfigMap" or at(each.manifest, "metadata", "labels", NODE_KEEPALIVED_LABEL) is None:
            continue
        found = live[each.key]
        for address in set(vips(found)) - set(vips(each.manifest)):
            backend = forward(found, address)
            if backend and is_applied_by_pulumi(found, ("data", address)):
                entries.append((each.key, address, ("Service", backend.namespace, backend.service)))
    others = [
        {"apiVersion": "v1", "kind": kind, "metadata": {"namespace": namespace, "name": name}}
        for kind, namespace, name in {service for _, _, service in entries} - ours
    ]
    services = cluster.live(others)
    found_entries: defaultdict[Key, dict[str, Json]] = defaultdict(dict)
    for key, address, service in entries:
        if service in services:
            found_entries[key][address] = at(live[key], "data", address)
    return found_entries
