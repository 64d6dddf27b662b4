"""Rules about names: of tenants, and of the objects that all tenants share."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tenants.draft import FleetDraft, Source, TenantDraft
from tenants.findings import FieldPath, Invalid, LintFinding, Rule, path_text, quoted
from tenants.fleet import CONFIG_MAP_KEYS, SECRET_KEYS, SharedObject, TenantNames
from tenants.objects import row_of
from tenants.reporting import Reported, conflicts, grouped, report, tenants_of

LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
SUBDOMAIN = rf"{LABEL}(\.{LABEL})*"

LONGEST_TENANT_NAME = 44
"""63 characters of the pod label `controller-revision-hash`, which is `<tenant>-standby-<hash>`, less 8 for `-standby`
and 11 for the hash: the tightest limit of all names derived from a tenant's."""

_label = re.compile(LABEL)
_subdomain = re.compile(SUBDOMAIN)
_config_key = re.compile(r"[-._a-zA-Z0-9]{1,253}")

NAME_SYNTAX = Rule(
    id="E201",
    title="A tenant's name is a DNS-1123 label",
    why="It is the prefix of every object's name: lower-case letters, digits and `-`, no `-` first or last. The API "
    "server rejects others, half-way through `up`.",
)
NAME_LENGTH = Rule(
    id="E202",
    title=f"A tenant's name has at most {LONGEST_TENANT_NAME} characters",
    why="Kubernetes limits the names derived from it to 63 characters: the node label `tenancy-<tenant>`, Services and "
    "hostnames `<tenant>-standby`, and, the tightest, the pod label `controller-revision-hash`, `<tenant>-standby-` "
    "and ten more. A StatefulSet with a longer name is accepted and then never gets a pod.",
)
NAME_UNIQUE = Rule(
    id="E203",
    title="No two tenants of one namespace, or on one node, have the same name",
    why="In one namespace they would share their objects, and an update of one would break the other. Nodes have no "
    "namespace: two fleets on one node write the same label `tenancy-<tenant>`, and if their roles differ there, the "
    "pods of one are not scheduled again.",
)
OBJECT_NAME_SYNTAX = Rule(
    id="E204",
    title="Names of the namespace and of shared objects are valid in Kubernetes",
    why="The API server rejects an invalid name, or never finds the object.",
)
OBJECT_NAME_UNIQUE = Rule(
    id="E205",
    title="A shared object that is declared has a name of its own",
    why="Two declared objects of one kind and name overwrite each other at every `up`. Of two stacks in one namespace, "
    "one declares an object and the other reads it; each declares its own account for keepalived, or uses the "
    "other's (`cluster.keepalivedAccountOf`).",
)
DATA_KEY_SYNTAX = Rule(
    id="E206",
    title="Keys of a ConfigMap or Secret are letters, digits, `-`, `_` and `.`",
    why="The API server rejects others.",
)
NAME_LETTER = Rule(
    id="E207",
    title="A tenant's name begins with a letter",
    why="Services are named after it, and before Kubernetes 1.36 (RelaxedServiceNameValidation) a Service's name must "
    "be a DNS-1035 label, which begins with a letter. Waive it where every API server is 1.36 or later.",
    waivable=True,
)


def tenant_name(text: str) -> str | Invalid:
    """Read a tenant's name."""
    if not _label.fullmatch(text):
        return Invalid(NAME_SYNTAX, f"{quoted(text)} is not a valid tenant name; {_fault_of_label(text)}")
    if len(text) > LONGEST_TENANT_NAME:
        return Invalid(
            NAME_LENGTH,
            f"{quoted(text)} has {len(text)} characters; use at most {LONGEST_TENANT_NAME}, so that names derived from "
            "it stay within Kubernetes' limit of 63",
        )
    return text


def _fault_of_label(text: str) -> str:
    if not text:
        return "it is empty; write a lower-case name such as tenant3"
    if "." in text:
        return "it has a dot; use only lower-case letters, digits and -"
    if _label.fullmatch(text.lower()):
        return f"it has capitals; write {text.lower()[:LONGEST_TENANT_NAME]}"
    if text.strip("-") != text:
        return "it begins or ends with -; use a letter or digit there"
    return "use only lower-case letters, digits and -"


def namespace_name(text: str) -> str | Invalid:
    """Read the name of a namespace."""
    if _label.fullmatch(text) and len(text) <= 63:
        return text
    return Invalid(
        OBJECT_NAME_SYNTAX,
        f"{quoted(text)} is not a valid name; use at most 63 lower-case letters, digits and -, beginning and ending "
        "with a letter or digit",
    )


def segment_name(text: str) -> str | Invalid:
    """Read the name of a network segment."""
    return namespace_name(text) if not _label.fullmatch(text) else text


def object_name(text: str) -> str | Invalid:
    """Read the name of a ConfigMap, Secret or ServiceAccount."""
    if is_subdomain(text):
        return text
    return Invalid(
        OBJECT_NAME_SYNTAX,
        f"{quoted(text)} is not a valid name; use lower-case letters, digits, - and ., beginning and ending with a "
        "letter or digit",
    )


def data_key(text: str) -> Invalid | None:
    """Refuse an invalid key of a ConfigMap or Secret."""
    if _config_key.fullmatch(text) and text not in {".", ".."}:
        return None
    return Invalid(DATA_KEY_SYNTAX, f"{quoted(text)} is not a valid key; use letters, digits, -, _ and . only")


def is_subdomain(text: str) -> bool:
    """Return whether it is a DNS-1123 subdomain, as names of nodes and of most objects are."""
    return len(text) <= 253 and _subdomain.fullmatch(text) is not None


def check(fleets: Sequence[FleetDraft]) -> Iterator[Reported]:
    """Compare the names of tenants and of shared objects with each other."""
    by_name = grouped(tenants_of(fleets), lambda tenant: tenant.name)
    for name, group in by_name.items():
        for tenant in group:
            if name[0].isdecimal():
                message = f"{name} begins with a digit, which Services before Kubernetes 1.36 may not; use a letter"
                yield report(NAME_LETTER, tenant, (*tenant.path, "name"), message)
        by_home = grouped(group, lambda tenant: tenant.source.home)
        for namesakes in by_home.values():
            for tenant, others, waived in conflicts(NAME_UNIQUE, namesakes, TenantDraft.place_for):
                message = f"{name} is also the name of {others}; rename one of them"
                yield report(NAME_UNIQUE, tenant, (*tenant.path, "name"), message, waived=waived)
        if len(by_home) > 1:
            yield from _check_labels(name, group)
    yield from _check_shared(fleets, by_name)


def _check_labels(name: str, namesakes: Sequence[TenantDraft]) -> Iterator[Reported]:
    """Compare tenants of one name in several namespaces: nodes, and so their labels, have none."""
    label = TenantNames(name=name).node_label
    by_node: dict[str, dict[TenantDraft, str]] = {}
    for tenant in namesakes:
        for role, node in tenant.hosts.items():
            if node is not None:
                by_node.setdefault(node, {}).setdefault(tenant, role)
    for node, roles in by_node.items():
        if len({tenant.source.home for tenant in roles}) > 1:
            for tenant, others, waived in conflicts(NAME_UNIQUE, list(roles)):
                message = (
                    f"{node} has one label {label} for all namespaces, and {others} needs it too; rename one of "
                    "them, or choose another node"
                )
                yield report(NAME_UNIQUE, tenant, (*tenant.path, "hosts", roles[tenant]), message, waived=waived)


@dataclass(frozen=True, slots=True, eq=False)
class _Shared:
    """An object of a whole stack, and where it is written."""

    source: Source
    kind: str
    path: FieldPath
    name: str
    declared: bool

    def overwrites(self, other: "_Shared") -> bool:
        """Return whether both are one declared object; of two stacks, one may read what the other declares."""
        if other is self:
            return False
        return self.declared and other.declared if other.source is not self.source else self.declared or other.declared

    def seen_from(self, other: Source) -> str:
        """Return how a finding in a stack's configuration names it."""
        return path_text(self.path) + ("" if other is self.source else f" of {self.source.file}")


def _check_shared(fleets: Sequence[FleetDraft], by_name: Mapping[str, Sequence[TenantDraft]]) -> Iterator[Reported]:
    """Compare the objects of whole stacks with each other, and with those of the tenants of their namespace."""
    shared = (one for fleet in fleets for one in _shared_objects(fleet))
    for (home, kind, name), objects in grouped(shared, lambda one: (one.source.home, one.kind, one.name)).items():
        row = row_of(kind, name)
        namesakes = by_name.get(name.removesuffix(row.suffix), ()) if row else ()
        tenant = next((tenant for tenant in namesakes if tenant.source.home == home), None)
        for one in objects:
            twin = next(filter(one.overwrites, objects), None)
            if twin and twin.source is one.source:
                fault = f"is also the name of {twin.seen_from(one.source)}; give each its own name"
            elif twin and kind == "ServiceAccount":
                fault = (
                    f"is the keepalived account of {twin.source.file} too; choose another cluster.keepalivedAccount, "
                    "or name that stack in cluster.keepalivedAccountOf to use its account"
                )
            elif twin:
                fault = f"is declared as {twin.seen_from(one.source)} too; remove data from one of the two"
            elif tenant:
                of = "" if tenant.source is one.source else f" of {tenant.source.file}"
                fault = f"is also the name of tenant {tenant.name}'s {kind}{of}; choose another name"
            else:
                continue
            yield one.source, LintFinding(rule=OBJECT_NAME_UNIQUE, path=one.path, message=f"{name} {fault}")


def _shared_objects(fleet: FleetDraft) -> Iterator[_Shared]:
    account, platform = fleet.cluster.keepalived_account, fleet.platform
    if account is not None:
        declared = fleet.cluster.values["keepalived_account_of"] is None
        yield _Shared(fleet.source, "ServiceAccount", ("cluster", "keepalivedAccount"), account, declared=declared)
    for each in fleet.cluster.keepalived_nodes:
        for kind in ("ConfigMap", "ReplicationController") if each.is_declared else ():
            # Not "declared": two of one node are two keepalived pods, which has a rule of its own.
            yield _Shared(fleet.source, kind, each.path, each.node.object_name, declared=False)
    if platform is None:
        return
    for kind, attributes in (("ConfigMap", CONFIG_MAP_KEYS), ("Secret", SECRET_KEYS)):
        for attribute in attributes:
            shared: SharedObject = getattr(platform, attribute)
            path = ("platform", fleet.platform_keys[attribute])
            yield _Shared(fleet.source, kind, path, shared.name, declared=shared.data is not None)
