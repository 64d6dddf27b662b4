"""What happens to objects that belong to no single tenant, or to nobody that this program knows."""

from collections.abc import Iterator, Sequence

from review.belonging import belonging_findings, is_bookkeeping
from review.changes import ObjectChange
from review.danger import Danger
from review.findings import Finding, finding
from review.preview import Action
from tenants.objects import Part

METADATA = ("metadata.annotations", "metadata.labels")
CONNECTION = ("kubeconfig", "context", "cluster", "clusterIdentifier", "namespace")


def shared_findings(changes: Sequence[ObjectChange], *, needed: bool) -> Iterator[Finding]:
    """Judge them; what is only made, or only marked as its stack's, is told in one sentence.

    Args:
        changes: what happens to them.
        needed: whether any tenant has pods that could miss them.
    """
    made = [
        change
        for change in changes
        if change.action in (Action.CREATE, Action.ADOPT) and change.part is not Part.UNKNOWN
    ]
    for action in (Action.CREATE, Action.ADOPT):
        names = [f"{change.kind} {change.name}" for change in made if change.action is action]
        if names:
            yield finding(Danger.NONE, f"{action.value}: {{}}", ", ".join(names))
    belonging = list(belonging_findings(changes))
    yield from belonging
    for change in changes:
        known = change.part is not Part.UNKNOWN
        if change not in made and not (belonging and known and is_bookkeeping(change)):
            yield from _judged(change, needed=needed)


def _judged(change: ObjectChange, *, needed: bool) -> Iterator[Finding]:
    if change.action is Action.RELEASE:
        yield finding(
            Danger.NONE,
            "{} {} is {}: it stays as it is, and is somebody else's to keep",
            change.kind,
            change.name,
            change.action.value,
        )
    elif change.part is Part.PROVIDER:
        yield from _provider(change)
    elif change.part is Part.SHARED:
        yield from _shared_object(change, needed=needed)
    elif change.part is Part.KEEPALIVED_ACCESS:
        yield from _keepalived_access(change, needed=needed)
    else:
        yield stranger_finding(change)


def stranger_finding(change: ObjectChange) -> Finding:
    """Name what is not known. What hangs on an unknown object cannot be told, so its loss counts as the worst."""
    danger = {Action.CREATE: Danger.NONE, Action.ADOPT: Danger.NONE, Action.UPDATE: Danger.TRAFFIC}
    level = danger.get(change.action, Danger.DATA_LOSS)
    return finding(
        level,
        "{} {} is {} — not known to this review" + (f": take it for {level.word}" if level else ""),
        change.kind or "resource",
        change.name,
        change.action.value,
    )


def _provider(change: ObjectChange) -> Iterator[Finding]:
    if change.action is Action.UPDATE:
        keys = dict.fromkeys(field.path.partition(".")[0] for field in change.fields)
        if any(key in CONNECTION for key in keys):
            yield finding(
                Danger.NONE,
                "connection to the cluster changes in {}: make sure that it leads to the same cluster as before",
                ", ".join(keys),
            )
        else:
            yield finding(Danger.NONE, "settings of the cluster's connection change: {}", ", ".join(keys) or "unnamed")
    elif change.action is Action.DELETE:
        yield finding(
            Danger.NONE,
            "connection to the cluster {} is given up: what was made through it is told of by itself",
            change.name,
        )
    else:
        yield finding(
            Danger.DATA_LOSS,
            "connection to the cluster {} is {}: every object that was made through it, each database included, is "
            "deleted and made anew",
            change.name,
            change.action.value,
        )


def _shared_object(change: ObjectChange, *, needed: bool) -> Iterator[Finding]:
    if change.action is Action.UPDATE:
        keys = [
            field.path.removeprefix("data").strip('.[]"') for field in change.fields if field.path.startswith("data")
        ]
        if keys:
            yield finding(
                Danger.NONE,
                "{} {}: {} changes for every tenant — running pods keep the old environment until they are restarted; "
                "mounted files follow by themselves",
                change.kind,
                change.name,
                ", ".join(key or "data" for key in keys),
            )
        elif all(field.path.startswith(METADATA) for field in change.fields) and change.fields:
            yield finding(Danger.NONE, "{} {}: labels or annotations change", change.kind, change.name)
        elif needed:
            yield finding(Danger.TRAFFIC, "{} {} changes in an unknown way", change.kind, change.name)
        else:
            yield _unneeded(change)
    elif not needed:
        yield _unneeded(change)
    else:
        yield finding(
            Danger.RESTART,
            "{} {} is {}: every tenant's pods refer to it, and none that ends can start again without it",
            change.kind,
            change.name,
            change.action.value,
        )


def _keepalived_access(change: ObjectChange, *, needed: bool) -> Iterator[Finding]:
    if change.action is Action.UPDATE and all(field.path.startswith(METADATA) for field in change.fields):
        yield finding(Danger.NONE, "{} {}: labels or annotations change", change.kind, change.name)
    elif not needed:
        yield _unneeded(change)
    else:
        yield finding(
            Danger.TRAFFIC,
            "{} {} is {}: without its permissions no keepalived pod sees a database come or go, and VIPs go away",
            change.kind,
            change.name,
            change.action.value,
        )


def _unneeded(change: ObjectChange) -> Finding:
    return finding(
        Danger.NONE, "{} {} is {}: no tenant has a pod that needs it", change.kind, change.name, change.action.value
    )
