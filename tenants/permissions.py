"""The smallest permissions for the users of a stack, from what the program declares and reads of a fleet.

A rule has the verbs of one kind, and one line here is the reason for each: removing a verb breaks what the line names
(`tests/engine/test_permissions.py` removes each). The API groups and plurals are those of `tenants/objects.py`.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import yaml

from kube.facts import TENANCY_LABEL
from tenants.fleet import Fleet
from tenants.objects import (
    CLUSTER_ROLE,
    CLUSTER_ROLE_BINDING,
    CONFIG_MAP,
    JOB,
    NODE_PATCH,
    OBJECTS,
    SECRET,
    SERVICE,
    SERVICE_ACCOUNT,
    SHARED_OBJECTS,
    STATEFUL_SET,
    ResourceKind,
    live_kinds,
)

ENDPOINTS = ResourceKind(name="Endpoints", plural="endpoints")
NAMESPACE = ResourceKind(name="Namespace", plural="namespaces")
POD = ResourceKind(name="Pod", plural="pods")

CLUSTER_SCOPED = (CLUSTER_ROLE, CLUSTER_ROLE_BINDING, NAMESPACE, NODE_PATCH)

KEEPALIVED_KINDS = (POD, NODE_PATCH, ENDPOINTS, SERVICE, CONFIG_MAP)
KEEPALIVED_VERBS = ("get", "list", "watch")
"""What the keepalived pods read, in every namespace; the user of `up` has to have it to grant it."""

VERBS = ("get", "list", "watch", "create", "patch", "update", "delete")
"""In the order in which rules list them."""
WRITES = ("create", "patch", "update", "delete")


class User(StrEnum):
    """What a user of the stack's cluster runs."""

    PREVIEW = "preview"
    UP = "up"
    DRIFT = "drift"


USERS = {
    User.PREVIEW: "`pulumi preview`",
    User.UP: "`pulumi up`",
    User.DRIFT: "`python -m drift`",
}


@dataclass(frozen=True, kw_only=True)
class Extra:
    """What users may do besides, for a time."""

    destroy: bool = False
    """Delete what tenants share, too."""
    missing_nodes: bool = False
    """Set or remove labels of nodes that do not exist."""
    repair: bool = False
    """`python -m drift --repair`."""


@dataclass(frozen=True, kw_only=True)
class Grant:
    """One verb for objects of one kind."""

    group: str
    plural: str
    verb: str
    names: tuple[str, ...] = ()
    """Empty for all objects."""
    cluster_wide: bool

    def covers(self, other: "Grant") -> bool:
        """Tell whether this one makes another one superfluous."""
        return (
            self != other
            and (self.group, self.plural, self.verb) == (other.group, other.plural, other.verb)
            and self.cluster_wide >= other.cluster_wide
            and (not self.names or (bool(other.names) and set(other.names) <= set(self.names)))
        )


class _Grants:
    """What a fleet's users need, from the tables of its objects."""

    def __init__(self, fleet: Fleet, extra: Extra) -> None:
        cluster = fleet.cluster
        self._fleet, self._extra, self._namespace = fleet, extra, cluster.namespace
        shared = {CONFIG_MAP: fleet.platform.config_maps, SECRET: fleet.platform.secrets}
        self._read = {kind: tuple(each.name for each in of if each.data is None) for kind, of in shared.items()}
        self._secrets = tuple(each.name for each in fleet.platform.secrets if each.data is not None)
        self._of_tenants = _once(row.kind for row in OBJECTS if any(map(row.is_declared, fleet.tenants)))
        if cluster.node_keepalived.nodes:
            # A tenant had a keepalived of its own before its node has one (`components/guards/announcement.py`).
            self._of_tenants = _once([*self._of_tenants, *SHARED_OBJECTS["NodeKeepalived"]])
        self._grants_access = cluster.keepalived_account_of is None
        self._shared = [kind for kind, of in shared.items() if any(each.data is not None for each in of)]
        if self._grants_access:
            self._shared += SHARED_OBJECTS["KeepalivedAccess"]

    def of(self, user: User) -> Iterator[Grant]:
        match user:
            case User.PREVIEW:
                yield from self._of_the_program()
                yield from self._of_refresh()
            case User.UP:
                yield from self._of_the_program()
                yield from self._of_refresh()
                yield from self._of_up()
            case User.DRIFT:
                yield from self._of_drift()

    def _of_the_program(self) -> Iterator[Grant]:
        """What every run reads before anything is declared (`components/live/cluster.py`)."""
        fleet = self._fleet
        yield from self._all(NAMESPACE, "get", names=("kube-system", self._namespace))
        yield from self._all(NODE_PATCH, "list")
        for kind in (*live_kinds(fleet.tenants), SERVICE_ACCOUNT, POD):
            yield from self._all(kind, "list")
        # Whether the pod that a failover selects is ready now.
        yield from self._all(POD, "get")
        if any(tenant.promotion for tenant in fleet.tenants):
            yield from self._all(JOB, "list")
        # Who owns the Secrets that are declared, and whether those of others have the keys that pods need.
        yield from self._all(SECRET, "get", names=(*self._secrets, *self._read[SECRET]))
        yield from self._all(CONFIG_MAP, "get", names=self._read[CONFIG_MAP])
        if any(tenant.adopt for tenant in fleet.tenants):
            # Dry runs of `kubectl apply` and `kubectl replace`, to compare.
            for kind in live_kinds(fleet.tenants):
                yield from self._all(kind, "get", "create", "patch", "update")

    def _of_refresh(self) -> Iterator[Grant]:
        """What `--refresh` reads; an update reads the object, too."""
        for kind in _once([*self._of_tenants, *self._shared]):
            yield from self._all(kind, "get", names=self._names(kind))
        if self._of_tenants:
            yield from self._all(NODE_PATCH, "get")

    def _of_up(self) -> Iterator[Grant]:
        """What the plugin does with declared objects."""
        of_tenants = {kind.plural for kind in self._of_tenants}
        for kind in _once([*self._of_tenants, *self._shared]):
            # A server-side apply of a missing object needs both.
            yield from self._all(kind, "create")
            yield from self._all(kind, "patch", names=self._names(kind))
            # A deletion waits until the object is gone. Before Kubernetes 1.34 a watch begins with a list.
            if kind.plural in of_tenants or self._extra.destroy:
                yield from self._all(kind, "list", "watch")
                yield from self._all(kind, "delete", names=self._names(kind))
        if self._of_tenants:
            yield from self._all(NODE_PATCH, "patch")
            # The plugin waits until pods of StatefulSets and Jobs are ready or finished.
            yield from self._all(POD, "watch")
        if self._extra.missing_nodes:
            # Labelling a missing node creates it, and it is deleted again (`components/guards/phantom_nodes.py`).
            yield from self._all(NODE_PATCH, "create", "delete")
        yield from self._of_keepalived()

    def _of_keepalived(self) -> Iterator[Grant]:
        """What the declared ClusterRole grants: nobody may grant what they do not have, not even in a dry run."""
        for kind in KEEPALIVED_KINDS if self._grants_access else ():
            yield from self._all(kind, *KEEPALIVED_VERBS, cluster_wide=True)

    def _of_drift(self) -> Iterator[Grant]:
        for kind in _once([*self._of_tenants, *self._shared]):
            # The expected object is what a dry run of `kubectl replace` returns; only declared fields of a Job are
            # compared, and no other is repaired (`drift/survey.py`).
            verbs = ("get",) if kind is JOB else ("get", "update")
            yield from self._all(kind, *verbs, names=self._names(kind))
        if self._of_tenants:
            yield from self._all(NODE_PATCH, "get", "list")
            # Whether a node's label is another fleet's.
            yield from self._all(STATEFUL_SET, "list", cluster_wide=True)
        yield from self._of_keepalived()
        if self._extra.repair:
            yield from self._all(NODE_PATCH, "update")

    def _names(self, kind: ResourceKind) -> tuple[str, ...] | None:
        """Return the names of all objects of a kind if they never change; a tenant's come and go."""
        account = self._fleet.cluster.keepalived_account
        role = keepalived_role_name(account, self._namespace)
        names = {
            SECRET: self._secrets,
            SERVICE_ACCOUNT: (account,),
            CLUSTER_ROLE: (role,),
            CLUSTER_ROLE_BINDING: (role,),
        }
        return names.get(kind)

    def _all(
        self, kind: ResourceKind, *verbs: str, names: tuple[str, ...] | None = None, cluster_wide: bool = False
    ) -> Iterator[Grant]:
        for verb in verbs if names is None or names else ():
            yield Grant(
                group=kind.group,
                plural=kind.plural,
                verb=verb,
                names=names or (),
                cluster_wide=cluster_wide or kind in CLUSTER_SCOPED,
            )


def _once(kinds: Iterable[ResourceKind]) -> list[ResourceKind]:
    """Leave out patches of nodes, and of objects of a kind that is listed."""
    by_plural = {kind.plural: kind for kind in kinds if kind is not NODE_PATCH}
    return list(by_plural.values())


def keepalived_role_name(account: str, namespace: str) -> str:
    """Return the name of the ClusterRole of the keepalived pods, and of its binding."""
    # Cluster-scoped, so the name contains the namespace: two stacks of one cluster must not share it.
    return f"{account}-{namespace}"


def grants(fleet: Fleet, user: User, extra: Extra) -> Sequence[Grant]:
    """Return what a user needs, each verb once."""
    found = list(dict.fromkeys(_Grants(fleet, extra).of(user)))
    return [each for each in found if not any(other.covers(each) for other in found)]


def rules(granted: Iterable[Grant]) -> list[dict[str, Any]]:
    """Write grants as the rules of a Role: resources with the same verbs and names are one rule."""
    verbs: dict[tuple[str, str, tuple[str, ...]], set[str]] = {}
    for each in granted:
        verbs.setdefault((each.group, each.plural, each.names), set()).add(each.verb)
    resources: dict[tuple[str, tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for (group, plural, names), of in verbs.items():
        resources.setdefault((group, names, tuple(sorted(of, key=VERBS.index))), []).append(plural)
    return [
        {
            "apiGroups": [group],
            "resources": plurals,
            **({"resourceNames": list(names)} if names else {}),
            "verbs": list(ordered),
        }
        for (group, names, ordered), plurals in resources.items()
    ]


def documents(fleet: Fleet, stack: str, users: Mapping[User, str], extra: Extra) -> list[dict[str, Any]]:
    """Return the roles of a stack's users, their bindings, and what an admission policy forbids them besides.

    Args:
        fleet: What the stack declares.
        stack: Its name.
        users: The name of each user as the API server has it, `system:serviceaccount:ci:deploy` for instance.
        extra: What not every fleet needs.
    """
    namespace = fleet.cluster.namespace
    found: list[dict[str, Any]] = []
    for user, name in users.items():
        granted = grants(fleet, user, extra)
        role = f"adb-{stack}-{user}"
        found += _role(
            "", {"name": role, "namespace": namespace}, name, [each for each in granted if not each.cluster_wide]
        )
        # Cluster-scoped, so the name contains the namespace: it is the same in every namespace of the cluster.
        found += _role(
            "Cluster", {"name": f"{role}-{namespace}"}, name, [each for each in granted if each.cluster_wide]
        )
        # One user may run several commands, and has to be able to write if one of them does.
        only_compares = all(_only_compares(each, extra) for each, of in users.items() if of == name)
        if policy := _dry_runs_only(granted) if only_compares else _labels_only(granted):
            found += _policy(f"{role}-{namespace}", name, policy)
    return found


def _role(prefix: str, metadata: Mapping[str, str], user: str, granted: Sequence[Grant]) -> list[dict[str, Any]]:
    if not granted:
        return []
    api_group = "rbac.authorization.k8s.io"
    api = {"apiVersion": f"{api_group}/v1"}
    return [
        {**api, "kind": f"{prefix}Role", "metadata": dict(metadata), "rules": rules(granted)},
        {
            **api,
            "kind": f"{prefix}RoleBinding",
            "metadata": dict(metadata),
            "roleRef": {"apiGroup": api_group, "kind": f"{prefix}Role", "name": metadata["name"]},
            "subjects": [{"apiGroup": api_group, "kind": "User", "name": user}],
        },
    ]


def _only_compares(user: User, extra: Extra) -> bool:
    """Tell whether a user writes nothing but dry runs, which need the same verbs as writes."""
    return user is User.PREVIEW or (user is User.DRIFT and not extra.repair)


def _dry_runs_only(granted: Sequence[Grant]) -> dict[str, Any] | None:
    by_group: dict[str, dict[str, None]] = {}
    for each in granted:
        if each.verb in WRITES:
            by_group.setdefault(each.group, {})[each.plural] = None
    if not by_group:
        return None
    return {
        "matchConstraints": {
            "resourceRules": [
                {
                    "apiGroups": [group],
                    "apiVersions": ["*"],
                    "operations": ["CREATE", "UPDATE"],
                    "resources": list(plurals),
                }
                for group, plurals in by_group.items()
            ]
        },
        "validations": [
            {
                "expression": "has(request.dryRun) && request.dryRun",
                "message": "this user may only make dry runs",
                "reason": "Forbidden",
            }
        ],
    }


def _labels_only(granted: Sequence[Grant]) -> dict[str, Any] | None:
    """Return a policy that leaves users who may write nodes nothing but the labels of tenants."""
    if not any(each.plural == NODE_PATCH.plural and each.verb in WRITES for each in granted):
        return None
    kept = (
        f'variables.{{0}}.all(key, key.startsWith("{TENANCY_LABEL}") || '
        "(key in variables.{1} && variables.{1}[key] == variables.{0}[key]))"
    )
    message = f"this user may only change the labels {TENANCY_LABEL}… of nodes"
    expressions = (
        "object.spec == oldObject.spec",
        *(
            f"object.metadata.?{field}.orValue({empty}) == oldObject.metadata.?{field}.orValue({empty})"
            # A node whose owner does not exist is deleted.
            for field, empty in (("annotations", "{}"), ("finalizers", "[]"), ("ownerReferences", "[]"))
        ),
        kept.format("before", "after"),
        kept.format("after", "before"),
    )
    return {
        "matchConstraints": {
            "resourceRules": [
                {"apiGroups": [""], "apiVersions": ["*"], "operations": ["UPDATE"], "resources": [NODE_PATCH.plural]}
            ]
        },
        "variables": [
            {"name": "before", "expression": "oldObject.metadata.?labels.orValue({})"},
            {"name": "after", "expression": "object.metadata.?labels.orValue({})"},
        ],
        "validations": [{"expression": each, "message": message, "reason": "Forbidden"} for each in expressions],
    }


def _policy(name: str, user: str, policy: Mapping[str, Any]) -> list[dict[str, Any]]:
    api = {"apiVersion": "admissionregistration.k8s.io/v1"}
    # A string of CEL is written as one of JSON.
    only_this_user = {"name": "only-this-user", "expression": f"request.userInfo.username == {json.dumps(user)}"}
    return [
        {
            **api,
            "kind": "ValidatingAdmissionPolicy",
            "metadata": {"name": name},
            "spec": {"failurePolicy": "Fail", "matchConditions": [only_this_user], **policy},
        },
        {
            **api,
            "kind": "ValidatingAdmissionPolicyBinding",
            "metadata": {"name": name},
            "spec": {"policyName": name, "validationActions": ["Deny"]},
        },
    ]


def manifest(fleet: Fleet, stack: str, users: Mapping[User, str], extra: Extra) -> str:
    """Return `documents` as YAML for `kubectl apply -f -`."""
    return yaml.safe_dump_all(documents(fleet, stack, users, extra), sort_keys=False, explicit_start=True, width=120)


def table(fleet: Fleet, extra: Extra) -> str:
    """Return what each user needs as a table in Markdown."""
    by_user = {user: grants(fleet, user, extra) for user in User}
    rows = dict.fromkeys((each.cluster_wide, each.plural, each.names) for user in User for each in by_user[user])
    lines = [
        "| where | resources | " + " | ".join(f"`{user}`" for user in User) + " |",
        "|---|---|" + "---|" * len(User),
    ]
    merged: dict[tuple[bool, tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for cluster_wide, plural, names in sorted(rows, key=lambda row: row[0]):
        cells = tuple(
            ", ".join(
                verb
                for verb in VERBS
                if any(
                    (each.cluster_wide, each.plural, each.names, each.verb) == (cluster_wide, plural, names, verb)
                    for each in of
                )
            )
            for of in by_user.values()
        )
        merged.setdefault((cluster_wide, names, cells), []).append(plural)
    for (cluster_wide, names, cells), plurals in merged.items():
        where = "`cluster`" if cluster_wide else "`namespace`"
        named = f" ({', '.join(f'`{name}`' for name in names)})" if names else ""
        row = [where, ", ".join(f"`{plural}`" for plural in plurals) + named, *cells]
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines) + "\n"
