"""The changes by which adoption would alter an existing object: each is refused, reported or ignored."""

import json
from collections.abc import Iterator, Mapping
from functools import partial

from components.adoption.fields import (
    CONTAINERS,
    MOUNTS,
    NEXT_START,
    RESOURCES,
    Decision,
    Existing,
    Judgement,
    field_of,
    judge_by_table,
    short,
)
from kube.comparison import Difference, differences, overlay
from kube.dry_run import Denial, Rejection
from kube.facts import (
    DATA_MOUNT,
    LOG_MOUNT,
    TOMCAT_MOUNT,
    control_container,
    data_paths,
    forward,
    keepalived_container,
    pod_spec,
    replicas,
    resource,
    runs_old_template,
    selected_role,
    vips,
)
from kube.manifest import Json, Manifest, at, items, joined, mapping, text
from kube.masking import MISSING, shown
from kube.spelling import flags, normalised
from tenants.fleet import Role, TenantSpec, UpdateStrategy
from tenants.objects import row_of

_OTHER_MANAGERS: Mapping[str, str] = {
    "meta.helm.sh/release-name": "the Helm release",
    "argocd.argoproj.io/tracking-id": "Argo CD as",
    "argocd.argoproj.io/instance": "the Argo CD application",
    "kustomize.toolkit.fluxcd.io/name": "the Flux kustomization",
    "helm.toolkit.fluxcd.io/name": "the Flux Helm release",
}
"""Annotations and labels by which other tools mark the objects that they manage."""


def judge(tenant: TenantSpec, existing: Existing) -> list[Judgement]:
    """Return everything to refuse or report about the adoption of one of a tenant's objects."""
    changed_now = {each.path for each in _differences(existing, existing.applied)}
    judgements = [
        *_immutable_fields(tenant, existing),
        *_other_managers(existing),
        *_location_of_pod(tenant, existing),
        *_update_strategy(tenant, existing),
        *_order_of_lists(existing),
        *(
            _by_entry(tenant, existing, each) or judge_by_table(existing, each, stays=each.path not in changed_now)
            for each in _differences(existing, existing.replaced)
        ),
    ]
    rejection = next((each for each in (existing.applied, existing.replaced) if isinstance(each, Rejection)), None)
    explaining = (Decision.IMMUTABLE, Decision.FIX_BY_HAND, Decision.FIX_FIRST)
    if rejection and not any(each.decision in explaining for each in judgements):
        judgements.append(_fix_first(_unacceptable(rejection)))
    # Several fields may result in one message.
    return [each for each in dict.fromkeys(judgements) if each.decision is not Decision.IGNORE]


def _unacceptable(rejection: Rejection) -> str:
    if isinstance(rejection, Denial):
        return f"the declared object is denied ({rejection.message}): change what denies it, or the entry"
    return (
        f"the API server rejects the declared object ({rejection.message}): change the entry or the live object "
        "accordingly"
    )


def _differences(existing: Existing, outcome: Manifest | Rejection) -> Iterator[Difference]:
    is_guess = isinstance(outcome, Rejection)
    if isinstance(outcome, Rejection):
        outcome = mapping(overlay(existing.live, existing.declared))
    for each in differences(*map(normalised, (existing.declared, outcome, existing.live))):
        # The order of ports, mounts and variables has no meaning: no declared one refers to another.
        is_order = isinstance(each.expected, list) and isinstance(each.actual, list)
        # Only the API server knows which members of two lists correspond to each other.
        in_list = any(isinstance(step, int) for step in each.field_path)
        if not is_order and not (is_guess and in_list):
            yield each


def _immutable_fields(tenant: TenantSpec, existing: Existing) -> Iterator[Judgement]:
    """Compare fields that the API server does not allow to change, or that a dry run silently keeps."""
    live, declared = mapping(existing.live.get("spec")), mapping(existing.declared.get("spec"))
    match existing.kind:
        case "StatefulSet":
            if live.get("selector") != declared["selector"]:
                yield _immutable(f"its selector is {shown('', live.get('selector'), opaque=False)}")
            if live.get("serviceName") != declared["serviceName"]:
                yield _immutable(f"its serviceName is {live.get('serviceName')}")
            if live.get("podManagementPolicy") not in (None, "OrderedReady"):
                yield _immutable(f"its podManagementPolicy is {live['podManagementPolicy']}")
            if live.get("volumeClaimTemplates"):
                yield _immutable("it has volumeClaimTemplates")
        case "Service":
            headless = existing.name != tenant.virtual_ip_name
            if headless != (live.get("clusterIP") == "None"):
                yield _immutable(f"its clusterIP is {live.get('clusterIP')}")
        case "ConfigMap" if existing.live.get("immutable"):
            yield _immutable("it is immutable")


def _other_managers(existing: Existing) -> Iterator[Judgement]:
    metadata = mapping(existing.live.get("metadata"))
    if metadata.get("deletionTimestamp"):
        yield _fix_first("it is being deleted: wait until it is gone, then retry")
    for owner in map(mapping, items(metadata.get("ownerReferences"))):
        of = f"{owner.get('kind')} {owner.get('name')}"
        yield _fix_first(f"it is owned by {of}, which may revert or delete it: remove the ownerReference first")
    marks = {**mapping(metadata.get("labels")), **mapping(metadata.get("annotations"))}
    for mark, manager in _OTHER_MANAGERS.items():
        if mark in marks:
            yield _report(f"is also managed by {manager} {marks[mark]}, which may revert or delete it: remove it there")


def _location_of_pod(tenant: TenantSpec, existing: Existing) -> Iterator[Judgement]:
    """Compare the node and directories of the pod, which may be others than its template's."""
    row = row_of(existing.kind, existing.name)
    role = row.role if row else None
    if existing.kind == "ReplicationController":
        role = tenant.active_role
    if role is None:
        return
    node = tenant.hosts.of(role)
    if existing.nodes and node not in existing.nodes:
        yield _fix_entry(f"its pod's node is {', '.join(existing.nodes)}, but the entry has hosts.{role}: {node}")
    if existing.kind == "StatefulSet" and existing.pod:
        paths, template_paths = data_paths({**existing.pod, "kind": "Pod"}), data_paths(existing.live)
        for mount in (DATA_MOUNT, LOG_MOUNT):
            what, key, declared = _directories(tenant)[mount]
            # With `OnDelete` the template may have changed long ago, and the pod still uses the old directory.
            if paths.get(mount) != template_paths.get(mount) and paths.get(mount) != declared:
                yield _fix_entry(
                    f"its pod has its {what} in {_directory(paths, mount)}, but the entry has {key}: {declared}"
                )


def _update_strategy(tenant: TenantSpec, existing: Existing) -> Iterator[Judgement]:
    """Judge whether the adoption would restart a database at once, or fails because of the live strategy."""
    if existing.kind != "StatefulSet":
        return
    rolling, live, applied = UpdateStrategy.ROLLING_UPDATE, existing.live, existing.applied
    if tenant.update_strategy is rolling:
        template = at(live, "spec", "template")
        changes = not isinstance(applied, Rejection) and at(applied, "spec", "template") != template
        if existing.pod and (changes or runs_old_template(live, existing.pod)):
            why = "its template changes" if changes else "its pod runs an older template"
            yield _fix_first(
                f"{why}, and updateStrategy: {rolling} would restart its database immediately; set `updateStrategy: "
                f"{UpdateStrategy.ON_DELETE}` in the entry"
            )
    elif isinstance(applied, Rejection) and at(live, "spec", "updateStrategy", "rollingUpdate"):
        # The default of `apps/v1`. The declaration does not contain `rollingUpdate`, so it would stay, and the API
        # server rejects it beside `OnDelete`: in the middle of the `up` (seen with 1.36.3, 2026-11-25).
        patch = json.dumps({"spec": {"updateStrategy": {"type": tenant.update_strategy, "rollingUpdate": None}}})
        namespace = text(at(live, "metadata", "namespace"))
        yield _fix_first(
            f"its updateStrategy is {rolling}, but the entry's is {tenant.update_strategy}: first run `kubectl "
            f"--namespace {namespace} patch statefulset {existing.name} --type merge --patch '{patch}'`, which "
            "restarts nothing"
        )


def _order_of_lists(existing: Existing) -> Iterator[Judgement]:
    """Find lists in which members that are not declared precede the declared ones.

    The plugin compares live lists with its inputs by position, so each preview shows them as changed; and a changed
    template replaces a ReplicationController (seen with the plugin's 4.32, 2026-11-25).
    """
    if isinstance(existing.applied, Rejection):
        return
    paths = [
        short(path)
        for path in _displaced(existing.declared, existing.applied)
        # A missing container has been judged by `_containers`.
        if path != CONTAINERS or set(_container_names(existing.declared)) <= set(_container_names(existing.live))
    ]
    if not paths:
        return
    lists = ", ".join(paths)
    if existing.kind == "StatefulSet":
        yield _report(
            f"keeps members of {lists} before those of the program, so previews show an update until `python -m drift "
            "--repair` has removed them and `pulumi up` has run again"
        )
    else:
        yield _fix_by_hand(
            f"its {lists} would keep members before those of the program, and the next `up` would replace it for that"
        )


def _displaced(declared: Json, applied: Json, path: str = "") -> Iterator[str]:
    """Find lists with a member that is not in its declared position."""
    if isinstance(declared, dict):
        for key, value in declared.items():
            yield from _displaced(value, mapping(applied).get(key), joined(path, key))
    elif isinstance(declared, list) and isinstance(applied, list):
        pairs = [(mapping(ours), mapping(theirs)) for ours, theirs in zip(declared, applied, strict=False)]
        if any(ours.get(key) != theirs.get(key) for ours, theirs in pairs for key in ("name", "mountPath")):
            yield path
            return
        for ours, theirs in pairs:
            yield from _displaced(ours, theirs, f"{path}[{ours.get('name')}]")


def _by_entry(tenant: TenantSpec, existing: Existing, difference: Difference) -> Judgement | None:
    """Judge a difference in terms of the entry's fields; `None` if there is none for it."""
    live, is_vip = existing.live, existing.name == tenant.virtual_ip_name
    match existing.kind, field_of(difference.path):
        case "Service", "spec.selector.role" if is_vip and selected_role(live) in list(Role):
            return _fix_entry(
                f"it selects the {selected_role(live)}, but the entry has activeRole: {tenant.active_role}"
            )
        case "ConfigMap", field if field.split(".")[0] == "data":
            return _backend(tenant, existing)
        case "NetworkPolicy", field if field.startswith("spec.ingress"):
            return _ingress(existing)
        case _, "spec.replicas":
            return _replicas(tenant, existing)
        case "StatefulSet", field if field.startswith(MOUNTS):
            return _mounts(tenant, existing, difference)
        case "StatefulSet", field if (
            field.startswith(f"{RESOURCES}.") and (name := field.split(".")[-1]) in tenant.resources
        ):
            container = control_container(live) or {}
            was = resource(container, field.split(".")[-2], name) or resource(container, "limits", name) or "none"
            return _gets(f"{name} {tenant.resources[name]} instead of {was}")
        case "ReplicationController", field if field.startswith(f"{CONTAINERS}.args"):
            return _arguments(existing)
        case _, field if field == f"{CONTAINERS}.image" and not difference.added:
            return _gets(f"image {difference.expected} instead of {difference.actual}")
        case _, field if field == CONTAINERS:
            return _containers(existing)
    return None


def _backend(tenant: TenantSpec, existing: Existing) -> Judgement:
    vip, announced = str(tenant.vip), vips(existing.live)
    if announced != (vip,):
        return _fix_entry(f"it announces {', '.join(announced) or 'no address'}, but the entry has vip: {vip}")
    if forward(existing.live, vip) == forward(existing.declared, vip):
        return Judgement(Decision.IGNORE, "")
    live, declared = (text(at(each, "data", vip)) for each in (existing.live, existing.declared))
    return _fix_by_hand(f"its backend of {vip} is {live}, but the program declares {declared}")


def _ingress(existing: Existing) -> Judgement | None:
    """Compare the networks that may connect to the database; ports and pods have no field in the entry."""
    (live, live_rest), (declared, declared_rest) = (_networks(each) for each in (existing.live, existing.declared))
    if live_rest != declared_rest:
        return None
    if set(live) == set(declared):
        return Judgement(Decision.IGNORE, "")
    return _fix_entry(
        f"it allows {', '.join(live) or 'no network'}, but networkPolicy.allowFrom of the entry and "
        f"cluster.nodeAddresses allow {', '.join(declared) or 'none'}"
    )


def _networks(policy: Manifest) -> tuple[list[str], list[Json]]:
    """Return the networks in the first rule of a NetworkPolicy, the database's, and everything else in its rules."""
    rules = [mapping(rule) for rule in items(at(policy, "spec", "ingress"))]
    peers = list(items(rules[0].get("from"))) if rules else []
    # No entry can declare a block with exceptions.
    others = [peer for peer in peers if mapping(at(peer, "ipBlock")).keys() != {"cidr"}]
    networks = [text(at(peer, "ipBlock", "cidr")) for peer in peers if peer not in others]
    return networks, [*({**rule, "from": others} for rule in rules[:1]), *rules[1:]]


def _replicas(tenant: TenantSpec, existing: Existing) -> Judgement:
    live, declared = replicas(existing.live), replicas(existing.declared)
    if live not in (0, 1):
        return _fix_by_hand(f"it has {live} replicas, but the program declares at most one")
    effect, state = ("start", "stopped") if declared else ("stop", "running")
    return _fix_entry(
        f"it has replicas: {live}, but state: {tenant.state} in the entry would {effect} its pod; set `state: {state}`"
    )


def _mounts(tenant: TenantSpec, existing: Existing, difference: Difference) -> Judgement | None:
    mount = next((each for each in _directories(tenant) if f".volumeMounts[{each}]" in difference.path), "")
    # Tomcat's logs are in a subdirectory of the others.
    mount = LOG_MOUNT if mount == TOMCAT_MOUNT else mount
    live = data_paths(existing.live)
    if mount:
        what, key, declared = _directories(tenant)[mount]
        if live.get(mount) != declared:
            return _fix_entry(f"its {what} is in {_directory(live, mount)}, but the entry has {key}: {declared}")
    if difference.actual is MISSING and field_of(difference.path) == MOUNTS:
        return _gets(f"{short(difference.path)} {shown('', difference.expected, opaque=False)}")
    return None


def _directories(tenant: TenantSpec) -> Mapping[str, tuple[str, str, str]]:
    """Return, by mount path of a control container, what it contains, and the entry's key and directory for it."""
    return {
        DATA_MOUNT: ("data", "dataPath", tenant.data_path),
        LOG_MOUNT: ("adminlog", "logPath", tenant.log_path),
        TOMCAT_MOUNT: ("adminlog", "logPath", tenant.tomcat_log_path),
    }


def _directory(paths: Mapping[str, str], mount: str) -> str:
    return paths.get(mount, "no directory of its node")


def _arguments(existing: Existing) -> Judgement:
    """Compare keepalived's command lines."""
    live, declared = (keepalived_container(each) or {} for each in (existing.live, existing.declared))
    live_flags, declared_flags = flags(live), flags(declared)
    config_map, declared_config_map = (each.get("--services-configmap") for each in (live_flags, declared_flags))
    if config_map != declared_config_map:
        return _fix_by_hand(
            f"its keepalived reads ConfigMap {config_map or 'none'}, but the program declares {declared_config_map}"
        )
    arguments, declared_arguments = (" ".join(map(text, items(each.get("args")))) for each in (live, declared))
    vrid = declared_flags.get("--vrid")
    if live_flags.get("--vrid") != vrid:
        return _gets(f"--vrid={vrid} instead of {arguments or 'no arguments'}")
    if live_flags == declared_flags:
        return Judgement(Decision.IGNORE, "")
    return _gets(f"arguments {declared_arguments} instead of {arguments}")


def _containers(existing: Existing) -> Judgement | None:
    """Compare the names of the containers, by which the API server merges them."""
    live, declared = _container_names(existing.live), _container_names(existing.declared)
    if existing.kind == "StatefulSet" or not set(declared) <= set(live):
        return _fix_by_hand(f"its containers are {', '.join(live)}, but the program declares {', '.join(declared)}")
    return None


def _container_names(workload: Manifest) -> list[str]:
    return [text(each.get("name")) for each in map(mapping, items(pod_spec(workload).get("containers")))]


def _immutable(words: str) -> Judgement:
    return Judgement(Decision.IMMUTABLE, f"{words}, which cannot be changed in place")


_fix_entry = partial(Judgement, Decision.FIX_ENTRY)
_fix_by_hand = partial(Judgement, Decision.FIX_BY_HAND)
_fix_first = partial(Judgement, Decision.FIX_FIRST)
_report = partial(Judgement, Decision.REPORT)


def _gets(what: str) -> Judgement:
    return _report(f"gets {what} {NEXT_START}")
