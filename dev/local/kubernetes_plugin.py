"""Finds Pulumi's Kubernetes plugin: the official one wherever it is to be had, else the double in `dev/plugin`."""

import platform
import re
import shutil
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dev.local import progress, toolchain
from dev.local.places import Places
from dev.local.refusal import UserError

_NAME = "pulumi-resource-kubernetes"
_CONNECT_SECONDS = 3
_UNREACHABLE_IS_BELIEVED_FOR = 3600.0


@dataclass(frozen=True)
class Plugin:
    """The plugin that the engine will start."""

    official: bool
    where: str
    """For people."""


def ensure(places: Places, environment: Mapping[str, str]) -> Plugin:
    """Find the official plugin, or have the engine fetch it, or fall back on the double, saying so.

    Args:
        places: Where the double and the cache are.
        environment: What the engine will see, without the double's directory on PATH.

    Raises:
        Refusal: Neither is there.
    """
    version = locked_version(places)
    found = find(environment, version)
    if found is None and _fetch(places, environment, version):
        found = find(environment, version)
    if found is not None:
        return found
    if not (places.double / _NAME).exists():
        raise UserError(
            f"The plugin {_NAME} {version} is neither on PATH nor installed, and its download is not reachable: "
            f"run `pulumi plugin install resource kubernetes {version}` where it is."
        )
    progress.say(
        f"the official {_NAME} {version} is neither installed nor reachable: its double, dev/plugin, is used "
        "(loopback clusters only)"
    )
    return Plugin(official=False, where=str(places.double))


def locked_version(places: Places) -> str:
    """The plugin's version is that of the Python package: the engine asks for exactly it.

    Raises:
        Refusal: requirements.txt does not lock it.
    """
    found = re.search(r"^pulumi-kubernetes==(\S+)", (places.checkout / "requirements.txt").read_text(), re.MULTILINE)
    if found is None:
        raise UserError("requirements.txt does not lock pulumi-kubernetes: run `make lock`.")
    return found[1]


def find(environment: Mapping[str, str], version: str) -> Plugin | None:
    """The official plugin on PATH, else among the engine's installed plugins; None if it is in neither."""
    on_path = shutil.which(_NAME, path=toolchain.outside_path(environment.get("PATH", "")))
    if on_path:
        return Plugin(official=True, where=on_path)
    home = Path(environment.get("PULUMI_HOME") or Path.home() / ".pulumi")
    installed = home / "plugins" / f"resource-kubernetes-v{version}" / _NAME
    return Plugin(official=True, where=str(installed)) if installed.exists() else None


def _fetch(places: Places, environment: Mapping[str, str], version: str) -> bool:
    """Let the engine fetch it, if its download answers within seconds; a "no" is remembered for an hour."""
    verdict = places.cache / f"{_NAME}-{version}.unreachable"
    if verdict.exists() and time.time() - verdict.stat().st_mtime < _UNREACHABLE_IS_BELIEVED_FOR:
        return False
    if not _reachable(version):
        verdict.parent.mkdir(parents=True, exist_ok=True)
        verdict.touch()
        return False
    progress.run(
        f"fetching the plugin kubernetes {version}, 40 MB",
        [
            shutil.which("pulumi", path=environment["PATH"]) or "pulumi",
            "plugin",
            "install",
            "resource",
            "kubernetes",
            version,
        ],
        env=environment,
        log=places.local / "logs" / "pulumi-plugin-install.log",
        remedy=f"Install it by hand: `pulumi plugin install resource kubernetes {version}`.",
    )
    return True


def _reachable(version: str) -> bool:
    """Whether the address that the engine would fetch it from answers; proxies of the environment are used."""
    system = {"darwin": "darwin"}.get(sys.platform, "linux")
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    address = f"https://get.pulumi.com/releases/plugins/{_NAME}-v{version}-{system}-{machine}.tar.gz"
    request = urllib.request.Request(address, method="HEAD")
    try:
        with urllib.request.urlopen(request, timeout=_CONNECT_SECONDS):  # noqa: S310 - an https address
            return True
    except (OSError, urllib.error.URLError):
        return False
