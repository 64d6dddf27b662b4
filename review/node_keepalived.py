"""What happens to the clients of all tenants that a node's keepalived serves."""

from collections.abc import Iterable, Iterator, Sequence

from kube.facts import vips
from kube.manifest import Manifest, at, joined
from review.changes import ObjectChange
from review.danger import Danger
from review.fields import METADATA
from review.findings import Finding, Name, Value, name_or, names
from review.preview import Action
from review.rules import shared as rules
from review.serving import Serving
from review.traffic import images, starts, vrid_of
from review.unknown import unknown_fields, unknown_operation
from tenants.fleet import NODE_KEEPALIVED_PREFIX, KeepalivedPer


def node_keepalived(change: ObjectChange, serving: Serving) -> Iterator[Finding]:
    """Judge the ReplicationController of a node's keepalived; that it is created is reported with other objects."""
    node = _node(change)
    if starts(change):
        if change.action is Action.UPDATE:
            yield rules.NODE_KEEPALIVED_STARTS.finding(node=Name(node))
        # The pods of tenants that change to this one have been ended before (`components/guards/announcement.py`).
        if cleared := serving.before(node, KeepalivedPer.TENANT) & serving.after(node, KeepalivedPer.TENANT):
            yield rules.NODE_KEEPALIVED_CLEARS.finding(
                node=Name(node), tenants=_named(cleared), affects=sorted(cleared)
            )
    if change.action is Action.DELETE:
        yield _removed(node, serving)
    elif change.action is Action.REPLACE:
        served = serving.before(node, KeepalivedPer.NODE)
        yield rules.NODE_KEEPALIVED_REPLACED.finding(node=Name(node), tenants=_named(served), affects=sorted(served))
        old, new = images(change.before), images(change.after)
        if old != new:
            # The same for every node, so that one line says it for all.
            yield rules.NODE_KEEPALIVED_IMAGE.finding(
                old=name_or("unknown", old), new=name_or("unknown", new), affects=()
            )
        old, new = vrid_of(change.before), vrid_of(change.after)
        if old != new:
            yield rules.NODE_VRID_CHANGED.finding(
                node=Name(node), old=name_or("unknown", old), new=name_or("unknown", new), affects=sorted(served)
            )
    elif change.action is Action.UPDATE:
        yield from _updated(change, besides=("spec.replicas",) if starts(change) else ())
    elif change.action is Action.UNKNOWN:
        yield unknown_operation(change, at_most=Danger.TRAFFIC)


def node_config(change: ObjectChange, serving: Serving) -> Iterator[Finding]:
    """Judge the ConfigMap of a node's keepalived; the entries in it are tenants' objects."""
    node = _node(change)
    if change.action is Action.DELETE:
        yield _removed(node, serving)
    elif change.action is Action.REPLACE:
        served = serving.before(node, KeepalivedPer.NODE)
        yield rules.NODE_CONFIG_REPLACED.finding(node=Name(node), tenants=_named(served), affects=sorted(served))
    elif change.action is Action.UPDATE:
        old, new = _own_addresses(change.before), _own_addresses(change.after)
        if old != new:
            yield rules.NODE_ADDRESS_CHANGED.finding(node=Name(node), old=names(old), new=names(new))
        paths = tuple(joined("data", address) for address in (*old, *new))
        yield from _updated(change, besides=paths)
    elif change.action is Action.UNKNOWN:
        yield unknown_operation(change, at_most=Danger.TRAFFIC)


def _own_addresses(config_map: Manifest) -> Sequence[str]:
    """Return the addresses that a node's keepalived announces for nobody; tenants enter theirs by patches."""
    return [address for address in vips(config_map) if at(config_map, "data", address) == ""]


def _updated(change: ObjectChange, *, besides: tuple[str, ...] = ()) -> Iterator[Finding]:
    if change.is_metadata_only:
        yield rules.METADATA_CHANGED.finding(object=Name(str(change)))
    elif (paths := change.paths(besides=(*METADATA, *besides))) or not change.fields:
        yield unknown_fields(change, paths, at_most=Danger.TRAFFIC)


def _removed(node: str, serving: Serving) -> Finding:
    # It is removed last: the tenants that move away have left it. Those of another stack are looked for by a hook.
    left = serving.before(node, KeepalivedPer.NODE) & serving.after(node, KeepalivedPer.NODE)
    if not left:
        return rules.NODE_KEEPALIVED_UNUSED.finding(node=Name(node))
    return rules.NODE_KEEPALIVED_REMOVED.finding(node=Name(node), tenants=_named(left), affects=sorted(left))


def _node(change: ObjectChange) -> str:
    return change.name.removeprefix(NODE_KEEPALIVED_PREFIX)


def _named(tenants: Iterable[str]) -> Value:
    return name_or("no tenant of this stack", ", ".join(sorted(tenants)))
