"""Finds objects of tenants that exist, created by other clients, and decides whether they may be adopted."""

from collections.abc import Collection, Iterator, Mapping, Sequence

import pulumi

from components.adoption.fields import Decision, Existing
from components.adoption.judgement import judge
from components.live.cluster import UnusableClusterError
from components.live.fleet import LiveFleet
from components.objects.declared import manifests
from kube import adoption_notice, dry_run
from kube.facts import allowed_nodes, is_declared_by_a_stack, managers
from kube.json_text import UnreadableError
from kube.manifest import Manifest, at, key_of, mapping, text
from tenants.fleet import TenantSpec
from tenants.objects import live_keys

_REFUSALS: Mapping[Decision, str] = {
    Decision.IMMUTABLE: "cannot be adopted: {}. Choose another name for the tenant, or delete and recreate this object "
    "yourself (a StatefulSet with `--cascade=orphan`).",
    Decision.FIX_ENTRY: "is not adopted: {}. Adoption moves neither clients nor data: make the entry match the live "
    "object, and change it afterwards.",
    Decision.FIX_BY_HAND: "is not adopted: {}. No field of the entry declares this: first change the live object by "
    "hand, at a suitable time.",
    Decision.FIX_FIRST: "is not adopted: {}.",
}


def adopt_or_refuse(live: LiveFleet) -> None:
    """Report what will be adopted; the provider adopts every existing object in place.

    Raises:
        UnusableClusterError: Objects exist that are not to be adopted, or that differ in a field that cannot be changed
            in place, or whose change would move clients or a database; the message lists all of them.
    """
    faults: list[str] = []
    to_adopt: dict[str, list[Manifest]] = {}
    for tenant in live.fleet.tenants:
        existing = [live.objects[key] for key in live_keys(tenant) if key in live.objects]
        foreign = [found for found in existing if not is_declared_by_a_stack(found)]
        if tenant.adopt and foreign:
            to_adopt[tenant.name] = foreign
        elif len(foreign) == len(existing):
            # If only some are foreign, the tenant is this stack's. Their annotations and managers are lost because all
            # declared fields were changed by hand (the only address in a ConfigMap) or the objects were recreated. They
            # are repaired, not refused.
            faults += [
                f"{_name(found)} already exists, created by {_managers(found)}: set `adopt: true` in {tenant.name}'s "
                "entry to adopt it as it is, or choose another name."
                for found in foreign
            ]
    notices: list[str] = []
    changes: list[str] = []
    for tenant, objects in _compared(live, to_adopt):
        judged = [(found, each) for found in objects for each in judge(tenant, found)]
        notices.append(adoption_notice.write(tenant.name, [(found.kind, found.name) for found in objects]))
        changes += [
            f"{tenant.name}: {_name(found.live)} {each.words}"
            for found, each in judged
            if each.decision is Decision.REPORT
        ]
        faults += [
            f"{_name(found.live)} {_REFUSALS[each.decision].format(each.words)} Nothing was changed."
            for found, each in judged
            if each.decision in _REFUSALS
        ]
    if faults:
        raise UnusableClusterError("\n".join(faults))
    for notice in notices:
        pulumi.log.info(notice)
    for change in changes:
        # A warning, so that the review contains it.
        pulumi.log.warn(change)


def _compared(
    live: LiveFleet, foreign: Mapping[str, Sequence[Manifest]]
) -> Iterator[tuple[TenantSpec, list[Existing]]]:
    """Compute what would become of each object, of all tenants at once: each dry run is a process."""
    if not foreign:
        return
    tenants = [tenant for tenant in live.fleet.tenants if tenant.name in foreign]
    declared = {key: manifest for tenant in tenants for key, manifest in manifests(tenant, live).items()}
    to_compare = [declared[key_of(found)] for tenant in tenants for found in foreign[tenant.name]]
    context = live.fleet.cluster.context
    try:
        applied = dry_run.applied(to_compare, context=context)
        replaced = dry_run.replaced(to_compare, context=context)
    except UnreadableError as error:
        raise UnusableClusterError(f"{error}. The changes that adoption would make are unknown.") from error
    pods, nodes = live.cluster.pods().values(), live.cluster.nodes().values()
    for tenant in tenants:
        objects = []
        for found in foreign[tenant.name]:
            key, pod = key_of(found), _pod_of(found, pods)
            node = text(at(pod, "spec", "nodeName"))
            objects.append(
                Existing(
                    live=found,
                    declared=declared[key],
                    applied=applied[key],
                    replaced=replaced[key],
                    pod=pod,
                    nodes=[node] if node else allowed_nodes(found, nodes) if _runs_pods(found) else (),
                )
            )
        yield tenant, objects


def _runs_pods(found: Manifest) -> bool:
    return found.get("kind") in ("StatefulSet", "ReplicationController")


def _pod_of(found: Manifest, pods: Collection[Manifest]) -> Manifest | None:
    """Return the pod of a workload; of several, one that is not being deleted."""
    if not _runs_pods(found):
        return None
    selector = at(found, "spec", "selector")
    labels = mapping(at(selector, "matchLabels") or selector)
    selected = [
        pod
        for pod in pods
        if labels.items() <= mapping(at(pod, "metadata", "labels")).items()
        and at(pod, "status", "phase") not in ("Succeeded", "Failed")
    ]
    return min(selected, key=lambda pod: bool(at(pod, "metadata", "deletionTimestamp")), default=None)


def _name(found: Manifest) -> str:
    kind, namespace, name = key_of(found)
    return f"{kind} {namespace}/{name}"


def _managers(found: Manifest) -> str:
    return ", ".join(sorted(managers(found))) or "another client"
