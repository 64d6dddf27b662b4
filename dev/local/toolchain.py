"""The required tools and their versions: each is taken from PATH, or else built into the cache.

Vendors' own downloads are not used; see docs/decisions/0001-tool-chain.md.
"""

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from dev.local import go_build, progress, versions
from dev.local.go_build import Command, ModuleFile, ToolSet
from dev.local.places import Places
from dev.local.versions import Version, VersionRange

_KUBERNETES = Version(1, 36, 3)
_KUBERNETES_STAMPS = (
    ("k8s.io/component-base/version.gitVersion", f"v{_KUBERNETES}"),
    ("k8s.io/component-base/version.gitMajor", str(_KUBERNETES.major)),
    ("k8s.io/component-base/version.gitMinor", str(_KUBERNETES.minor)),
)
_PULUMI = Version(3, 248, 0)
_PULUMI_STAMP = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
_KWOK = Version(0, 8, 0)
_HELM = Version(4, 3, 1)


def _kubernetes_command(name: str, minutes: float) -> Command:
    return Command(
        binary=name,
        module="kubernetes",
        package=f"k8s.io/kubernetes/cmd/{name}",
        stamps=_KUBERNETES_STAMPS,
        minutes=minutes,
    )


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """A tool set, and the versions on PATH that can be used instead."""

    tools: ToolSet
    accepted: VersionRange
    reason: str
    """Why this range."""
    probed: tuple[str, ...]
    """The commands of the set whose version is checked; the others must only exist."""
    version_arguments: tuple[str, ...] = ("--version",)
    """The arguments with which they print it."""


_PULUMI_TOOLS = ToolSet(
    name="pulumi",
    version=_PULUMI,
    commands=(
        Command(
            binary="pulumi",
            module="pulumi",
            package="github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
            stamps=((_PULUMI_STAMP, str(_PULUMI)),),
            minutes=4,
        ),
        Command(
            # The last version that is part of a tagged Go module; it works with this engine and the Python package.
            binary="pulumi-language-python",
            module="pulumi-language-python",
            package="github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python",
            stamps=((_PULUMI_STAMP, "3.79.0"),),
            minutes=0.5,
        ),
    ),
    files=(
        ModuleFile(
            name="pulumi-language-python-exec",
            module="pulumi",
            go_module="github.com/pulumi/pulumi/sdk/v3",
            path="python/cmd/pulumi-language-python-exec",
        ),
    ),
)
_KWOK_TOOLS = ToolSet(
    name="kwok",
    version=_KWOK,
    commands=tuple(
        Command(
            binary=name,
            module="kwok",
            package=f"sigs.k8s.io/kwok/cmd/{name}",
            stamps=(("sigs.k8s.io/kwok/pkg/consts.Version", f"v{_KWOK}"),),
            minutes=minutes,
        )
        for name, minutes in (("kwok", 2.5), ("kwokctl", 0.3))
    ),
)

REQUIREMENTS = (
    Requirement(
        tools=_PULUMI_TOOLS,
        accepted=VersionRange(_PULUMI, Version(4, 0)),
        reason="older engines were not tested with the pulumi package that requirements.txt locks",
        probed=("pulumi",),
        version_arguments=("version",),
    ),
    Requirement(
        tools=_KWOK_TOOLS,
        accepted=VersionRange(_KWOK, Version(0, 9)),
        reason="kwok changes its configuration between minor versions",
        probed=("kwok", "kwokctl"),
    ),
    Requirement(
        tools=ToolSet("etcd", Version(3, 6, 10), (Command("etcd", "etcd", "go.etcd.io/etcd/server/v3", minutes=0.6),)),
        accepted=VersionRange(Version(3, 6), Version(3, 7)),
        reason="etcd 3.5.1 ends the API server's watches with an error: pods took up to 56 s to become ready, 2026-11",
        probed=("etcd",),
    ),
    Requirement(
        tools=ToolSet(
            "kubernetes",
            _KUBERNETES,
            (
                _kubernetes_command("kube-apiserver", minutes=4),
                _kubernetes_command("kube-controller-manager", minutes=1),
                _kubernetes_command("kube-scheduler", minutes=0.1),
            ),
        ),
        accepted=VersionRange(Version(1, 36), Version(1, 37)),
        reason="the tests' expectations were recorded with Kubernetes 1.36",
        probed=("kube-apiserver", "kube-controller-manager", "kube-scheduler"),
    ),
    Requirement(
        tools=ToolSet("kubectl", _KUBERNETES, (_kubernetes_command("kubectl", minutes=0.7),)),
        accepted=VersionRange(Version(1, 35), Version(1, 38)),
        reason="kubectl supports API servers one minor version away",
        probed=("kubectl",),
        version_arguments=("version", "--client"),
    ),
    Requirement(
        tools=ToolSet(
            "actionlint",
            Version(1, 7, 12),
            (Command("actionlint", "actionlint", "github.com/rhysd/actionlint/cmd/actionlint", minutes=0.4),),
        ),
        accepted=VersionRange(Version(1, 7), Version(1, 8)),
        reason="the workflows were tested with 1.7",
        probed=("actionlint",),
        version_arguments=("-version",),
    ),
)

# Only the benchmark uses it, so only the benchmark builds it: see `executable`.
HELM = Requirement(
    tools=ToolSet(
        "helm",
        _HELM,
        (
            Command(
                binary="helm",
                module="helm",
                package="helm.sh/helm/v4/cmd/helm",
                stamps=(("helm.sh/helm/v4/internal/version.version", f"v{_HELM}"),),
                minutes=3,
            ),
        ),
    ),
    accepted=VersionRange(Version(4, 0), Version(5, 0)),
    reason="helm 4 is the first with server-side apply, which the other tools in the comparison use",
    probed=("helm",),
    version_arguments=("version", "--short"),
)

# Only `make sbom` uses it.
CYCLONEDX_GOMOD = Requirement(
    tools=ToolSet(
        "cyclonedx-gomod",
        Version(1, 10, 0),
        (
            Command(
                binary="cyclonedx-gomod",
                module="cyclonedx-gomod",
                package="github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod",
                minutes=0.5,
            ),
        ),
    ),
    accepted=VersionRange(Version(1, 10), Version(2, 0)),
    reason="options and output were tried with 1.10",
    probed=("cyclonedx-gomod",),
    version_arguments=("version",),
)


def ensure(places: Places) -> None:
    """Make every tool available on the PATH of `environment`: the machine's own, or a link to a built one."""
    path = outside_path(os.environ.get("PATH", ""))
    missing = []
    for requirement in REQUIREMENTS:
        found = on_path(requirement, path)
        if found is None:
            missing.append(requirement.tools)
        else:
            progress.log(f"using {requirement.tools.name} {found} on PATH")
    _link(_built(missing, places), places.tools)


def executable(requirement: Requirement, places: Places) -> Path:
    """Return the command of a tool set that `ensure` leaves out: the machine's own, or one built into the cache."""
    (binary,) = requirement.tools.binaries
    path = outside_path(os.environ.get("PATH", ""))
    found = shutil.which(binary, path=path)
    if found is not None and on_path(requirement, path) is not None:
        return Path(found)
    return _built([requirement.tools], places)[binary]


def _built(wanted: Sequence[ToolSet], places: Places) -> dict[str, Path]:
    """Return the binaries of the tool sets; build those that the cache does not hold."""
    unbuilt = [command for tools in wanted if not tools.directory(places).is_dir() for command in tools.commands]
    if unbuilt:
        minutes = sum(command.minutes for command in unbuilt)
        names = ", ".join(command.binary for command in unbuilt)
        progress.log(
            f"building once for all checkouts, about {minutes:.0f} min on two cores, 6 GB for Go's caches: {names}"
        )
    counted = (f"{number} of {len(unbuilt)}" for number in count(1))
    return {
        binary: go_build.build(tools, places, counted.__next__) / binary
        for tools in wanted
        for binary in tools.binaries
    }


def on_path(requirement: Requirement, path: str) -> Version | None:
    """Return the version on PATH if the whole set is there and accepted; log why a version is not."""
    executables: dict[str, Path] = {}
    for binary in requirement.tools.binaries:
        found = shutil.which(binary, path=path)
        if found is None:
            return None
        executables[binary] = Path(found)
    version = None
    for binary in requirement.probed:
        version = versions.printed_by([str(executables[binary]), *requirement.version_arguments])
        if version is None or version not in requirement.accepted:
            progress.log(
                f"{executables[binary]} is not used: its version is {version or 'unknown'}, required is "
                f"{requirement.accepted} ({requirement.reason})"
            )
            return None
    return version


def outside_path(path: str) -> str:
    """Return PATH without the directories of any checkout, which `make env` adds.

    Of any: in a shell with the environment of another checkout, its double would otherwise be taken for the official
    plugin, and its links for the machine's tools.
    """
    return os.pathsep.join(entry for entry in path.split(os.pathsep) if not _is_of_a_checkout(Path(entry)))


def _is_of_a_checkout(directory: Path) -> bool:
    for inside in (".venv/bin", ".local/bin", "dev/plugin/bin"):
        if directory.match(inside):
            checkout = directory.parents[inside.count("/")]
            # ~/.local/bin has the same name, and belongs to the user.
            if (checkout / "dev" / "local" / "toolchain.py").exists():
                return True
    return False


def _link(built: Mapping[str, Path], directory: Path) -> None:
    """Make these the only links in `directory`; unchanged links are kept, for a running cluster."""
    directory.mkdir(parents=True, exist_ok=True)
    for stale in directory.iterdir():
        if stale.name not in built:
            stale.unlink()
    for name, target in built.items():
        link = directory / name
        if not link.is_symlink() or link.readlink() != target:
            fresh = directory / f".{name}.new"
            fresh.unlink(missing_ok=True)
            fresh.symlink_to(target)
            fresh.replace(link)
