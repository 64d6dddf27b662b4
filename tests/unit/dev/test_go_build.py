import multiprocessing
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from dev.local import go_build
from dev.local.go_build import Command, Go, ModuleFile, ToolSet
from dev.local.places import Places
from dev.local.user_error import UserError
from dev.local.versions import Version
from tests.support.process import executable

ETCD = ToolSet(
    "etcd", Version(3, 6, 10), (Command("etcd", "etcd", "example.org/etcd"), Command("ctl", "etcd", "example.org/ctl"))
)


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    directory = tmp_path / "go"
    (directory / "etcd").mkdir(parents=True)
    (directory / "etcd" / "go.mod").write_text("module adb-tenants/local/etcd\n\ngo 1.26.0\n")
    (directory / "etcd" / "go.sum").write_text("")
    monkeypatch.setattr(go_build, "MODULES", directory)
    return directory


@pytest.fixture
def fake_go(tmp_path: Path, modules: Path, monkeypatch: pytest.MonkeyPatch) -> Path:  # noqa: ARG001 - order of set-up
    """A `go` on PATH that records what it builds, and that it verifies first; fails for the packages in `broken`."""
    executable(
        tmp_path / "bin" / "go",
        f"""#!/bin/sh
[ "$1" = version ] && echo "go version go1.26.6 linux/amd64" && exit
for last; do out=$previous; previous=$last; done
echo "$last" >> {tmp_path}/built
grep -qsx "$last" {tmp_path}/broken && echo "$last: no such package" && exit 1
echo "$last, cgo $CGO_ENABLED, flags '$GOFLAGS', toolchain $GOTOOLCHAIN" > "$out"
""",
    )
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    monkeypatch.setenv("GOFLAGS", "-tags=of-the-user")
    return tmp_path


def numbers() -> Callable[[], str]:
    counter = count(1)
    return lambda: str(next(counter))


def test_a_tool_set_is_verified_built_once_and_cached(fake_go: Path, places: Places) -> None:
    directory = go_build.build(ETCD, places, numbers())
    assert go_build.build(ETCD, places, numbers()) == directory
    assert (fake_go / "built").read_text() == "verify\nexample.org/etcd\nexample.org/ctl\n"
    assert {file.name: file.read_text().strip() for file in directory.iterdir()} == {
        "etcd": "example.org/etcd, cgo 0, flags '', toolchain local",
        "ctl": "example.org/ctl, cgo 0, flags '', toolchain local",
    }


def test_concurrent_builds_build_once(fake_go: Path, places: Places) -> None:
    fork = multiprocessing.get_context("fork")
    builders = [fork.Process(target=go_build.build, args=(ETCD, places, numbers())) for _ in range(4)]
    for builder in builders:
        builder.start()
    for builder in builders:
        builder.join()
    assert [builder.exitcode for builder in builders] == [0, 0, 0, 0]
    assert (fake_go / "built").read_text() == "verify\nexample.org/etcd\nexample.org/ctl\n"


def test_a_failed_build_shows_its_output_and_can_be_continued(fake_go: Path, places: Places) -> None:
    (fake_go / "broken").write_text("example.org/ctl\n")
    with pytest.raises(UserError, match=r"building ctl(.|\n)*no such package"):
        go_build.build(ETCD, places, numbers())
    assert not ETCD.directory(places).exists()
    (fake_go / "broken").unlink()
    go_build.build(ETCD, places, numbers())
    assert (fake_go / "built").read_text() == "verify\nexample.org/etcd\nexample.org/ctl\nverify\nexample.org/ctl\n"


def test_the_cache_key_depends_on_the_content(modules: Path) -> None:
    pinned = [
        ETCD,
        replace(ETCD, commands=ETCD.commands[:1]),
        replace(ETCD, commands=(replace(ETCD.commands[0], package="example.org/other"), ETCD.commands[1])),
        replace(ETCD, commands=(replace(ETCD.commands[0], stamps=(("version", "1"),)), ETCD.commands[1])),
        replace(ETCD, files=(ModuleFile("exec", "etcd", "example.org/sdk", "exec"),)),
    ]
    keys = [tools.key for tools in pinned]
    for name in ("go.mod", "go.sum"):
        (modules / "etcd" / name).write_text((modules / "etcd" / name).read_text() + "\n// another pin\n")
        keys.append(ETCD.key)
    assert len(set(keys)) == len(keys), "two different tool sets share a cache directory"


def test_the_estimate_of_a_build_is_not_part_of_its_key(modules: Path) -> None:  # noqa: ARG001 - needs its files
    slow = replace(ETCD, commands=(replace(ETCD.commands[0], minutes=9), ETCD.commands[1]))
    assert slow.key == ETCD.key


@pytest.mark.parametrize(("printed", "used"), [("go1.26.0", True), ("go1.30", True), ("go1.25.9", False)])
def test_a_go_on_path_is_used_if_it_is_new_enough(
    printed: str, used: bool, tmp_path: Path, modules: Path, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_path = executable(tmp_path / "bin" / "go", f"#!/bin/sh\necho go version {printed} linux/amd64\n")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setattr("dev.local.pypi_venv.ensure", lambda *_: Path("/from/the/index"))
    assert modules.is_dir()
    assert Go.find(places).executable == (on_path if used else Path("/from/the/index/bin/go"))


def test_every_pinned_module_has_checksums_and_a_go_line() -> None:
    unpinned = [
        module.name
        for module in sorted(go_build.MODULES.iterdir())
        if module.is_dir() and not ((module / "go.mod").exists() and (module / "go.sum").stat().st_size > 0)
    ]
    assert unpinned == []
    assert go_build.oldest_go() >= Version(1, 26)
