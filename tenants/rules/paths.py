"""Rules about the directories of the hosts that databases and their logs live in."""

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass

from tenants.draft import FleetDraft, TenantDraft
from tenants.findings import Invalid, Path, Rule, quoted
from tenants.waivers import note_pair

PATH_SYNTAX = Rule(
    id="E701",
    title="A path is absolute and in its shortest form",
    why="Kubernetes refuses `..` in a hostPath, and two spellings of one directory would pass for two directories.",
)
PATH_NOT_SYSTEM = Rule(
    id="E702",
    title="A path is not a system directory, nor in one, nor around one",
    why="The pods write there as root, and the node would not survive that. `/tmp` and its like are emptied by the "
    "system, and the database with them.",
)
PATH_APART = Rule(
    id="E703",
    title="No two paths on one host are equal or lie in each other",
    why="Two databases in one directory destroy each other's files; logs inside of a data directory fill it, and are "
    "deleted with it.",
    waivable=True,
)

RULES = (PATH_SYNTAX, PATH_NOT_SYSTEM, PATH_APART)

_SYSTEM = (
    *("/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/lost+found", "/proc", "/root", "/run"),
    *("/sbin", "/sys", "/tmp", "/usr"),  # noqa: S108 - a list of places not to use
    *("/var/cache", "/var/lib/containerd", "/var/lib/cni", "/var/lib/containers", "/var/lib/crio", "/var/lib/docker"),
    *(
        "/var/lib/dpkg",
        "/var/lib/etcd",
        "/var/lib/kubelet",
        "/var/lib/rpm",
        "/var/lib/systemd",
        "/var/lock",
        "/var/run",
    ),
    *("/var/log/containers", "/var/log/journal", "/var/log/pods", "/var/spool", "/var/tmp"),  # noqa: S108
)
"""Neither these nor anything in them, nor what holds one of them."""
_MOUNT_POINTS = frozenset(("/home", "/media", "/mnt", "/opt", "/srv"))
"""Only directories in them: others have theirs there too."""
_LONGEST = 4095
"""Linux's PATH_MAX, less its final NUL."""


def host_path(text: str) -> str | Invalid:
    """A directory of a host."""
    if not text.startswith("/"):
        return Invalid(PATH_SYNTAX, f"{quoted(text)} is not an absolute path; begin it with /")
    if len(text) > _LONGEST or not text.isprintable():
        return Invalid(PATH_SYNTAX, f"{quoted(text)} is too long, or holds characters that cannot be printed")
    steps = text.split("/")
    if ".." in steps:
        return Invalid(PATH_SYNTAX, f"{quoted(text)} holds '..'; write the directory that is meant")
    if ":" in text:
        return Invalid(
            PATH_SYNTAX, f"{quoted(text)} holds ':', which container runtimes take for a separator; rename it"
        )
    shortest = "/" + posixpath.normpath(text).lstrip("/")
    if text != shortest:
        return Invalid(PATH_SYNTAX, f"{quoted(text)} is not in its shortest form; write {shortest}")
    return _not_system(text)


def _not_system(path: str) -> str | Invalid:
    for system in _SYSTEM:
        if path == system or path.startswith(f"{system}/"):
            within = "is" if path == system else "lies in"
            return Invalid(
                PATH_NOT_SYSTEM, f"{path} {within} the system directory {system}; use a data disk, such as /data0"
            )
        if system.startswith(f"{path.rstrip('/')}/"):
            return Invalid(
                PATH_NOT_SYSTEM, f"{path} holds system directories ({system}); use a data disk, such as /data0"
            )
    if path in _MOUNT_POINTS:
        return Invalid(PATH_NOT_SYSTEM, f"{path} is shared by the whole system; use a directory in it")
    return path


@dataclass(slots=True, eq=False)
class _Use:
    """One directory of one host in use by a tenant. Not frozen, for speed, as drafts are not."""

    prefix: str
    """The path with a final slash: what any path in it begins with."""
    tenant: TenantDraft
    key: str

    @property
    def origin(self) -> Path:
        return self.tenant.origin(self.key)


def check(fleets: Sequence[FleetDraft]) -> None:
    """All paths in use on each host, against each other."""
    hosts: dict[str, list[_Use]] = {}
    for tenant in (tenant for fleet in fleets for tenant in fleet.tenants):
        if tenant.hosts is None:
            continue
        uses = [
            _Use(f"{path}/", tenant, key)
            for key, path in (("dataPath", tenant.data_path), ("logPath", tenant.log_path))
            if path is not None
        ]
        for host in dict.fromkeys((tenant.hosts.master, tenant.hosts.standby)):
            if host is not None:
                hosts.setdefault(host, []).extend(uses)
    for host, uses in hosts.items():
        # With the final slash, what lies in a directory comes right after it, before anything else.
        uses.sort(key=lambda use: use.prefix)
        around: list[_Use] = []
        for use in uses:
            while around and not use.prefix.startswith(around[-1].prefix):
                around.pop()
            _check_overlap(host, use, around)
            around.append(use)


def _check_overlap(host: str, inner: _Use, around: list[_Use]) -> None:
    """Note a path against the nearest of those around it, and against further ones as long as the pair is waived."""
    for outer in reversed(around):
        if not _share_name(outer, inner):
            _note(host, inner, outer)
            _note(host, outer, inner)
        if PATH_APART.id in inner.tenant.waived or PATH_APART.id not in outer.tenant.waived:
            return


def _share_name(one: _Use, other: _Use) -> bool:
    """Whether the same path only follows from the same name, which has a finding of its own."""
    derived = one.origin == one.tenant.path and other.origin == other.tenant.path
    return (
        derived
        and one.tenant is not other.tenant
        and one.tenant.name == other.tenant.name
        and one.tenant.source.home == other.tenant.source.home
    )


def _note(host: str, one: _Use, other: _Use) -> None:
    mine, theirs = one.prefix[:-1], other.prefix[:-1]
    how = "is also" if mine == theirs else "lies in" if len(mine) > len(theirs) else "holds"
    whose = "" if one.tenant is other.tenant else f" of {other.tenant.called_by(one.tenant)}"
    place = "" if mine == theirs else f", {theirs},"
    message = f"{mine} {how} the {other.key}{whose}{place} on {host}; choose directories side by side"
    note_pair(PATH_APART, (one.tenant, other.tenant), one.origin, message)
