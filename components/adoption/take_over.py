"""What taking over one object would change, difference by difference: refused, named, or nothing.

Four are compared: the object as it is *live*; as it is *declared*; what the API server makes of it when the declaration
is laid over it (*taken*, which is what Pulumi's plugin does); and what it would be by the declaration alone (*clean*).
The last tells also of what nobody declares: it stays for now, but nothing would bring it back.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from kube.comparison import Difference, differences, overlay
from kube.dry_run import Rejection
from kube.facts import (
    DATA_MOUNT,
    LOG_MOUNT,
    TOMCAT_MOUNT,
    control_container,
    data_paths,
    forward,
    keepalived_container,
    replicas,
    resource,
    selected_role,
    vips,
)
from kube.manifest import Json, Manifest, at, items, joined, mapping, text
from kube.masking import MISSING, shown
from kube.spelling import flags, normalised
from tenants.fleet import Role, TenantSpec, UpdateStrategy


class Takeover(Enum):
    """What is done about a difference."""

    FIXED = "refused: nobody can change it in place"
    ENTRY = "refused: the entry has to say what is live"
    BY_HAND = "refused: no entry can say what is live"
    NAMED = "named: nothing that runs now notices it"
    NOTHING = "nothing: it means the same"


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One difference."""

    verdict: Takeover
    words: str
    """What is said of the object: `its serviceName is elsewhere`, `gets image b instead of a`."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """One object that is there, and what it is compared with."""

    live: Manifest
    declared: Manifest
    taken: Manifest | Rejection
    clean: Manifest | Rejection
    pod: Manifest | None = None
    """The one that a workload runs; `None` for other objects too."""
    hosts: Sequence[str] = ()
    """Where that pod is; without a pod, the nodes on which it could start. Empty for other objects too."""

    @property
    def kind(self) -> str:
        """Kind of the object."""
        return text(self.live.get("kind"))

    @property
    def name(self) -> str:
        """Name of the object."""
        return text(at(self.live, "metadata", "name"))


TEMPLATE = "spec.template"
POD = f"{TEMPLATE}.spec"
CONTAINERS = f"{POD}.containers"
RESOURCES = f"{CONTAINERS}.resources"
MOUNTS = f"{CONTAINERS}.volumeMounts"
NEXT_START = "from the next start of its pod on"

_METADATA = {"metadata.labels": Takeover.NAMED, "metadata.annotations": Takeover.NOTHING}
_WORKLOAD = {
    **_METADATA,
    TEMPLATE: Takeover.NAMED,
    f"{TEMPLATE}.metadata.creationTimestamp": Takeover.NOTHING,
    # Where the pod is, or could start, is compared as such.
    f"{POD}.nodeSelector": Takeover.NOTHING,
    f"{POD}.affinity": Takeover.NOTHING,
    f"{POD}.nodeName": Takeover.NOTHING,
    # The old name of serviceAccountName, which the API server keeps beside it.
    f"{POD}.serviceAccount": Takeover.NOTHING,
    "spec.minReadySeconds": Takeover.NAMED,
}
VERDICTS: Mapping[str, Mapping[str, Takeover]] = {
    "ConfigMap": _METADATA,
    "ReplicationController": _WORKLOAD,
    "Service": {**_METADATA, "spec.clusterIP": Takeover.NOTHING, "spec.clusterIPs": Takeover.NOTHING},
    "StatefulSet": {
        **_WORKLOAD,
        MOUNTS: Takeover.BY_HAND,
        f"{MOUNTS}.volume.hostPath.type": Takeover.NAMED,
        f"{POD}.initContainers": Takeover.BY_HAND,
        # It would stay, and hold the pod there when the entry's host has long been another.
        f"{POD}.nodeName": Takeover.BY_HAND,
        # Said by `_fixed` already; so for a Service's address.
        "spec.selector": Takeover.NOTHING,
        "spec.serviceName": Takeover.NOTHING,
        "spec.updateStrategy": Takeover.NAMED,
        "spec.revisionHistoryLimit": Takeover.NAMED,
        "spec.persistentVolumeClaimRetentionPolicy": Takeover.NAMED,
    },
}
"""By kind, the verdict on a field and what is in it; what is not here is refused, to be put right by hand.

Fields are spelled as in `Difference.path`, without what tells members of lists and keys of maps apart.
"""
_MEANINGLESS = 'annotations["scheduler.alpha.kubernetes.io/tolerations"]'
"""In the seed's templates; Kubernetes has not read it since 1.6."""
_KEPT_BY: Mapping[str, str] = {
    "meta.helm.sh/release-name": "the Helm release",
    "argocd.argoproj.io/tracking-id": "Argo CD, as",
    "argocd.argoproj.io/instance": "the Argo CD application",
    "kustomize.toolkit.fluxcd.io/name": "the Flux kustomization",
    "helm.toolkit.fluxcd.io/name": "the Flux Helm release",
}
"""Annotations and labels by which another tool knows what is its own."""


def judged(tenant: TenantSpec, found: Found) -> list[Judged]:
    """Everything that is to be said of taking over one of a tenant's objects."""
    changed_at_once = {each.path for each in _compared(found, found.taken)}
    said = [
        *_fixed(tenant, found),
        *_kept_by_others(found),
        *_pod(tenant, found),
        *_strategy(tenant, found),
        *_in_front(found),
        *(
            _in_own_words(tenant, found, difference)
            or _by_table(found, difference, stays=difference.path not in changed_at_once)
            for difference in _compared(found, found.clean)
        ),
    ]
    refusal = next((each for each in (found.taken, found.clean) if isinstance(each, Rejection)), None)
    if refusal and not any(each.verdict in (Takeover.FIXED, Takeover.BY_HAND) for each in said):
        said.append(
            Judged(verdict=Takeover.FIXED, words=f"the API server refuses what is declared ({refusal.message})")
        )
    # Several fields may come to one sentence.
    return [each for each in dict.fromkeys(said) if each.verdict is not Takeover.NOTHING]


def _compared(found: Found, outcome: Manifest | Rejection) -> Iterator[Difference]:
    known = not isinstance(outcome, Rejection)
    if isinstance(outcome, Rejection):
        outcome = mapping(overlay(found.live, found.declared))
    spelled = (normalised(each) for each in (found.declared, outcome, found.live))
    for each in differences(*spelled):
        # The order of ports, mounts and variables means nothing: none of those that are declared refers to another.
        is_order = isinstance(each.expected, list) and isinstance(each.actual, list)
        # Nobody but the API server can tell which members of two lists belong together.
        is_guessed = not known and any(isinstance(step, int) for step in each.field_path)
        if not is_order and not is_guessed:
            yield each


def _fixed(tenant: TenantSpec, found: Found) -> Iterator[Judged]:
    """What the API server lets nobody change, or passes over in a dry run and keeps as it is."""
    live, declared = mapping(found.live.get("spec")), mapping(found.declared.get("spec"))
    match found.kind:
        case "StatefulSet":
            if live.get("selector") != declared["selector"]:
                yield _cannot_change(f"its selector is {shown('', live.get('selector'), opaque=False)}")
            if live.get("serviceName") != declared["serviceName"]:
                yield _cannot_change(f"its serviceName is {live.get('serviceName')}")
            if live.get("podManagementPolicy") not in (None, "OrderedReady"):
                yield _cannot_change(f"its podManagementPolicy is {live['podManagementPolicy']}")
            if live.get("volumeClaimTemplates"):
                yield _cannot_change("it has volumeClaimTemplates")
        case "Service":
            headless = found.name != tenant.virtual_ip_name
            if headless != (live.get("clusterIP") == "None"):
                yield _cannot_change(f"its clusterIP is {live.get('clusterIP')}")
        case "ConfigMap" if found.live.get("immutable"):
            yield _cannot_change("it is immutable")


def _cannot_change(words: str) -> Judged:
    return Judged(verdict=Takeover.FIXED, words=f"{words}, which cannot be changed in place")


def _kept_by_others(found: Found) -> Iterator[Judged]:
    metadata = mapping(found.live.get("metadata"))
    if metadata.get("deletionTimestamp"):
        yield Judged(verdict=Takeover.BY_HAND, words="it is being deleted")
    for owner in map(mapping, items(metadata.get("ownerReferences"))):
        words = f"it belongs to {owner.get('kind')} {owner.get('name')}, which would put it back, or take it along"
        yield Judged(verdict=Takeover.BY_HAND, words=words)
    marks = {**mapping(metadata.get("labels")), **mapping(metadata.get("annotations"))}
    for mark, keeper in _KEPT_BY.items():
        if mark in marks:
            words = f"is also kept by {keeper} {marks[mark]}, which may put it back or delete it: take it out there"
            yield Judged(verdict=Takeover.NAMED, words=words)


def _pod(tenant: TenantSpec, found: Found) -> Iterator[Judged]:
    """What the pod that runs, or the next one, is at: its template need not say."""
    role = _role(tenant, found)
    if role is None:
        return
    host = tenant.hosts.of(role)
    if found.hosts and host not in found.hosts:
        words = f"its pod belongs on {', '.join(found.hosts)}, and the entry says hosts.{role}: {host}"
        yield Judged(verdict=Takeover.ENTRY, words=words)
    if found.kind == "StatefulSet" and found.pod:
        runs, written = data_paths({**found.pod, "kind": "Pod"}), data_paths(found.live)
        for mount in (DATA_MOUNT, LOG_MOUNT):
            what, key, declared = _directories(tenant)[mount]
            # With `OnDelete` a template may have been changed long ago, and the pod goes on where the data is.
            if runs.get(mount) != written.get(mount) and runs.get(mount) != declared:
                words = f"its pod has its {what} in {_directory(runs, mount)}, and the entry says {key}: {declared}"
                yield Judged(verdict=Takeover.ENTRY, words=words)


def _strategy(tenant: TenantSpec, found: Found) -> Iterator[Judged]:
    """Whether the take-over would restart a database at once, or cannot be because of the strategy that is there."""
    if found.kind != "StatefulSet":
        return
    rolling, taken = UpdateStrategy.ROLLING_UPDATE, found.taken
    if tenant.update_strategy is rolling:
        changes = not isinstance(taken, Rejection) and _template(taken) != _template(found.live)
        if found.pod and (changes or _runs_old_template(found.live, found.pod)):
            why = "its template changes" if changes else "its pod runs an older template"
            words = f"{why}, and updateStrategy: {rolling} would restart its database at once"
            yield Judged(verdict=Takeover.ENTRY, words=words)
    elif isinstance(taken, Rejection) and at(found.live, "spec", "updateStrategy", "rollingUpdate"):
        # The default of `apps/v1`. The declaration is silent about `rollingUpdate`, so it would stay, and the API
        # server refuses that beside `OnDelete`: half-way through the `up` (seen with 1.36.3, 2026-11-25).
        patch = json.dumps({"spec": {"updateStrategy": {"type": tenant.update_strategy, "rollingUpdate": None}}})
        namespace = text(at(found.live, "metadata", "namespace"))
        words = (
            f"its updateStrategy is {rolling}, and the entry's is {tenant.update_strategy}, which takes this first (it "
            f"restarts nothing): kubectl --namespace {namespace} patch statefulset {found.name} --type merge "
            f"--patch '{patch}'"
        )
        yield Judged(verdict=Takeover.BY_HAND, words=words)


def _in_front(found: Found) -> Iterator[Judged]:
    """What others' members of lists do where they stay in front of the declared ones.

    The plugin holds what is live against its inputs position by position, so it takes them for changed ones, in each
    preview; and a changed template replaces a ReplicationController (seen with the plugin's 4.32, 2026-11-25).
    """
    if isinstance(found.taken, Rejection):
        return
    # Where the declared container is new, `_beside` has said so.
    lists = ", ".join(_short(path) for path in _displaced(found.declared, found.taken) if not _is_beside(found, path))
    if not lists:
        return
    if found.kind == "StatefulSet":
        words = (
            f"keeps members of {lists} in front of the program's, so that previews show an update until `python -m "
            "drift --repair` has taken them out and an `up` has seen it"
        )
        yield Judged(verdict=Takeover.NAMED, words=words)
    else:
        words = f"its {lists} would keep members in front of the program's, for which the next `up` would replace it"
        yield Judged(verdict=Takeover.BY_HAND, words=words)


def _is_beside(found: Found, path: str) -> bool:
    names = [{text(each.get("name")) for each in _containers(side)} for side in (found.declared, found.live)]
    return path == CONTAINERS and not names[0] <= names[1]


def _displaced(declared: Json, taken: Json, path: str = "") -> Iterator[str]:
    """Find lists of which a member is not where it is declared."""
    if isinstance(declared, dict):
        for key, value in declared.items():
            yield from _displaced(value, mapping(taken).get(key), joined(path, key))
    elif isinstance(declared, list) and isinstance(taken, list):
        pairs = [(mapping(ours), mapping(theirs)) for ours, theirs in zip(declared, taken, strict=False)]
        if any(ours.get(key) != theirs.get(key) for ours, theirs in pairs for key in ("name", "mountPath")):
            yield path
            return
        for ours, theirs in pairs:
            yield from _displaced(ours, theirs, f"{path}[{ours.get('name')}]")


def _runs_old_template(stateful_set: Manifest, pod: Manifest) -> bool:
    latest = at(stateful_set, "status", "updateRevision")
    return at(pod, "metadata", "labels", "controller-revision-hash") != latest


def _template(stateful_set: Manifest) -> Json:
    return at(stateful_set, "spec", "template")


def _in_own_words(tenant: TenantSpec, found: Found, difference: Difference) -> Judged | None:
    """Speak of what the entry has a key for, or what has a name of its own."""
    match found.kind, _field(difference.path):
        case "Service", "spec.selector.role" if selected_role(found.live) in list(Role):
            if found.name == tenant.virtual_ip_name:
                words = (
                    f"it leads to the {selected_role(found.live)}, and the entry says activeRole: {tenant.active_role}"
                )
                return Judged(verdict=Takeover.ENTRY, words=words)
        case "ConfigMap", field if field.split(".")[0] == "data":
            return _announced(tenant, found)
        case _, "spec.replicas":
            return _counted(tenant, found)
        case "StatefulSet", field if field.startswith(MOUNTS):
            return _mounted(tenant, found, difference)
        case "StatefulSet", field if (
            field.startswith(f"{RESOURCES}.") and (name := field.split(".")[-1]) in tenant.resources
        ):
            live = control_container(found.live) or {}
            was = resource(live, field.split(".")[-2], name) or resource(live, "limits", name) or "none"
            return _gets(f"{name} {tenant.resources[name]} instead of {was}")
        case "ReplicationController", field if field.startswith(f"{CONTAINERS}.args"):
            return _told(found)
        case _, field if field == f"{CONTAINERS}.image" and not difference.added:
            return _gets(f"image {difference.expected} instead of {difference.actual}")
        case _, field if field == CONTAINERS:
            return _beside(found)
    return None


def _announced(tenant: TenantSpec, found: Found) -> Judged:
    vip, announced = str(tenant.vip), vips(found.live)
    if announced != (vip,):
        words = f"it announces {', '.join(announced) or 'no address'}, and the entry says vip: {vip}"
        return Judged(verdict=Takeover.ENTRY, words=words)
    live, declared = forward(found.live, vip), forward(found.declared, vip)
    leads, should_lead = (text(at(each, "data", vip)) for each in (found.live, found.declared))
    return Judged(
        verdict=Takeover.NOTHING if live == declared else Takeover.BY_HAND,
        words=f"it leads {vip} to {leads}, and the program would to {should_lead}",
    )


def _counted(tenant: TenantSpec, found: Found) -> Judged:
    live, declared = replicas(found.live), replicas(found.declared)
    if live not in (0, 1):
        return Judged(verdict=Takeover.BY_HAND, words=f"it has {live} replicas, and the program has one pod a role")
    would, state = ("start its pod", "stopped") if declared else ("end its pod", "running")
    words = (
        f"it has replicas: {live}, and state: {tenant.state} in the entry would {would}; write `state: {state}` there"
    )
    return Judged(verdict=Takeover.ENTRY, words=words)


def _mounted(tenant: TenantSpec, found: Found, difference: Difference) -> Judged | None:
    mount = next((each for each in _directories(tenant) if f".volumeMounts[{each}]" in difference.path), "")
    # Tomcat's logs lie below the others.
    place = LOG_MOUNT if mount == TOMCAT_MOUNT else mount
    live = data_paths(found.live)
    if place:
        what, key, declared = _directories(tenant)[place]
        if live.get(place) != declared:
            words = f"its {what} lies in {_directory(live, place)}, and the entry says {key}: {declared}"
            return Judged(verdict=Takeover.ENTRY, words=words)
    if difference.actual is MISSING and _field(difference.path) == MOUNTS:
        return _gets(f"{_short(difference.path)} {shown('', difference.expected, opaque=False)}")
    return None


def _directories(tenant: TenantSpec) -> Mapping[str, tuple[str, str, str]]:
    """What lies at each mount of a control container, the key that says where, and what it says."""
    return {
        DATA_MOUNT: ("data", "dataPath", tenant.data_path),
        LOG_MOUNT: ("adminlog", "logPath", tenant.log_path),
        TOMCAT_MOUNT: ("adminlog", "logPath", tenant.tomcat_log_path),
    }


def _directory(paths: Mapping[str, str], mount: str) -> str:
    return paths.get(mount, "no directory of its host")


def _told(found: Found) -> Judged:
    """Compare what keepalived is told on its command line."""
    live, declared = (keepalived_container(each) or {} for each in (found.live, found.declared))
    is_told, would_be_told = flags(live), flags(declared)
    serves, would_serve = (each.get("--services-configmap") for each in (is_told, would_be_told))
    if serves != would_serve:
        words = f"its keepalived serves ConfigMap {serves or 'none'}, and the program's is {would_serve}"
        return Judged(verdict=Takeover.BY_HAND, words=words)
    arguments, declared_arguments = (" ".join(map(text, items(each.get("args")))) for each in (live, declared))
    vrid = would_be_told.get("--vrid")
    if is_told.get("--vrid") != vrid:
        return _gets(f"--vrid={vrid} instead of {arguments or 'no arguments'}")
    if is_told == would_be_told:
        return Judged(verdict=Takeover.NOTHING, words="")
    return _gets(f"arguments {declared_arguments} instead of {arguments}")


def _beside(found: Found) -> Judged | None:
    """Compare which containers there are."""
    live, declared = ([text(each.get("name")) for each in _containers(side)] for side in (found.live, found.declared))
    if found.kind == "StatefulSet" or not set(declared) <= set(live):
        # Containers are known by their names: one of another name would get a second one beside it.
        words = f"its containers are {', '.join(live)}, and the program's is {', '.join(declared)}"
        return Judged(verdict=Takeover.BY_HAND, words=words)
    return None


def _containers(workload: Manifest) -> Iterator[Manifest]:
    return map(mapping, items(at(workload, "spec", "template", "spec", "containers")))


def _gets(what: str) -> Judged:
    return Judged(verdict=Takeover.NAMED, words=f"gets {what}, {NEXT_START}")


def _by_table(found: Found, difference: Difference, *, stays: bool) -> Judged:
    """Judge by the field alone.

    Args:
        found: The object.
        difference: From what the declaration alone would make of it.
        stays: Whether the take-over itself leaves the field as it is.
    """
    field, path = _field(difference.path), _short(difference.path)
    parts = field.split(".")
    prefixes = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    table = VERDICTS[found.kind]
    verdict = next((table[prefix] for prefix in prefixes if prefix in table), Takeover.BY_HAND)
    if _MEANINGLESS in difference.path or (field.startswith("metadata.labels") and difference.added):
        verdict = Takeover.NOTHING
    expected, actual = (
        shown(difference.path, value, opaque=False) for value in (difference.expected, difference.actual)
    )
    match verdict:
        case Takeover.NAMED if stays and found.kind == "ReplicationController":
            words = f"keeps {path} {actual}, which no entry says, until a failover or a change replaces it"
        case Takeover.NAMED if stays:
            words = f"keeps {path} {actual}, which no entry says"
        case Takeover.NAMED if difference.added:
            words = f"loses {path} {actual}"
        case Takeover.NAMED:
            words = f"gets {path} {expected} instead of {actual}"
        case _:
            words = f"its {path} is {actual}, and the program's is {expected}"
    if verdict is Takeover.NAMED and not stays and field.startswith(TEMPLATE):
        words = f"{words}, {NEXT_START}"
    return Judged(verdict=verdict, words=words)


def _role(tenant: TenantSpec, found: Found) -> Role | None:
    match found.kind:
        case "StatefulSet":
            return next(role for role in Role if tenant.control_node_name(role) == found.name)
        case "ReplicationController":
            return tenant.active_role
    return None


def _field(path: str) -> str:
    return re.sub(r"\[[^]]*]", "", path)


def _short(path: str) -> str:
    return re.sub(r"^spec\.(template\.spec\.(containers\[[^]]*]\.)?)?", "", path)
