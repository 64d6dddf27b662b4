"""Compares everything that a stack deployed with the live cluster."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from drift.cluster import KubectlClient
from drift.deployed import Declared, DeployedStack, by_object
from drift.entries import of_other_stacks
from drift.field_managers import is_original, latest_manager
from drift.findings import Drift, Repair, drift, of_difference
from drift.node_labels import foreign_labels
from kube.comparison import Difference, differences, overlay, repaired
from kube.dry_run import Denial, Rejection
from kube.manifest import Key, Manifest, at, joined, key_of, mapping, text
from kube.masking import MISSING, shown

DECLARED_FIELDS_ONLY = ("Job",)
"""Kinds with undeclared fields that the API server sets once and makes immutable: a Job's selector. Only declared
fields are compared."""
GONE_ELSEWHERE = {
    "Node": "restore the node, or move its tenants to another one: see `Move a database` in docs/operations.md",
    "ConfigMap": "`pulumi up --refresh` of the stack that declares the node's keepalived, then of this one",
}
"""What to do if an object that the stack only patches is gone, by its kind."""
DENIED = (
    "change the policy, webhook or quota that denies it, or the declaration; do not delete the object: `pulumi up` "
    "could not create it again"
)
RUN_PODS = ("StatefulSet", "ReplicationController")


@dataclass(frozen=True, kw_only=True)
class Survey:
    """The differences, and what a repair would write."""

    stack: str
    objects: int
    drift: tuple[Drift, ...]
    leftovers: tuple[Drift, ...]
    """Undeclared fields that adopted objects had before, unchanged since. They are not drift."""
    replacements: Mapping[Key, Manifest]
    """The live objects that `--repair` writes, with their fields fixed."""


@dataclass(frozen=True, kw_only=True)
class _FieldDrift:
    drift: Drift
    is_leftover: bool
    difference: Difference
    live: Manifest


def compare(deployed: DeployedStack, cluster: KubectlClient) -> Survey:
    """Compare declared and live objects; raises `UnreadableError`."""
    declared = by_object(deployed.objects)
    live = cluster.live([each.manifest for each in declared])
    existing = [each for each in declared if each.key in live]
    entries = of_other_stacks(existing, live, cluster)
    expected = cluster.expected([each.manifest for each in existing if not _declared_fields_only(each)])
    objects = [_gone(each) for each in declared if each.key not in live]
    fields: list[_FieldDrift] = []
    for each in existing:
        should_be = expected.get(each.key)
        if isinstance(should_be, Rejection):
            objects.append(_rejected(each, should_be))
        if not isinstance(should_be, dict):
            should_be = mapping(overlay(live[each.key], each.manifest))
        if each.key in entries:
            should_be = mapping(overlay(should_be, {"data": entries[each.key]}))
        fields += _compared(each, should_be, live[each.key])
    fields += _foreign_labels(declared, cluster)
    return Survey(
        stack=deployed.stack,
        objects=len(declared),
        drift=_sorted([*objects, *(each.drift for each in fields if not each.is_leftover)]),
        leftovers=_sorted([each.drift for each in fields if each.is_leftover]),
        replacements=_replacements(fields),
    )


def _declared_fields_only(declared: Declared) -> bool:
    return declared.is_patch or declared.manifest.get("kind") in DECLARED_FIELDS_ONLY


def _compared(declared: Declared, expected: Manifest, live: Manifest) -> Iterator[_FieldDrift]:
    same_object = text(at(live, "metadata", "uid")) == declared.uid
    for difference in differences(declared.manifest, expected, live):
        manager = latest_manager(live, difference.field_path) if difference.actual is not MISSING else None
        yield _FieldDrift(
            drift=of_difference(declared, live, difference, manager),
            is_leftover=same_object and not difference.declared and is_original(live, difference.field_path),
            difference=difference,
            live=live,
        )


def _gone(declared: Declared) -> Drift:
    if declared.is_patch:
        return drift(declared.key, repair=Repair.BY_HAND, advice=GONE_ELSEWHERE[declared.key[0]])
    return drift(declared.key, repair=Repair.UP)


def _rejected(declared: Declared, rejection: Rejection) -> Drift:
    kind, namespace, name = declared.key
    if isinstance(rejection, Denial):
        actual = f"(the declared object is denied: {rejection.message})"
        return drift(declared.key, actual=actual, repair=Repair.BY_HAND, advice=DENIED)
    command = ["kubectl", *(["--namespace", namespace] if namespace else []), "delete", kind.lower(), name]
    if kind in RUN_PODS:
        # Its pods keep running, and the recreated object adopts them.
        command.append("--cascade=orphan")
    advice = f"`{' '.join(command)}`, then `pulumi up --refresh`"
    actual = f"(the API server rejects the declared object: {rejection.message})"
    return drift(declared.key, actual=actual, repair=Repair.BY_HAND, advice=advice)


def _foreign_labels(declared: Sequence[Declared], cluster: KubectlClient) -> Iterator[_FieldDrift]:
    if not any(each.is_patch and each.key[0] == "Node" for each in declared):
        return
    for node, label in foreign_labels(declared, cluster.nodes(), cluster.stateful_sets):
        value = at(node, "metadata", "labels", label)
        field_path = ("metadata", "labels", label)
        path = joined("metadata.labels", label)
        found = drift(
            key_of(node),
            path=path,
            expected=shown("", MISSING, opaque=False),
            actual=shown("", value, opaque=False),
            manager=latest_manager(node, field_path),
            repair=Repair.HERE,
        )
        difference = Difference(path=path, field_path=field_path, expected=MISSING, actual=value, declared=False)
        yield _FieldDrift(drift=found, is_leftover=False, difference=difference, live=node)


def _replacements(fields: Sequence[_FieldDrift]) -> dict[Key, Manifest]:
    here = [each for each in fields if each.drift.repair is Repair.HERE]
    return {
        key: repaired(live, [each.difference for each in here if each.drift.key == key])
        for key, live in {each.drift.key: each.live for each in here}.items()
    }


def _sorted(found: Sequence[Drift]) -> tuple[Drift, ...]:
    return tuple(sorted(found, key=lambda each: (each.kind, each.namespace, each.name, each.path)))
