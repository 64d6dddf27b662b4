"""Which stack each object belongs to. What another stack has declared is refused.

Every object carries the annotation `adb-tenants/stack`. The state alone does not tell: two stacks can each believe that
an object is theirs, and a lost state knows of none.
"""

from collections.abc import Iterable, Iterator, Mapping

from components.live.cluster import LiveCluster
from kube.facts import owner
from kube.manifest import Manifest
from tenants.fleet import ClusterSpec, Fleet
from tenants.objects import Key, live_keys


def refused_objects_of_others(fleet: Fleet, live: LiveCluster, stack: str) -> Iterator[str]:
    """Refuse to declare what another stack has declared, unless `cluster.adoptFrom` names that stack."""
    namespace = fleet.cluster.namespace
    declared = {
        "ConfigMap": [shared.name for shared in fleet.platform.config_maps if shared.data is not None],
        "Secret": [shared.name for shared in fleet.platform.secrets if shared.data is not None],
    }
    secrets = {("Secret", name): live.secret(namespace, name) or {} for name in declared["Secret"]}
    there = {**live.objects(namespace), **secrets}
    allowed = {"", stack, fleet.cluster.adopt_from or ""}
    yield from _of_tenants(fleet, there, allowed)
    yield from _of_platform(declared, there, allowed)
    yield from _of_keepalived(fleet.cluster, there, allowed, stack)


def _of_tenants(fleet: Fleet, there: Mapping[Key, Manifest], allowed: Iterable[str]) -> Iterator[str]:
    for tenant in fleet.tenants:
        for other, names in _by_owner(live_keys(tenant), there, allowed).items():
            yield (
                f"{tenant.name} belongs to stack {other}: {', '.join(names)}. Two stacks must not declare one tenant. "
                f"Remove the entry here; or, to take the tenant over, first make stack {other} forget it (`pulumi "
                f"state delete --target-dependents` on its URN, which deletes nothing in the cluster), then say so "
                f"here:\n  adb-tenants:cluster:\n    adoptFrom: {other}\n{_renamed(other)}"
            )


def _of_platform(
    declared: Mapping[str, Iterable[str]], there: Mapping[Key, Manifest], allowed: Iterable[str]
) -> Iterator[str]:
    keys = ((kind, name) for kind, names in declared.items() for name in names)
    for other, names in _by_owner(keys, there, allowed).items():
        yield (
            f"{', '.join(names)}: declared by stack {other}. Leave out `data` under adb-tenants:platform to read what "
            f"is there; or take the objects over with:\n  adb-tenants:cluster:\n    adoptFrom: {other}\n"
            f"{_renamed(other)}"
        )


def _of_keepalived(
    cluster: ClusterSpec, there: Mapping[Key, Manifest], allowed: Iterable[str], stack: str
) -> Iterator[str]:
    account = ("ServiceAccount", cluster.keepalived_account)
    for other in _by_owner([account], there, allowed):
        own = f"{cluster.keepalived_account}-{stack.rpartition('/')[2]}"
        yield (
            f"ServiceAccount {cluster.keepalived_account} of namespace {cluster.namespace} belongs to stack {other}: "
            "removing that stack would take the rights of this one's keepalived pods. Use an account of this stack's "
            f"own:\n  adb-tenants:cluster:\n    keepalivedAccount: {own}\n{_renamed(other)}"
        )


def _renamed(other: str) -> str:
    return f"If this stack was called {other} until now, write only `adoptFrom: {other}`, for one `pulumi up`."


def _by_owner(keys: Iterable[Key], there: Mapping[Key, Manifest], allowed: Iterable[str]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for kind, name in keys:
        other = owner(there.get((kind, name), {}))
        if other not in allowed:
            found.setdefault(other, []).append(f"{kind} {name}")
    return found
