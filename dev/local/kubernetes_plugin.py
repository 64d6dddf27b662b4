"""Finds Pulumi's Kubernetes plugin: the official one if it is available, else the double in `dev/plugin`."""

import platform
import re
import shutil
import sys
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dev.local import progress, toolchain
from dev.local.places import Places
from dev.local.user_error import UserError

_NAME = "pulumi-resource-kubernetes"
_CONNECT_SECONDS = 3
_RETRY_DOWNLOAD_SECONDS = 3600.0


@dataclass(frozen=True)
class Plugin:
    """The plugin that the engine will start."""

    official: bool
    where: str


def ensure(places: Places, environment: Mapping[str, str]) -> Plugin:
    """Return the official plugin, after a download if need be, or else the double, with a message.

    The environment is the engine's, without the double's directory on PATH. Raises `UserError` if neither is available.
    """
    version = locked_version(places)
    found = find(environment, version)
    if found is None and _fetch(places, environment, version):
        found = find(environment, version)
    if found is not None:
        return found
    if not (places.double / _NAME).exists():
        raise UserError(
            f"The plugin {_NAME} {version} is neither on PATH nor installed, and cannot be downloaded: check the proxy "
            f"settings, or run `pulumi plugin install resource kubernetes {version}` where get.pulumi.com is reachable."
        )
    progress.log(
        f"the official {_NAME} {version} is not installed and cannot be downloaded: using the double in dev/plugin "
        "(loopback clusters only)"
    )
    return Plugin(official=False, where=str(places.double))


def locked_version(places: Places) -> str:
    """Return the plugin's version: the engine requires that of the locked Python package."""
    found = re.search(r"^pulumi-kubernetes==(\S+)", (places.checkout / "requirements.txt").read_text(), re.MULTILINE)
    if found is None:
        raise UserError("requirements.txt does not lock pulumi-kubernetes: run `make lock`.")
    return found[1]


def find(environment: Mapping[str, str], version: str) -> Plugin | None:
    """Return the official plugin on PATH, else among the engine's installed plugins, else None."""
    on_path = shutil.which(_NAME, path=toolchain.outside_path(environment.get("PATH", "")))
    if on_path:
        return Plugin(official=True, where=on_path)
    home = Path(environment.get("PULUMI_HOME") or Path.home() / ".pulumi")
    installed = home / "plugins" / f"resource-kubernetes-v{version}" / _NAME
    return Plugin(official=True, where=str(installed)) if installed.exists() else None


def _fetch(places: Places, environment: Mapping[str, str], version: str) -> bool:
    """Let the engine download the plugin if the server responds; if it does not, skip this for an hour."""
    unreachable = places.cache / f"{_NAME}-{version}.unreachable"
    if unreachable.exists() and time.time() - unreachable.stat().st_mtime < _RETRY_DOWNLOAD_SECONDS:
        return False
    if not _reachable(version):
        unreachable.parent.mkdir(parents=True, exist_ok=True)
        unreachable.touch()
        return False
    pulumi = shutil.which("pulumi", path=environment["PATH"]) or "pulumi"
    progress.run(
        f"downloading the plugin kubernetes {version}, 40 MB",
        [pulumi, "plugin", "install", "resource", "kubernetes", version],
        env=environment,
        log_file=places.local / "logs" / "pulumi-plugin-install.log",
        remedy=f"Install it manually: `pulumi plugin install resource kubernetes {version}`.",
    )
    return True


def _reachable(version: str) -> bool:
    """Whether the address from which the engine downloads it responds, through the environment's proxies."""
    system = "darwin" if sys.platform == "darwin" else "linux"
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    address = f"https://get.pulumi.com/releases/plugins/{_NAME}-v{version}-{system}-{machine}.tar.gz"
    request = urllib.request.Request(address, method="HEAD")
    try:
        with urllib.request.urlopen(request, timeout=_CONNECT_SECONDS):  # noqa: S310 - an https address
            return True
    except OSError:
        return False
