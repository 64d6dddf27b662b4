"""Refuses objects that another stack manages.

Every object that is declared as a whole has the annotation `adb-tenants/stack`; a tenant declares only a label of its
nodes, and a line of the ConfigMap of a node's keepalived. The state alone is not enough: two states can contain the
same object, and a lost state contains none.
"""

from collections.abc import Iterable, Iterator, Mapping

from components.live.fleet import LiveFleet
from kube.facts import owner
from kube.manifest import Manifest
from tenants.objects import LocalKey, live_keys


def refused_objects_of_others(live: LiveFleet) -> Iterator[str]:
    """Refuse to declare objects of another stack, unless `cluster.adoptFrom` names that stack."""
    fleet = live.fleet
    config_maps = [("ConfigMap", shared.name) for shared in fleet.platform.config_maps if shared.data is not None]
    secrets = [("Secret", shared.name) for shared in fleet.platform.secrets if shared.data is not None]
    read = live.cluster.secrets([name for _, name in secrets])
    existing = {**live.objects, **{("Secret", name): found for name, found in read.items()}}
    allowed = allowed_owners(live)
    for tenant in fleet.tenants:
        for other, names in _by_owner(live_keys(tenant), existing, allowed).items():
            yield (
                f"{tenant.name} belongs to stack {other}: {', '.join(names)}. Two stacks must not declare one tenant. "
                f"Remove the entry here; or, to adopt the tenant, first remove it from the state of stack {other} "
                f"(`pulumi state delete --target-dependents` on its URN, which deletes nothing in the cluster), then "
                f"add here:\n  adb-tenants:cluster:\n    adoptFrom: {other}\n{_renamed(other)}"
            )
    for other, names in _by_owner([*config_maps, *secrets], existing, allowed).items():
        yield (
            f"{', '.join(names)}: declared by stack {other}. Remove `data` under adb-tenants:platform to read the "
            f"existing objects; or adopt them with:\n  adb-tenants:cluster:\n    adoptFrom: {other}\n{_renamed(other)}"
        )
    yield from _refused_account(live, existing, allowed)


def _refused_account(live: LiveFleet, existing: Mapping[LocalKey, Manifest], allowed: frozenset[str]) -> Iterator[str]:
    """Refuse an account of keepalived that is not this stack's, nor that of `cluster.keepalivedAccountOf`."""
    cluster, namespace = live.fleet.cluster, live.home.namespace
    account, of = cluster.keepalived_account, cluster.keepalived_account_of
    key = "ServiceAccount", account
    if of is not None:
        found = owner(existing.get(key, {}))
        if of == live.home.stack:
            yield "cluster.keepalivedAccountOf names this stack itself: remove it."
        elif found != of:
            yield (
                f"ServiceAccount {account} of namespace {namespace} is not declared by stack {of}, but "
                f"{f'by stack {found}' if found else 'by none'}: correct cluster.keepalivedAccountOf, or remove it to "
                "declare the account here."
            )
        if cluster.image_pull_secrets:
            yield (
                f"cluster.imagePullSecrets belong to ServiceAccount {account}, which stack {of} declares: write them "
                "there, and remove them here."
            )
        return
    for other in _by_owner([key], existing, allowed):
        own = f"{account}-{live.home.stack.rpartition('/')[2]}"
        yield (
            f"ServiceAccount {account} of namespace {namespace} belongs to stack {other}. Use an account of this "
            f"stack's own, or that one:\n  adb-tenants:cluster:\n    keepalivedAccount: {own}\n"
            f"  adb-tenants:cluster:\n    keepalivedAccountOf: {other}\n{_renamed(other)}"
        )


def allowed_owners(live: LiveFleet) -> frozenset[str]:
    """Return the owners whose objects this stack may change; an object without the annotation has an empty owner."""
    return frozenset({"", live.home.stack, live.fleet.cluster.adopt_from or ""})


def _renamed(other: str) -> str:
    return f"If this stack was called {other} until now, add only `adoptFrom: {other}`, for one `pulumi up`."


def _by_owner(
    keys: Iterable[LocalKey], existing: Mapping[LocalKey, Manifest], allowed: frozenset[str]
) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for kind, name in keys:
        other = owner(existing.get((kind, name), {}))
        if other not in allowed:
            found.setdefault(other, []).append(f"{kind} {name}")
    return found
