"""Which of a tenant's objects exist already, made by somebody else, and whether they may be taken over."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import pulumi

from components.adoption.take_over import Found, Takeover, judged
from components.live.cluster import LiveCluster, UnusableClusterError
from components.live.nodes import LiveNodes
from components.live.stack_home import StackHome
from components.objects.declared import manifests
from kube import dry_run
from kube.facts import allowed_hosts, is_declared_by_a_stack, managers
from kube.json_text import UnreadableError
from kube.manifest import Manifest, at, key_of, mapping, text
from tenants.fleet import Fleet, TenantSpec
from tenants.objects import live_keys


def adopt_or_refuse(fleet: Fleet, live: LiveCluster, home: StackHome, hosts: LiveNodes) -> None:
    """Say what will be adopted; the provider then takes it over in place, as it is told to with every object.

    Raises:
        UnusableClusterError: An object is there that nobody said to adopt, or one that differs where the API server
            allows no change, or where the change would move clients or a database. Every one of them is named.
    """
    there = live.objects(fleet.cluster.namespace)
    faults: list[str] = []
    to_adopt: dict[str, list[Manifest]] = {}
    for tenant in fleet.tenants:
        present = [there[key] for key in live_keys(tenant) if key in there]
        foreign = [found for found in present if not is_declared_by_a_stack(found)]
        if tenant.adopt and foreign:
            to_adopt[tenant.name] = foreign
        elif len(foreign) == len(present):
            # If only some are foreign, the tenant is ours. Nothing tells any more that they were, since somebody has
            # changed all that we set of them (the one address of a ConfigMap, say) or made them anew: they are put
            # right, not refused.
            faults += [
                f"{_name(found)} is there already, made by {_makers(found)}: write `adopt: true` in {tenant.name}'s "
                "entry to take it over as it is, or choose another name."
                for found in foreign
            ]
    notes: list[str] = []
    changes: list[str] = []
    for tenant, take_overs in _take_overs(fleet, live, home, hosts, to_adopt):
        said = [(found, each) for found in take_overs for each in judged(tenant, found)]
        names = ", ".join(f"{found.kind} {found.name}" for found in take_overs)
        # The engine's own word for it is "create": it knows only that the object is new to its state.
        notes.append(f"{tenant.name} adopts what is there, in place and without restarting a pod: {names}")
        changes += [
            f"{tenant.name}: {_name(found.live)} {each.words}" for found, each in said if each.verdict is Takeover.NAMED
        ]
        faults += [
            f"{_name(found.live)} {_REFUSALS[each.verdict].format(each.words)} Nothing was changed."
            for found, each in said
            if each.verdict in _REFUSALS
        ]
    if faults:
        raise UnusableClusterError("\n".join(faults))
    for note in notes:
        pulumi.log.info(note)
    for change in changes:
        # A warning, so that the review of the preview has it.
        pulumi.log.warn(change)


_REFUSALS: Mapping[Takeover, str] = {
    Takeover.FIXED: "cannot be adopted: {}.",
    Takeover.ENTRY: "is not adopted: {}. Adopting takes over what is there and moves neither clients nor data; change "
    "it afterwards.",
    Takeover.BY_HAND: "is not adopted: {}. Adopting takes over what is there, and no entry can say this: put it right "
    "by hand first, when it may change.",
}


def _take_overs(
    fleet: Fleet, live: LiveCluster, home: StackHome, hosts: LiveNodes, foreign: Mapping[str, Sequence[Manifest]]
) -> Iterator[tuple[TenantSpec, list[Found]]]:
    """Ask what would become of each object; of all tenants at once, since each question is a process."""
    if not foreign:
        return
    tenants = [tenant for tenant in fleet.tenants if tenant.name in foreign]
    declared = {
        key: manifest
        for tenant in tenants
        for key, manifest in manifests(
            tenant,
            home=home,
            hosts=hosts,
            platform=fleet.platform,
            keepalived_account=fleet.cluster.keepalived_account,
        ).items()
    }
    asked = [declared[key_of(found)] for tenant in tenants for found in foreign[tenant.name]]
    try:
        taken = dry_run.applied(asked, context=fleet.cluster.context)
        clean = dry_run.replaced(asked, context=fleet.cluster.context)
    except UnreadableError as error:
        raise UnusableClusterError(f"{error}. What adopting would change cannot be told.") from error
    pods, nodes = live.pods(home.namespace).values(), live.nodes().values()
    for tenant in tenants:
        take_overs = []
        for found in foreign[tenant.name]:
            key, pod = key_of(found), _pod_of(found, pods)
            host = text(at(pod, "spec", "nodeName"))
            take_overs.append(
                Found(
                    live=found,
                    declared=declared[key],
                    taken=taken[key],
                    clean=clean[key],
                    pod=pod,
                    hosts=[host] if host else allowed_hosts(found, nodes) if _runs_pods(found) else (),
                )
            )
        yield tenant, take_overs


def _runs_pods(found: Manifest) -> bool:
    return found.get("kind") in ("StatefulSet", "ReplicationController")


def _pod_of(found: Manifest, pods: Collection[Manifest]) -> Manifest | None:
    """The pod that a workload runs: of several, one that is not being ended."""
    if not _runs_pods(found):
        return None
    selector = at(found, "spec", "selector")
    labels = mapping(at(selector, "matchLabels") or selector)
    of_it = [
        pod
        for pod in pods
        if labels.items() <= mapping(at(pod, "metadata", "labels")).items()
        and at(pod, "status", "phase") not in ("Succeeded", "Failed")
    ]
    return min(of_it, key=lambda pod: bool(at(pod, "metadata", "deletionTimestamp")), default=None)


def _name(found: Mapping[str, Any]) -> str:
    return f"{found['kind']} {found['metadata']['namespace']}/{found['metadata']['name']}"


def _makers(found: Mapping[str, Any]) -> str:
    return ", ".join(sorted(managers(found))) or "somebody else"
