"""Rules about names: of tenants, and of the objects that all tenants share."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tenants.draft import FleetDraft, Source, TenantDraft
from tenants.findings import Invalid, Path, Rule, path_text, quoted
from tenants.objects import row_of
from tenants.waivers import note_group, note_unless_waived

LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
SUBDOMAIN = rf"{LABEL}(\.{LABEL})*"

LONGEST_TENANT_NAME = 44
"""63 octets of the pod label `controller-revision-hash`, which is `<tenant>-standby-<hash>`, less 8 for `-standby` and
11 for the hash: the tightest of all names derived from a tenant's."""

_label = re.compile(LABEL)
_subdomain = re.compile(SUBDOMAIN)
_config_key = re.compile(r"[-._a-zA-Z0-9]{1,253}")

NAME_SYNTAX = Rule(
    id="E201",
    title="A tenant's name is a DNS-1123 label",
    why="It is the prefix of every object's name: lower-case letters, digits and `-`, no `-` first or last. The API "
    "server refuses others, half-way through `up`.",
)
NAME_LENGTH = Rule(
    id="E202",
    title=f"A tenant's name has at most {LONGEST_TENANT_NAME} characters",
    why="Names are derived from it that Kubernetes limits to 63 characters: the node label `tenancy-<tenant>`, "
    "Services and hostnames `<tenant>-standby`, and, the tightest, the pod label `controller-revision-hash`, "
    "`<tenant>-standby-` and ten more. The StatefulSet is accepted with a longer name and then never gets a pod.",
)
NAME_UNIQUE = Rule(
    id="E203",
    title="No two tenants of one namespace, or on one node, have the same name",
    why="In one namespace their objects would be the same objects, and the one's update the other's outage. Nodes have "
    "no namespace: two fleets that share one would write one label `tenancy-<tenant>`, and with two roles for its "
    "value, the one's pods are not started again.",
)
OBJECT_NAME_SYNTAX = Rule(
    id="E204",
    title="Names of the namespace and of shared objects are valid in Kubernetes",
    why="The API server refuses them, or never finds them.",
)
OBJECT_NAME_UNIQUE = Rule(
    id="E205",
    title="A shared object that is declared has a name of its own",
    why="Two declared objects of one kind and name overwrite each other at every `up`. Of two stacks in one namespace, "
    "one declares it and the other reads it; of keepalived's account each has one of its own.",
)
DATA_KEY_SYNTAX = Rule(
    id="E206",
    title="Keys of a ConfigMap or Secret are letters, digits, `-`, `_` and `.`",
    why="The API server refuses others.",
)
NAME_LETTER = Rule(
    id="E207",
    title="A tenant's name begins with a letter",
    why="Services are named after it, and before Kubernetes 1.36 (RelaxedServiceNameValidation) a Service's name must "
    "be a DNS-1035 label, which begins with a letter. Waive it where every API server is that new.",
    waivable=True,
)

RULES = (NAME_SYNTAX, NAME_LENGTH, NAME_UNIQUE, OBJECT_NAME_SYNTAX, OBJECT_NAME_UNIQUE, DATA_KEY_SYNTAX, NAME_LETTER)


def tenant_name(text: str) -> str | Invalid:
    """A tenant's name."""
    if not _label.fullmatch(text):
        return Invalid(NAME_SYNTAX, f"{quoted(text)} is not a name for a tenant: {_fault_of_label(text)}")
    if len(text) > LONGEST_TENANT_NAME:
        return Invalid(
            NAME_LENGTH,
            f"{quoted(text)} has {len(text)} characters; use at most {LONGEST_TENANT_NAME}, so that every name derived "
            "from it fits Kubernetes' 63",
        )
    return text


def _fault_of_label(text: str) -> str:
    if not text:
        return "it is empty; write a lower-case name such as tenant3"
    if "." in text:
        return "it holds a dot; use only lower-case letters, digits and -"
    if _label.fullmatch(text.lower()):
        return f"it holds capitals; write {text.lower()[:LONGEST_TENANT_NAME]}"
    if text.strip("-") != text:
        return "it begins or ends with -; use a letter or digit there"
    return "use only lower-case letters, digits and -"


def namespace_name(text: str) -> str | Invalid:
    """A namespace's name."""
    if _label.fullmatch(text) and len(text) <= 63:
        return text
    return Invalid(
        OBJECT_NAME_SYNTAX,
        f"{quoted(text)} is not a namespace: use at most 63 lower-case letters, digits and -, none of them - at an end",
    )


def segment_name(text: str) -> str | Invalid:
    """A network segment's name."""
    return namespace_name(text) if not _label.fullmatch(text) else text


def object_name(text: str) -> str | Invalid:
    """A ConfigMap's or Secret's name."""
    if is_subdomain(text):
        return text
    return Invalid(
        OBJECT_NAME_SYNTAX,
        f"{quoted(text)} is not an object's name: use lower-case letters, digits, - and ., "
        "the first and last of them a letter or digit",
    )


def data_key(text: str) -> Invalid | None:
    """What is wrong with a key of a ConfigMap or Secret, if anything."""
    if _config_key.fullmatch(text) and text not in {".", ".."}:
        return None
    return Invalid(DATA_KEY_SYNTAX, f"{quoted(text)} cannot be a key here; use letters, digits, -, _ and . only")


def is_subdomain(text: str) -> bool:
    """Whether it is a DNS-1123 subdomain, as names of nodes and of most objects are."""
    return len(text) <= 253 and _subdomain.fullmatch(text) is not None


def check(fleets: Sequence[FleetDraft]) -> None:
    """Names across tenants, and of the shared objects, by namespace."""
    by_name: dict[str, list[TenantDraft]] = {}
    for tenant in (tenant for fleet in fleets for tenant in fleet.tenants):
        if tenant.name is not None:
            by_name.setdefault(tenant.name, []).append(tenant)
            if tenant.name[0].isdecimal():
                message = (
                    f"{tenant.name} begins with a digit, and before Kubernetes 1.36 Services may not; use a letter"
                )
                note_unless_waived(NAME_LETTER, tenant, (*tenant.path, "name"), message)
    for name, tenants in by_name.items():
        if len(tenants) > 1:
            _check_namesakes(name, tenants)
    _check_shared(fleets, by_name)


def _check_namesakes(name: str, tenants: Sequence[TenantDraft]) -> None:
    """Tenants of one name: in one namespace they are one tenant, in several they may still meet on a node."""

    def say(_tenant: TenantDraft, others: str) -> str:
        return f"{name} is also the name of {others}; rename one of them"

    by_home: dict[str | Source, list[TenantDraft]] = {}
    for tenant in tenants:
        by_home.setdefault(tenant.source.home, []).append(tenant)
    for group in by_home.values():
        note_group(NAME_UNIQUE, group, lambda tenant: (*tenant.path, "name"), say, call=TenantDraft.place_for)
    if len(by_home) > 1:
        _check_labels(name, tenants)


def _check_labels(name: str, tenants: Sequence[TenantDraft]) -> None:
    """Nodes have no namespace: their labels are told apart by the tenant's name alone."""
    by_node: dict[str, dict[TenantDraft, str]] = {}
    for tenant in tenants:
        for role in ("master", "standby") if tenant.hosts else ():
            node = getattr(tenant.hosts, role)
            if node is not None:
                by_node.setdefault(node, {}).setdefault(tenant, role)
    for node, roles in by_node.items():
        if len({tenant.source.home for tenant in roles}) < 2:
            continue

        def place(tenant: TenantDraft, roles: Mapping[TenantDraft, str] = roles) -> Path:
            return (*tenant.path, "hosts", roles[tenant])

        def say(_tenant: TenantDraft, others: str, node: str = node) -> str:
            return (
                f"{node} has one label tenancy-{name} for all namespaces, and {others} needs it too; rename one of "
                "them, or choose another node"
            )

        note_group(NAME_UNIQUE, list(roles), place, say)


@dataclass(frozen=True, slots=True, eq=False)
class _Shared:
    """An object of a whole stack, where it was written."""

    source: Source
    kind: str
    path: Path
    name: str
    declared: bool

    def overwrites(self, other: "_Shared") -> bool:
        """Whether both are one object that is declared; of two stacks, one may read what the other declares."""
        if other is self:
            return False
        return self.declared and other.declared if other.source is not self.source else self.declared or other.declared

    def seen_from(self, other: Source) -> str:
        """How a finding in another's configuration names it."""
        return path_text(self.path) + ("" if other is self.source else f" of {self.source.file}")


def _check_shared(fleets: Sequence[FleetDraft], by_name: Mapping[str, Sequence[TenantDraft]]) -> None:
    """Objects of whole stacks against each other, and against the tenants' own of their namespace."""
    same_object: dict[tuple[str | Source, str, str], list[_Shared]] = {}
    for fleet in fleets:
        for one in _declared_by_stack(fleet):
            same_object.setdefault((fleet.source.home, one.kind, one.name), []).append(one)
    for (home, kind, name), objects in same_object.items():
        row = row_of(kind, name)
        namesakes = by_name.get(name.removesuffix(row.suffix), ()) if row else ()
        tenant = next((tenant for tenant in namesakes if tenant.source.home == home), None)
        for one in objects:
            twin = next(filter(one.overwrites, objects), None)
            if twin and twin.source is one.source:
                fault = f"is also the name of {twin.seen_from(one.source)}; give each its own name"
            elif twin and kind == "ServiceAccount":
                fault = f"is the keepalived account of {twin.source.file} too; write another cluster.keepalivedAccount"
            elif twin:
                fault = f"is declared as {twin.seen_from(one.source)} too; leave data out in one of the two"
            elif tenant:
                of = "" if tenant.source is one.source else f" of {tenant.source.file}"
                fault = f"is the ConfigMap of tenant {tenant.name}'s address{of}; choose another name"
            else:
                continue
            one.source.notes.add(OBJECT_NAME_UNIQUE, one.path, f"{name} {fault}")


def _declared_by_stack(fleet: FleetDraft) -> Iterator[_Shared]:
    account, platform = fleet.cluster.keepalived_account, fleet.platform
    if account is not None:
        yield _Shared(fleet.source, "ServiceAccount", ("cluster", "keepalivedAccount"), account, declared=True)
    if platform is None:
        return
    for kind, key, shared in (
        ("ConfigMap", "adbops", platform.adbops),
        ("ConfigMap", "mysql", platform.mysql),
        ("Secret", "adbConnect", platform.adb_connect),
        ("Secret", "mysqlConnect", platform.mysql_connect),
        ("Secret", "rootSshKey", platform.root_ssh_key),
        ("Secret", "gpadminSshKey", platform.gpadmin_ssh_key),
    ):
        yield _Shared(fleet.source, kind, ("platform", key), shared.name, declared=shared.data is not None)
