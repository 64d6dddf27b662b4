"""Which stack each object belongs to: what another stack declared is refused, whatever made it.

Every object carries the annotation `adb-tenants/stack`. The state alone does not tell: two stacks can each believe that
an object is theirs, and a lost state knows of none.
"""

from collections.abc import Iterable, Iterator, Mapping

from components.adoption import objects_of
from components.live_cluster import LiveCluster, UnusableClusterError
from kube.facts import owner
from kube.manifest import Manifest
from tenants.fleet import Cluster, Fleet

Key = tuple[str, str]
"""Kind and name."""


def refuse_foreign(fleet: Fleet, live: LiveCluster, stack: str) -> None:
    """Refuse to declare what another stack has declared, unless `cluster.adoptFrom` names that stack.

    Raises:
        UnusableClusterError: Such objects are there; every one of them is named with its stack.
    """
    namespace = fleet.cluster.namespace
    declared = {
        "ConfigMap": [shared.name for shared in fleet.platform.config_maps if shared.data is not None],
        "Secret": [shared.name for shared in fleet.platform.secrets if shared.data is not None],
    }
    secrets = {("Secret", name): live.secret(namespace, name) or {} for name in declared["Secret"]}
    there = {**live.objects(namespace), **secrets}
    allowed = {"", stack, fleet.cluster.adopt_from or ""}
    faults = [
        *_of_tenants(fleet, there, allowed),
        *_of_platform(declared, there, allowed),
        *_of_keepalived(fleet.cluster, there, allowed, stack),
    ]
    if faults:
        raise UnusableClusterError("\n".join(faults))


def _of_tenants(fleet: Fleet, there: Mapping[Key, Manifest], allowed: Iterable[str]) -> Iterator[str]:
    for tenant in fleet.tenants:
        for other, names in _by_owner(objects_of(tenant), there, allowed).items():
            yield (
                f"{tenant.name} belongs to stack {other}: {', '.join(names)}. Two stacks must not declare one tenant. "
                f"Remove the entry here; or, to take the tenant over, first make stack {other} forget it (`pulumi "
                f"state delete --target-dependents` on its URN, which deletes nothing in the cluster), then say so "
                f"here:\n  adb-tenants:cluster:\n    adoptFrom: {other}"
            )


def _of_platform(
    declared: Mapping[str, Iterable[str]], there: Mapping[Key, Manifest], allowed: Iterable[str]
) -> Iterator[str]:
    keys = ((kind, name) for kind, names in declared.items() for name in names)
    for other, names in _by_owner(keys, there, allowed).items():
        yield (
            f"{', '.join(names)}: declared by stack {other}. Leave out `data` under adb-tenants:platform to read what "
            f"is there; or take the objects over with:\n  adb-tenants:cluster:\n    adoptFrom: {other}"
        )


def _of_keepalived(
    cluster: Cluster, there: Mapping[Key, Manifest], allowed: Iterable[str], stack: str
) -> Iterator[str]:
    account = ("ServiceAccount", cluster.keepalived_account)
    for other in _by_owner([account], there, allowed):
        own = f"{cluster.keepalived_account}-{stack.rpartition('/')[2]}"
        yield (
            f"ServiceAccount {cluster.keepalived_account} of namespace {cluster.namespace} belongs to stack {other}: "
            "removing that stack would take the rights of this one's keepalived pods. Use an account of this stack's "
            f"own:\n  adb-tenants:cluster:\n    keepalivedAccount: {own}"
        )


def _by_owner(keys: Iterable[Key], there: Mapping[Key, Manifest], allowed: Iterable[str]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for kind, name in keys:
        other = owner(there.get((kind, name), {}))
        if other not in allowed:
            found.setdefault(other, []).append(f"{kind} {name}")
    return found
