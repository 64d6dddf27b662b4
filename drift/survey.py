"""Looks at everything that a stack deployed, and says what was changed by hand."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from drift.authors import author, left_by_its_maker
from drift.cluster import RepairClient
from drift.deployed import Declared, DeployedStack
from drift.findings import Drift, Repair, finding, of_difference
from drift.node_labels import foreign_labels
from kube.comparison import Difference, differences, laid_over, put_right
from kube.dry_run import Rejection
from kube.manifest import Key, Manifest, at, joined, key_of, text
from kube.masking import MISSING, shown

MADE_ANEW_IN_PART = ("Job",)
"""Kinds of which the API server itself writes what cannot be declared, and then forbids to change: a Job's selector.
Only what is declared is compared."""
RUN_PODS = ("StatefulSet", "ReplicationController")


@dataclass(frozen=True, kw_only=True)
class Survey:
    """What was found; and what a repair would write."""

    stack: str
    objects: int
    findings: tuple[Drift, ...]
    left_behind: tuple[Drift, ...]
    """Fields that adopted objects still have from their makers: nobody has changed them since. No drift."""
    righted: Mapping[Key, Manifest]
    """The live objects of which something is repaired here, with that done."""


@dataclass(frozen=True, kw_only=True)
class _Seen:
    finding: Drift
    left_behind: bool
    difference: Difference
    live: Manifest


def look(deployed: DeployedStack, cluster: RepairClient) -> Survey:
    """Compare everything; raises `UnreadableError`."""
    live = cluster.live([each.manifest for each in deployed.objects])
    there = [each for each in deployed.objects if each.key in live]
    clean = cluster.clean([each.manifest for each in there if not _only_in_part(each)])
    whole = [_gone(each) for each in deployed.objects if each.key not in live]
    seen: list[_Seen] = []
    for each in there:
        should_be = clean.get(each.key)
        if isinstance(should_be, Rejection):
            whole.append(_refused(each, should_be))
        if not isinstance(should_be, dict):
            should_be = _laid_over(live[each.key], each)
        seen += _compared(each, should_be, live[each.key])
    seen += _foreign(deployed.objects, cluster)
    findings = [*dict.fromkeys(whole), *(each.finding for each in seen if not each.left_behind)]
    return Survey(
        stack=deployed.stack,
        objects=len({each.key for each in deployed.objects}),
        findings=_in_order(findings),
        left_behind=_in_order([each.finding for each in seen if each.left_behind]),
        righted=_righted(seen),
    )


def _only_in_part(declared: Declared) -> bool:
    return declared.in_part or declared.manifest.get("kind") in MADE_ANEW_IN_PART


def _laid_over(live: Manifest, declared: Declared) -> Manifest:
    laid = laid_over(live, declared.manifest)
    return laid if isinstance(laid, dict) else {}


def _compared(declared: Declared, clean: Manifest, live: Manifest) -> Iterator[_Seen]:
    same = text(at(live, "metadata", "uid")) == declared.uid
    for difference in differences(declared.manifest, clean, live):
        by = author(live, difference.place) if difference.actual is not MISSING else None
        yield _Seen(
            finding=of_difference(declared, live, difference, by),
            left_behind=same and not difference.declared and left_by_its_maker(live, difference.place),
            difference=difference,
            live=live,
        )


def _gone(declared: Declared) -> Drift:
    if declared.in_part:
        advice = "bring the node back, or give its tenants another: see `Move a database` in docs/operations.md"
        return finding(declared.key, repair=Repair.BY_HAND, advice=advice)
    return finding(declared.key, repair=Repair.UP)


def _refused(declared: Declared, refusal: Rejection) -> Drift:
    kind, namespace, name = declared.key
    command = ["kubectl", *(["--namespace", namespace] if namespace else []), "delete", kind.lower(), name]
    if kind in RUN_PODS:
        # Its pods go on running, and the next one of this name takes them over.
        command.append("--cascade=orphan")
    advice = f"`{' '.join(command)}`, then `pulumi up --refresh`"
    actual = f"(the API server refuses to put it right: {refusal.message})"
    return finding(declared.key, actual=actual, repair=Repair.BY_HAND, advice=advice)


def _foreign(declared: Sequence[Declared], cluster: RepairClient) -> Iterator[_Seen]:
    if not any(each.in_part for each in declared):
        return
    for node, label in foreign_labels(declared, cluster.nodes(), cluster.stateful_sets):
        value = at(node, "metadata", "labels", label)
        place = ("metadata", "labels", label)
        difference = Difference(
            path=joined("metadata.labels", label), place=place, expected=MISSING, actual=value, declared=False
        )
        found = finding(
            key_of(node),
            path=difference.path,
            expected=shown("", MISSING, opaque=False),
            actual=shown("", value, opaque=False),
            by=author(node, place),
            repair=Repair.HERE,
        )
        yield _Seen(finding=found, left_behind=False, difference=difference, live=node)


def _righted(seen: Sequence[_Seen]) -> dict[Key, Manifest]:
    here = [each for each in seen if each.finding.repair is Repair.HERE]
    objects = {each.finding.key: each.live for each in here}
    return {
        key: put_right(live, [each.difference for each in here if each.finding.key == key])
        for key, live in objects.items()
    }


def _in_order(findings: Sequence[Drift]) -> tuple[Drift, ...]:
    return tuple(sorted(findings, key=lambda each: (each.kind, each.namespace, each.name, each.path)))
