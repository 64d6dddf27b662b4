"""What happens to the databases of a tenant: their pods, their disks, the label that keeps them on their node."""

from collections.abc import Iterator

from kube.facts import DataLocation, place, replicas
from kube.manifest import Manifest, at, mapping, text
from review.changes import ObjectChange, Part, TenantChange
from review.danger import Danger
from review.fields import FieldChange
from review.findings import Finding, finding
from review.preview import Action
from review.words import Words, words
from tenants.fleet import UpdateStrategy

# Fields of a StatefulSet, by the beginning of their path, the first that fits; what fits none is not known.
HARMLESS = ("metadata.annotations", "metadata.labels", "spec.revisionHistoryLimit")
HANDLED = ("spec.replicas", "spec.updateStrategy", "spec.template")
NEVER_STARTS_A_POD = UpdateStrategy.ON_DELETE


def database_findings(tenant: TenantChange, *, stays: bool, retired: bool, runs: bool) -> Iterator[Finding]:
    """Judge StatefulSets, their names and their node labels.

    Args:
        tenant: what happens to it.
        stays: false if the whole tenant comes or goes.
        retired: whether it was, so that its databases may go with it.
        runs: whether it had pods.
    """
    moved = set()
    for change in tenant.of(Part.DATABASE):
        found = list(_stateful_set(change, may_go=retired and not stays, stays=stays))
        moved |= {change.role for each in found if each.danger is Danger.DATA_LOSS}
        yield from found
    if stays:
        for change in tenant.of(Part.NODE_LABEL):
            if change.role not in moved:
                yield from _node_label(change, Danger.RESTART if runs else Danger.NONE)
        for change in tenant.of(Part.DATABASE_NAME):
            yield from _headless_service(change, Danger.TRAFFIC if runs else Danger.NONE)


def _stateful_set(change: ObjectChange, *, may_go: bool, stays: bool) -> Iterator[Finding]:
    if change.action is Action.DELETE:
        yield _deleted(change, may_go=may_go)
    elif change.action is Action.CREATE:
        if stays:
            yield finding(
                Danger.NONE, "StatefulSet is made again, on {}", _spelled(place(change.after)), about=change.role
            )
    elif change.action is Action.ADOPT:
        if _strategy(change.after) != NEVER_STARTS_A_POD and replicas(change.after) != 0:
            yield finding(
                Danger.RESTART,
                "adopted with an update strategy that is not OnDelete: restarts the database if its template differs",
                about=change.role,
            )
    elif change.action in (Action.UPDATE, Action.REPLACE):
        yield from _changed(change)
    else:
        yield finding(Danger.DATA_LOSS, "StatefulSet is {}", change.action.value, about=change.role)


def _deleted(change: ObjectChange, *, may_go: bool) -> Finding:
    there = _spelled(place(change.before))
    if may_go:
        return finding(Danger.NONE, "data stays on {}", there, about=change.role)
    return finding(
        Danger.DATA_LOSS,
        "database is deleted without being retired — what it wrote stays on {}, but nothing runs there any more",
        there,
        about=change.role,
    )


def _changed(change: ObjectChange) -> Iterator[Finding]:
    role = change.role
    old, new = place(change.before), place(change.after)
    runs, will_run = replicas(change.before), replicas(change.after)
    stopped = will_run == 0
    if change.before and change.after:
        yield from _moved(change, old, new)
    if not change.fields:
        yield finding(
            Danger.NONE if runs == will_run == 0 else Danger.RESTART,
            "StatefulSet changes, but the preview does not say what",
            about=role,
        )
    if change.action is Action.REPLACE:
        stopping = runs == 0
        yield finding(
            Danger.NONE if stopping else Danger.RESTART,
            "StatefulSet is replaced"
            if stopping
            else "database pod is deleted and started again: StatefulSet replaced",
            about=role,
        )
    if runs != will_run:
        yield from _scaled(change, runs, will_run)
    yield from _other_fields(change, stopped=stopped or change.action is Action.REPLACE)


def _moved(change: ObjectChange, old: DataLocation, new: DataLocation) -> Iterator[Finding]:
    if _elsewhere(old.host, new.host) or old.data_path != new.data_path:
        yield finding(
            Danger.DATA_LOSS,
            "database moves from {} to {} — nothing copies its data: it starts on an empty disk unless the data was "
            "moved there by hand beforehand",
            _spelled(old),
            _spelled(new),
            about=change.role,
        )
    elif old.log_path != new.log_path:
        yield finding(
            Danger.DATA_LOSS,
            "log directory moves from {} to {} on {} — nothing copies the logs",
            old.log_path,
            new.log_path,
            new.host or "its node",
            about=change.role,
        )
    elif not new.host and _node_selector(change.before) != _node_selector(change.after):
        yield finding(
            Danger.DATA_LOSS,
            "node selector changes and no host is named: the database may start elsewhere, on an empty disk",
            about=change.role,
        )


def _elsewhere(old_host: str, new_host: str) -> bool:
    """Whether the pod may find itself on another node; pinning one that was not pinned moves nothing."""
    return bool(old_host) and old_host != new_host


def _node_selector(stateful_set: Manifest) -> Manifest:
    return mapping(at(stateful_set, "spec", "template", "spec", "nodeSelector"))


def _scaled(change: ObjectChange, runs: int | None, will_run: int | None) -> Iterator[Finding]:
    if will_run is None or will_run > 1:
        yield finding(
            Danger.DATA_LOSS,
            "{} pods instead of {}: all of them write to one disk",
            str(will_run if will_run is not None else "an unknown number of"),
            str(runs),
            about=change.role,
        )
    elif runs is None or runs > will_run:
        yield finding(
            Danger.RESTART, "database stops — data stays on {}", _spelled(place(change.after)), about=change.role
        )
    else:
        yield finding(
            Danger.NONE, "database starts on the data of {}", _spelled(place(change.after)), about=change.role
        )


def _other_fields(change: ObjectChange, *, stopped: bool) -> Iterator[Finding]:
    strategy = _strategy(change.after)
    # `apps/v1`'s own default restarts.
    restarts = strategy != NEVER_STARTS_A_POD and not stopped
    told = _told_as_a_move(place(change.before), place(change.after))
    template = [
        field
        for field in change.fields
        if field.path.startswith("spec.template.") and not (told and field.path.startswith(told))
    ]
    if template:
        topics = dict.fromkeys(_topic(field) for field in template)
        yield Finding(
            danger=Danger.RESTART if restarts else Danger.NONE,
            says=Words(
                f"{', '.join(topic.template for topic in topics)} — {_effect(restarts=restarts, stopped=stopped)}",
                tuple(value for topic in topics for value in topic.values),
            ),
            about=(change.role,) if change.role else (),
        )
    if any(field.path.startswith("spec.updateStrategy") for field in change.fields):
        yield finding(
            Danger.RESTART if restarts else Danger.NONE,
            "update strategy becomes {}"
            + (" — restarts at once a pod that still runs an older template" if restarts else " — restarts no pod"),
            strategy or "the cluster's default",
            about=change.role,
        )
    if change.action is Action.REPLACE:
        return
    strange = [field.path for field in change.fields if not field.path.startswith((*HARMLESS, *HANDLED))]
    if strange:
        runs = replicas(change.before) != 0
        yield finding(
            Danger.RESTART if runs else Danger.NONE,
            "not known to this review"
            + (", take it for a restart" if runs else ", and no pod of it runs")
            + ": {} of the StatefulSet changes",
            ", ".join(strange),
            about=change.role,
        )


def _strategy(stateful_set: Manifest) -> str:
    return text(at(stateful_set, "spec", "updateStrategy", "type"))


def _effect(*, restarts: bool, stopped: bool) -> str:
    if stopped:
        return "taken up by the pod's next start"
    if restarts:
        # kubernetes#67250: the controller waits for the pod that it has started last, whatever the template says since.
        return (
            "restarts the database: its update strategy is not OnDelete; if the new pod does not become ready, "
            "a revert takes effect only when that pod is deleted by hand"
        )
    return "restarts no pod: taken up when the pod is next deleted"


TOPICS = (
    (".imagePullPolicy", "image pull policy"),
    (".limits.memory", "memory"),
    (".requests.memory", "memory"),
    (".limits.cpu", "CPU"),
    (".requests.cpu", "CPU"),
    (".resources", "resources"),
    (".env", "environment"),
    (".tolerations", "tolerations"),
    (".affinity", "affinity"),
    (".nodeSelector", "node selector"),
    (".hostname", "host name"),
    (".volumes", "volumes"),
    (".volumeMounts", "volume mounts"),
    (".command", "command"),
    (".args", "arguments"),
)


def _topic(field: FieldChange) -> Words:
    if field.path.endswith(".image"):
        return words("image change {} → {}", _bare(field.before), _bare(field.after))
    topic = next((topic for part, topic in TOPICS if part in field.path), None)
    return words(f"{topic} change") if topic else words("change of {}", field.path.removeprefix("spec.template."))


def _bare(value: str) -> str:
    return value.strip('"')


def _told_as_a_move(old: DataLocation, new: DataLocation) -> tuple[str, ...]:
    """Paths of fields that a move consists of: it has been told in one sentence."""
    pod = "spec.template.spec."
    told: list[str] = []
    if _elsewhere(old.host, new.host):
        told += [f"{pod}affinity.nodeAffinity"]
    if old.data_path != new.data_path:
        told += [f"{pod}volumes[data].hostPath"]
    if old.log_path != new.log_path:
        told += [f"{pod}volumes[adminlog].hostPath", f"{pod}volumes[tomcatlogs].hostPath"]
    return tuple(told)


def _spelled(there: DataLocation) -> str:
    paths = ", ".join(filter(None, (there.data_path, there.log_path)))
    return f"{there.host or 'its node'}:{paths or 'its path'}"


def _node_label(change: ObjectChange, danger: Danger) -> Iterator[Finding]:
    old, new = (text(at(inputs, "metadata", "name")) for inputs in (change.before, change.after))
    labels_before, labels_after = (
        mapping(at(inputs, "metadata", "labels")) for inputs in (change.before, change.after)
    )
    if change.action in (Action.CREATE, Action.ADOPT):
        yield finding(Danger.NONE, "label {} is written on {}", ", ".join(labels_after), new, about=change.role)
    elif change.action is Action.DELETE:
        yield finding(
            danger,
            "label {} is taken from {}: the database cannot start there again",
            ", ".join(labels_before),
            old,
            about=change.role,
        )
    elif old != new:
        yield finding(
            Danger.DATA_LOSS,
            "node label moves from {} to {} — the database starts there next time, on an empty disk unless the data "
            "was moved there by hand beforehand",
            old,
            new,
            about=change.role,
        )
    elif labels_before != labels_after:
        yield finding(
            danger,
            "label on {} changes: the database cannot start there again unless it asks for the new one",
            new,
            about=change.role,
        )


def _headless_service(change: ObjectChange, danger: Danger) -> Iterator[Finding]:
    if change.action in (Action.CREATE, Action.ADOPT):
        return
    harmless = all(field.path.startswith(("metadata.annotations", "metadata.labels")) for field in change.fields)
    if change.action is Action.UPDATE and harmless:
        return
    yield finding(
        danger,
        "the pod's name in DNS is {}: master and standby find each other by it",
        "gone" if change.action is Action.DELETE else "interrupted",
        about=change.role,
    )
