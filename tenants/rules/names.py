"""Rules about names: of tenants, and of the objects that all tenants share."""

import re

from tenants.draft import FleetDraft, TenantDraft
from tenants.findings import Notes, Problem, Rule, path_text, quoted
from tenants.fleet import SharedObject
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
    title="No two tenants have the same name",
    why="Their objects would be the same objects, and the one's update the other's outage.",
)
OBJECT_NAME_SYNTAX = Rule(
    id="E204",
    title="Names of the namespace and of shared objects are valid in Kubernetes",
    why="The API server refuses them, or never finds them.",
)
OBJECT_NAME_UNIQUE = Rule(
    id="E205",
    title="A shared object that is declared has a name of its own",
    why="Two declared objects of one kind and name overwrite each other at every `up`.",
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


def tenant_name(text: str) -> str | Problem:
    """A tenant's name."""
    if not _label.fullmatch(text):
        return Problem(NAME_SYNTAX, f"{quoted(text)} is not a name for a tenant: {_fault_of_label(text)}")
    if len(text) > LONGEST_TENANT_NAME:
        return Problem(
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


def namespace_name(text: str) -> str | Problem:
    """A namespace's name."""
    if _label.fullmatch(text) and len(text) <= 63:
        return text
    return Problem(
        OBJECT_NAME_SYNTAX,
        f"{quoted(text)} is not a namespace: use at most 63 lower-case letters, digits and -, none of them - at an end",
    )


def segment_name(text: str) -> str | Problem:
    """A network segment's name."""
    return namespace_name(text) if not _label.fullmatch(text) else text


def object_name(text: str) -> str | Problem:
    """A ConfigMap's or Secret's name."""
    if is_subdomain(text):
        return text
    return Problem(
        OBJECT_NAME_SYNTAX,
        f"{quoted(text)} is not an object's name: use lower-case letters, digits, - and ., "
        "the first and last of them a letter or digit",
    )


def data_key(text: str) -> Problem | None:
    """What is wrong with a key of a ConfigMap or Secret, if anything."""
    if _config_key.fullmatch(text) and text not in {".", ".."}:
        return None
    return Problem(DATA_KEY_SYNTAX, f"{quoted(text)} cannot be a key here; use letters, digits, -, _ and . only")


def is_subdomain(text: str) -> bool:
    """Whether it is a DNS-1123 subdomain, as names of nodes and of most objects are."""
    return len(text) <= 253 and _subdomain.fullmatch(text) is not None


def check(fleet: FleetDraft, notes: Notes) -> None:
    """Names across tenants."""
    by_name: dict[str, list[TenantDraft]] = {}
    for tenant in fleet.tenants:
        if tenant.name is not None:
            by_name.setdefault(tenant.name, []).append(tenant)
            if tenant.name[0].isdecimal():
                message = (
                    f"{tenant.name} begins with a digit, and before Kubernetes 1.36 Services may not; use a letter"
                )
                note_unless_waived(notes, NAME_LETTER, tenant, (*tenant.path, "name"), message)
    for name, tenants in by_name.items():

        def say(_tenant: TenantDraft, others: str, name: str = name) -> str:
            return f"{name} is also the name of {others}; rename one of them"

        note_group(notes, NAME_UNIQUE, tenants, lambda tenant: (*tenant.path, "name"), say, call=_by_index)
    if fleet.platform:
        config_maps = {"adbops": fleet.platform.adbops, "mysql": fleet.platform.mysql}
        secrets = {
            "adbConnect": fleet.platform.adb_connect,
            "mysqlConnect": fleet.platform.mysql_connect,
            "rootSshKey": fleet.platform.root_ssh_key,
            "gpadminSshKey": fleet.platform.gpadmin_ssh_key,
        }
        _check_shared(config_maps, {f"{name}-vip-cm": name for name in by_name}, notes)
        _check_shared(secrets, {}, notes)


def _by_index(tenant: TenantDraft) -> str:
    return path_text(tenant.path)


def _check_shared(objects: dict[str, SharedObject], of_tenants: dict[str, str], notes: Notes) -> None:
    """Objects of one kind against each other and against those of the tenants (by object name)."""
    for key, one in objects.items():
        twins = [
            other_key
            for other_key, other in objects.items()
            if other_key != key and other.name == one.name and (one.data is not None or other.data is not None)
        ]
        if twins:
            notes.add(
                OBJECT_NAME_UNIQUE,
                ("platform", key),
                f"{one.name} is also the name of platform.{twins[0]}; give each its own name",
            )
        elif one.name in of_tenants:
            notes.add(
                OBJECT_NAME_UNIQUE,
                ("platform", key),
                f"{one.name} is the ConfigMap of tenant {of_tenants[one.name]}'s address; choose another name",
            )
