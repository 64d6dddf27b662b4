"""The machine's two disks: Debian with a kernel, made once and kept in the cache; and what one run puts into it."""

import hashlib
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from dev.local import progress
from dev.local.places import Places

SUITE = "bookworm"
# The cloud kernel has IPVS, and a tenth of the other one's drivers.
PACKAGES = (
    *("linux-image-cloud-amd64", "kmod", "iproute2", "iptables", "procps", "python3-minimal"),
    # As in kube-keepalived-vip's image.
    *("keepalived", "ipvsadm", "dumb-init"),
)
# The file system of each run is mounted before anything else is started.
_INIT = "#!/bin/sh\nmount /dev/vdb /opt && exec /opt/machine.sh\n"
_OCTETS = 1_000_000_000
_OCTETS_OF_A_RUN = 100_000_000


@dataclass(frozen=True, kw_only=True)
class SystemDisk:
    """A bootable system, which runs do not write to."""

    image: Path
    kernel: Path
    initrd: Path

    def exists(self) -> bool:
        return self.image.exists()


def system(places: Places) -> SystemDisk:
    """Return the system disk of these packages, whether it exists or not."""
    recipe = hashlib.sha256(repr((SUITE, PACKAGES, _INIT, _OCTETS)).encode()).hexdigest()[:16]
    directory = places.cache / "last-hop" / recipe
    return SystemDisk(image=directory / "disk.img", kernel=directory / "vmlinuz", initrd=directory / "initrd")


def build(disk: SystemDisk, log_file: Path) -> None:
    """Build the system disk with debootstrap, as root."""
    directory = disk.image.parent
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory) as name:
        root = Path(name) / "root"
        progress.run(
            "building the virtual machine's disk with debootstrap, about two minutes",
            ["debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", SUITE, root],
            log_file=log_file,
            remedy="debootstrap requires root and a Debian mirror (http_proxy is respected).",
        )
        for unused in ("var/cache/apt/archives", "var/lib/apt/lists"):
            shutil.rmtree(root / unused)
        init = root / "sbin" / "init"
        init.unlink(missing_ok=True)
        init.write_text(_INIT)
        init.chmod(0o755)
        (kernel,), (initrd,) = ((root / "boot").glob(f"{part}-*") for part in ("vmlinuz", "initrd.img"))
        shutil.copyfile(kernel, disk.kernel)
        shutil.copyfile(initrd, disk.initrd)
        image = Path(name) / "disk.img"
        _make_file_system(image, root, _OCTETS)
        image.rename(disk.image)


def of_a_run(image: Path, content: Path) -> None:
    """Write what a run needs in the machine, which mounts it at /opt."""
    _make_file_system(image, content, _OCTETS_OF_A_RUN)


def _make_file_system(image: Path, content: Path, octets: int) -> None:
    with image.open("wb") as file:
        file.truncate(octets)
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", content, image], check=True)
