from pathlib import Path

import pytest

from dev.last_hop import requirements
from dev.last_hop.disk import SystemDisk
from dev.local.user_error import UserError


def disk(directory: Path, *, built: bool = False) -> SystemDisk:
    image = directory / "disk.img"
    if built:
        image.touch()
    return SystemDisk(image=image, kernel=directory / "vmlinuz", initrd=directory / "initrd")


def test_without_keepalived_on_path_the_message_says_how_to_get_it() -> None:
    with pytest.raises(UserError) as error:
        requirements.keepalived_files(which=lambda _: None)
    assert str(error.value) == (
        "kube-keepalived-vip is not on PATH, which is neither downloaded nor built here: build its release 0.35 "
        "statically (CGO_ENABLED=0 go build ./pkg/cmd), or take it from the image, put it with keepalived.tmpl, "
        "haproxy.tmpl, keepalived-check.sh of the same release into one directory, and add that to PATH."
    )


def test_the_files_are_beside_what_a_symlink_on_path_leads_to(tmp_path: Path) -> None:
    real = tmp_path / "release"
    real.mkdir()
    (tmp_path / "kube-keepalived-vip").symlink_to(real / "kube-keepalived-vip")
    for name in ("kube-keepalived-vip", "keepalived.tmpl", "haproxy.tmpl"):
        (real / name).touch()

    def which(_: str) -> str:
        return str(tmp_path / "kube-keepalived-vip")

    with pytest.raises(UserError, match=r"is in .*release, but keepalived-check\.sh of the same release is not"):
        requirements.keepalived_files(which)
    (real / "keepalived-check.sh").touch()
    assert requirements.keepalived_files(which).directory == real


def test_debootstrap_is_lacking_only_until_the_disk_is_built(tmp_path: Path) -> None:
    assert requirements.lacking_tools(disk(tmp_path), which=lambda _: None) == [
        "qemu-system-x86_64",
        "debootstrap",
        "mke2fs",
    ]
    found = requirements.lacking_tools(
        disk(tmp_path, built=True), which=lambda tool: tool if tool == "/sbin/mke2fs" else None
    )
    assert found == ["qemu-system-x86_64"]


def test_without_root_the_message_says_what_root_must_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr("shutil.which", lambda _: None)
    monkeypatch.setattr(requirements, "lacking_tools", lambda _: ["debootstrap", "mke2fs"])
    with pytest.raises(UserError) as error:
        requirements.ensure_tools(disk(tmp_path), tmp_path / "log", {})
    assert str(error.value) == (
        "debootstrap, mke2fs is not installed: run `apt-get install debootstrap e2fsprogs` as root."
    )
    monkeypatch.setattr(requirements, "lacking_tools", lambda _: [])
    with pytest.raises(UserError, match="run `make last-hop` as root once"):
        requirements.ensure_tools(disk(tmp_path), tmp_path / "log", {})
