"""Rules about the directories of the nodes that hold databases and their logs."""

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tenants.draft import FleetDraft, TenantDraft
from tenants.findings import FieldPath, Invalid, Rule, quoted
from tenants.reporting import Reported, report, tenants_of

PATH_SYNTAX = Rule(
    id="E701",
    title="A path is absolute and in its shortest form",
    why="Kubernetes rejects `..` in a hostPath, and two spellings of one directory would be taken for two directories.",
)
PATH_NOT_SYSTEM = Rule(
    id="E702",
    title="A path is not a system directory, nor in one, nor around one",
    why="The pods write there as root, which would break the node. The system empties `/tmp` and the like, and would "
    "delete the database.",
)
PATH_APART = Rule(
    id="E703",
    title="No two paths on one host are equal or lie in each other",
    why="Two databases in one directory destroy each other's files; logs in a data directory fill it, and are deleted "
    "with it.",
    waivable=True,
)

_SYSTEM = (
    *("/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/lost+found", "/proc", "/root", "/run"),
    *("/sbin", "/sys", "/tmp", "/usr"),  # noqa: S108 - a list of directories not to use
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
"""Refused with everything in them, and with what contains one of them."""
_MOUNT_POINTS = frozenset(("/home", "/media", "/mnt", "/opt", "/srv"))
"""Refused, but not what is in them: others use them too."""
_LONGEST = 4095
"""Linux's PATH_MAX without the final NUL."""


def host_path(text: str) -> str | Invalid:
    """Read a directory of a node."""
    if not text.startswith("/"):
        return Invalid(PATH_SYNTAX, f"{quoted(text)} is not an absolute path; write one that begins with /")
    if len(text) > _LONGEST or not text.isprintable():
        return Invalid(PATH_SYNTAX, f"{quoted(text)} is too long or has unprintable characters; choose another path")
    steps = text.split("/")
    if ".." in steps:
        return Invalid(PATH_SYNTAX, f"{quoted(text)} has '..' in it; write the directory itself")
    if ":" in text:
        return Invalid(PATH_SYNTAX, f"{quoted(text)} has ':' in it, a separator to container runtimes; rename it")
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
                PATH_NOT_SYSTEM, f"{path} contains the system directory {system}; use a data disk, such as /data0"
            )
    if path in _MOUNT_POINTS:
        return Invalid(PATH_NOT_SYSTEM, f"{path} is shared by the whole node; use a directory in it")
    return path


@dataclass(frozen=True, slots=True)
class _Use:
    """A directory that a tenant uses."""

    prefix: str
    """The path with a final slash, which every path in it begins with."""
    tenant: TenantDraft
    key: str

    @property
    def origin(self) -> FieldPath:
        return self.tenant.origin(self.key)


def check(fleets: Sequence[FleetDraft]) -> Iterator[Reported]:
    """Compare all paths that are used on each host."""
    by_host: dict[str, list[_Use]] = {}
    for tenant in tenants_of(fleets):
        paths = {"dataPath": tenant.data_path, "logPath": tenant.log_path}
        uses = [_Use(f"{path}/", tenant, key) for key, path in paths.items() if path is not None]
        for host in filter(None, dict.fromkeys(tenant.hosts.values())):
            by_host.setdefault(host, []).extend(uses)
    for host, uses in by_host.items():
        # With the final slash, what is in a directory sorts right behind it.
        uses.sort(key=lambda use: use.prefix)
        around: list[_Use] = []
        for use in uses:
            while around and not use.prefix.startswith(around[-1].prefix):
                around.pop()
            yield from _check_overlap(host, use, around)
            around.append(use)


def _check_overlap(host: str, inner: _Use, around: list[_Use]) -> Iterator[Reported]:
    """Compare a path with the nearest of those around it, and with further ones as long as the pair is waived."""
    for outer in reversed(around):
        if not _is_same_default(outer, inner):
            yield _overlap(host, inner, outer)
            yield _overlap(host, outer, inner)
        if PATH_APART.id in inner.tenant.waived or PATH_APART.id not in outer.tenant.waived:
            return


def _is_same_default(one: _Use, other: _Use) -> bool:
    """Return whether the paths only follow from the same name of two tenants, which has a finding of its own."""
    derived = one.origin == one.tenant.path and other.origin == other.tenant.path
    return (
        derived
        and one.tenant is not other.tenant
        and one.tenant.name == other.tenant.name
        and one.tenant.source.home == other.tenant.source.home
    )


def _overlap(host: str, one: _Use, other: _Use) -> Reported:
    mine, theirs = one.prefix[:-1], other.prefix[:-1]
    how = "is also" if mine == theirs else "lies in" if len(mine) > len(theirs) else "contains"
    whose = "" if one.tenant is other.tenant else f" of {other.tenant.called_by(one.tenant)}"
    place = "" if mine == theirs else f", {theirs},"
    message = f"{mine} {how} the {other.key}{whose}{place} on {host}; choose directories side by side"
    return report(PATH_APART, one.tenant, one.origin, message, waived=other.tenant.waived.get(PATH_APART.id))
