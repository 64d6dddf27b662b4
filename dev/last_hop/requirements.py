"""What a run needs of the machine that it runs on, and what to do about what is lacking."""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dev.last_hop.disk import SystemDisk
from dev.last_hop.machine import QEMU
from dev.local import progress
from dev.local.user_error import UserError

KEEPALIVED_VIP = "kube-keepalived-vip"
# Of the same release, beside it.
FILES_BESIDE = ("keepalived.tmpl", "haproxy.tmpl", "keepalived-check.sh")

_DEBIAN_PACKAGES = {QEMU: "qemu-system-x86", "debootstrap": "debootstrap", "mke2fs": "e2fsprogs"}
Which = Callable[[str], str | None]


@dataclass(frozen=True)
class KeepalivedFiles:
    """The directory of kube-keepalived-vip's files."""

    directory: Path

    def all(self) -> Iterator[Path]:
        for name in (KEEPALIVED_VIP, *FILES_BESIDE):
            yield self.directory / name


def keepalived_files(which: Which = shutil.which) -> KeepalivedFiles:
    """Return the files of the executable on PATH; raises `UserError` if one of them is missing."""
    found = which(KEEPALIVED_VIP)
    if found is None:
        raise UserError(
            f"{KEEPALIVED_VIP} is not on PATH, which is neither downloaded nor built here: build its release 0.35 "
            "statically (CGO_ENABLED=0 go build ./pkg/cmd), or take it from the image, put it with "
            f"{', '.join(FILES_BESIDE)} of the same release into one directory, and add that to PATH."
        )
    directory = Path(found).resolve().parent
    missing = [name for name in FILES_BESIDE if not (directory / name).exists()]
    if missing:
        raise UserError(
            f"{KEEPALIVED_VIP} is in {directory}, but {', '.join(missing)} of the same release is not: copy it there."
        )
    return KeepalivedFiles(directory)


def lacking_tools(disk: SystemDisk, which: Which = shutil.which) -> list[str]:
    """Return the commands that are not installed; debootstrap is only needed once."""
    needed = [tool for tool in _DEBIAN_PACKAGES if tool != "debootstrap" or not disk.exists()]
    # In an account without root's PATH, mke2fs is elsewhere.
    return [tool for tool in needed if which(tool) is None and which(f"/sbin/{tool}") is None]


def ensure_tools(disk: SystemDisk, log_file: Path, environment: Mapping[str, str]) -> None:
    """Install what is lacking, as root with apt; otherwise raise a `UserError` with what to do."""
    root = os.geteuid() == 0
    lacking = lacking_tools(disk)
    if lacking:
        packages = [_DEBIAN_PACKAGES[tool] for tool in lacking]
        remedy = f"apt-get install {' '.join(packages)}"
        if not root or shutil.which("apt-get") is None:
            raise UserError(f"{', '.join(lacking)} is not installed: run `{remedy}` as root.")
        progress.run(
            f"installing {', '.join(packages)}",
            [
                "sh",
                "-c",
                f"apt-get update -qq && {remedy.replace('install', 'install -y -qq --no-install-recommends')}",
            ],
            env={**environment, "DEBIAN_FRONTEND": "noninteractive"},
            log_file=log_file,
            remedy=f"Run `{remedy}` yourself.",
        )
    if not disk.exists() and not root:
        raise UserError(
            "The virtual machine's disk is not built yet, and debootstrap requires root: run `make last-hop` as root "
            "once."
        )
