"""What happens to objects that belong to no single tenant."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from review.belonging import belonging_findings, is_bookkeeping
from review.changes import ObjectChange
from review.danger import Danger
from review.fields import METADATA
from review.findings import Finding, Name, names
from review.node_keepalived import node_config, node_keepalived
from review.preview import Action
from review.rules import shared as rules
from review.serving import Serving
from review.unknown import unknown_fields, unknown_object, unknown_operation
from tenants.objects import Part

CONNECTION = ("kubeconfig", "context", "cluster", "clusterIdentifier", "namespace")


def shared_findings(changes: Sequence[ObjectChange], serving: Serving, *, needed: bool) -> Iterator[Finding]:
    """Judge shared objects, which are `needed` if any tenant has pods; all that are created share one finding."""
    known = [change for change in changes if change.part is not Part.UNKNOWN]
    for action, rule in ((Action.CREATE, rules.CREATED), (Action.ADOPT, rules.ADOPTED)):
        if made := [str(change) for change in known if change.action is action]:
            yield rule.finding(objects=names(made))
    belonging = list(belonging_findings(changes))
    yield from belonging
    for change in changes:
        if change.action is Action.RELEASE:
            yield rules.RELEASED.finding(object=Name(str(change)))
        elif change.part is Part.UNKNOWN:
            yield from unknown_object(change)
        elif change.part in NODE_JUDGES:
            if not (belonging and is_bookkeeping(change)):
                yield from NODE_JUDGES[change.part](change, serving)
        elif change.action not in (Action.CREATE, Action.ADOPT) and not (belonging and is_bookkeeping(change)):
            yield JUDGES[change.part](change, needed)


def _provider(change: ObjectChange, _: bool) -> Finding:
    name = Name(change.name)
    if change.action is Action.DELETE:
        return rules.PROVIDER_REMOVED.finding(name=name)
    if change.action is Action.REPLACE:
        return rules.PROVIDER_REPLACED.finding(name=name)
    if change.action is not Action.UPDATE:
        return unknown_operation(change)
    keys = dict.fromkeys(path.partition(".")[0] for path in change.paths())
    if not keys:
        return unknown_fields(change, [], at_most=Danger.NONE)
    is_connection = any(key in CONNECTION for key in keys)
    return (rules.PROVIDER_CONNECTION if is_connection else rules.PROVIDER_SETTINGS).finding(
        name=name, fields=names(keys)
    )


def _shared_object(change: ObjectChange, needed: bool) -> Finding:
    object_ = Name(str(change))
    data = [path.removeprefix("data").strip('.[]"') or "data" for path in change.paths() if path.startswith("data")]
    if change.action is Action.UPDATE and data:
        return rules.DATA_CHANGED.finding(object=object_, keys=names(data))
    if change.action is Action.UPDATE and change.is_metadata_only:
        return rules.METADATA_CHANGED.finding(object=object_)
    if not needed:
        return rules.UNNEEDED.finding(object=object_)
    if change.action is Action.UPDATE:
        return unknown_fields(change, change.paths(), at_most=Danger.TRAFFIC)
    if change.action is Action.DELETE:
        return rules.DELETED.finding(object=object_)
    if change.action is Action.REPLACE:
        return rules.REPLACED.finding(object=object_)
    return unknown_operation(change, at_most=Danger.RESTART)


def _keepalived_access(change: ObjectChange, needed: bool) -> Finding:
    object_ = Name(str(change))
    if change.action is Action.UPDATE and not change.paths(besides=METADATA):
        return rules.METADATA_CHANGED.finding(object=object_)
    return (rules.KEEPALIVED_ACCESS if needed else rules.UNNEEDED).finding(object=object_)


JUDGES: Mapping[Part, Callable[[ObjectChange, bool], Finding]] = {
    Part.PROVIDER: _provider,
    Part.SHARED: _shared_object,
    Part.KEEPALIVED_ACCESS: _keepalived_access,
}
NODE_JUDGES: Mapping[Part, Callable[[ObjectChange, Serving], Iterator[Finding]]] = {
    Part.NODE_CONFIG: node_config,
    Part.NODE_KEEPALIVED: node_keepalived,
}
"""Of objects that only some tenants share."""
