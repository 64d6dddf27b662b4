"""What happens to the databases of a tenant: their pods, their disks, the label that keeps them on their node."""

from collections.abc import Iterator

from kube.facts import DataLocation, data_location, replicas
from kube.manifest import Manifest, at, mapping, text
from review.changes import ObjectChange, TenantChange
from review.danger import Danger
from review.fields import METADATA, FieldChange
from review.findings import Finding, Name, Rule, Value, name_or, names, number
from review.lifecycle import if_serving, is_new, is_removed, was_retired
from review.preview import Action
from review.rules import database as rules
from review.unknown import unknown_fields, unknown_operation
from tenants.fleet import UpdateStrategy
from tenants.objects import Part

# Fields of a StatefulSet by the beginning of their path: those that do nothing to a pod, and those that have a rule.
HARMLESS = (*METADATA, "spec.revisionHistoryLimit")
HANDLED = ("spec.replicas", "spec.updateStrategy", "spec.template")


def stateful_set(change: ObjectChange, tenant: TenantChange) -> Iterator[Finding]:
    """Judge a database's StatefulSet."""
    if change.action is Action.DELETE:
        retired = is_removed(tenant) and was_retired(tenant)
        rule = rules.DELETED_AFTER_RETIREMENT if retired else rules.DELETED
        yield rule.finding(location=_location(data_location(change.before)), about=change.role)
    elif change.action is Action.CREATE:
        if not is_new(tenant):
            yield rules.RECREATED.finding(location=_location(data_location(change.after)), about=change.role)
    elif change.action is Action.ADOPT:
        if _strategy(change.after) != UpdateStrategy.ON_DELETE and replicas(change.after) != 0:
            yield rules.ADOPTED_RESTARTS.finding(about=change.role)
    elif change.action in (Action.UPDATE, Action.REPLACE):
        yield from _changed(change)
    else:
        yield unknown_operation(change)


def _changed(change: ObjectChange) -> Iterator[Finding]:
    runs, will_run = replicas(change.before), replicas(change.after)
    if change.before and change.after:
        yield from _moved(change, data_location(change.before), data_location(change.after))
    if not change.fields:
        yield unknown_fields(change, [], at_most=Danger.NONE if runs == will_run == 0 else Danger.RESTART)
    if change.action is Action.REPLACE:
        yield rules.REPLACED.finding(about=change.role, at_most=_if_running(change))
    if runs != will_run:
        yield from _scaled(change, runs, will_run)
    yield from _template(change)
    if change.action is Action.UPDATE and (strange := change.paths(besides=(*HARMLESS, *HANDLED))):
        yield unknown_fields(change, strange, at_most=_if_running(change))


def _if_running(change: ObjectChange) -> Danger:
    return Danger.NONE if replicas(change.before) == 0 else Danger.RESTART


def _moved(change: ObjectChange, old: DataLocation, new: DataLocation) -> Iterator[Finding]:
    if _is_elsewhere(old.host, new.host) or old.data_path != new.data_path:
        yield rules.MOVES.finding(old=_location(old), new=_location(new), about=change.role)
    elif old.log_path != new.log_path:
        yield rules.LOGS_MOVE.finding(
            old=Name(old.log_path), new=Name(new.log_path), node=name_or("its node", new.host), about=change.role
        )
    elif not new.host and _node_selector(change.before) != _node_selector(change.after):
        yield rules.UNPINNED.finding(about=change.role)


def _is_elsewhere(old_host: str, new_host: str) -> bool:
    """Whether the pod may run on another node; pinning one that was not pinned moves nothing."""
    return bool(old_host) and old_host != new_host


def _node_selector(workload: Manifest) -> Manifest:
    return mapping(at(workload, "spec", "template", "spec", "nodeSelector"))


def _scaled(change: ObjectChange, runs: int | None, will_run: int | None) -> Iterator[Finding]:
    if will_run is None or will_run > 1:
        yield rules.SEVERAL_PODS.finding(old=number(runs), new=number(will_run), about=change.role)
    else:
        stops = runs is None or runs > will_run
        yield (rules.STOPS if stops else rules.STARTS).finding(
            location=_location(data_location(change.after)), about=change.role
        )


def _template(change: ObjectChange) -> Iterator[Finding]:
    """Judge the pod template and the update strategy, which decides whether a running pod is restarted for it."""
    strategy = _strategy(change.after)
    starts_anyway = change.action is Action.REPLACE or replicas(change.after) == 0
    # The default of apps/v1 restarts.
    restarts = strategy != UpdateStrategy.ON_DELETE and not starts_anyway
    moved = _fields_of_a_move(data_location(change.before), data_location(change.after))
    fields = [
        field
        for field in change.fields
        if field.path.startswith("spec.template.") and not (moved and field.path.startswith(moved))
    ]
    if fields:
        rule: Rule = rules.TEMPLATE_RESTARTS if restarts else rules.TEMPLATE_WAITS
        yield (rules.TEMPLATE_OF_NEXT_POD if starts_anyway else rule).finding(
            changes=names(dict.fromkeys(map(_topic, fields))), about=change.role
        )
    if any(path.startswith("spec.updateStrategy") for path in change.paths()):
        yield (rules.STRATEGY_RESTARTS if restarts else rules.STRATEGY_CHANGED).finding(
            strategy=name_or("the cluster's default", strategy), about=change.role
        )


def _strategy(stateful_set: Manifest) -> str:
    return text(at(stateful_set, "spec", "updateStrategy", "type"))


TOPICS = {
    # First, since users choose its keys: `nodeSelector.cpu`. Terms of an affinity are `.nodeSelectorTerms`.
    "spec.nodeSelector": "node selector",
    ".imagePullPolicy": "image pull policy",
    ".memory": "memory",
    ".cpu": "CPU",
    ".resources": "resources",
    ".env": "environment",
    ".tolerations": "tolerations",
    ".affinity": "affinity",
    ".hostname": "host name",
    ".volumes": "volumes",
    ".volumeMounts": "volume mounts",
    ".command": "command",
    ".args": "arguments",
}
"""The name of a field of the pod template in findings, by a part of its path; the first match counts."""


def _topic(field: FieldChange) -> str:
    if field.path.endswith("].image"):
        before, after = (value.strip('"') for value in (field.before, field.after))
        return f"image {before} → {after}"
    return next(
        (topic for part, topic in TOPICS.items() if part in field.path), field.path.removeprefix("spec.template.")
    )


def _fields_of_a_move(old: DataLocation, new: DataLocation) -> tuple[str, ...]:
    """Return the paths of the fields that a move consists of: it is reported as one."""
    pod = "spec.template.spec."
    paths: list[str] = []
    if _is_elsewhere(old.host, new.host):
        paths += [f"{pod}affinity.nodeAffinity"]
    if old.data_path != new.data_path:
        paths += [f"{pod}volumes[data].hostPath"]
    if old.log_path != new.log_path:
        paths += [f"{pod}volumes[adminlog].hostPath", f"{pod}volumes[tomcatlogs].hostPath"]
    return tuple(paths)


def _location(location: DataLocation) -> Value:
    paths = ", ".join(filter(None, (location.data_path, location.log_path)))
    return Name(f"{location.host or 'its node'}:{paths or 'its path'}")


def node_label(change: ObjectChange, tenant: TenantChange) -> Iterator[Finding]:
    """Judge the label that keeps a database on its node, unless the database itself is reported as moved or lost."""
    databases = [database for database in tenant.of(Part.DATABASE) if database.role == change.role]
    if any(found.danger is Danger.DATA_LOSS for database in databases for found in stateful_set(database, tenant)):
        return
    at_most = if_serving(tenant, Danger.RESTART)
    old, new = (text(at(inputs, "metadata", "name")) for inputs in (change.before, change.after))
    labels_before, labels_after = (mapping(at(side, "metadata", "labels")) for side in (change.before, change.after))
    if change.action in (Action.CREATE, Action.ADOPT):
        yield rules.LABEL_SET.finding(labels=names(labels_after), node=Name(new), about=change.role)
    elif change.action is Action.DELETE:
        yield rules.LABEL_REMOVED.finding(
            labels=names(labels_before), node=Name(old), about=change.role, at_most=at_most
        )
    elif old != new:
        yield rules.LABEL_MOVES.finding(old=Name(old), new=Name(new), about=change.role)
    elif labels_before != labels_after:
        yield rules.LABEL_CHANGED.finding(node=Name(new), about=change.role, at_most=at_most)


def headless_service(change: ObjectChange, tenant: TenantChange) -> Iterator[Finding]:
    """Judge the Service that gives a database's pod its name in DNS."""
    harmless = change.action is Action.UPDATE and not change.paths(besides=METADATA)
    if change.action in (Action.CREATE, Action.ADOPT) or harmless:
        return
    rule = rules.DNS_NAME_REMOVED if change.action is Action.DELETE else rules.DNS_NAME_INTERRUPTED
    yield rule.finding(about=change.role, at_most=if_serving(tenant, Danger.TRAFFIC))
