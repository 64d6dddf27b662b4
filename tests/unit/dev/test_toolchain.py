from pathlib import Path

import pytest

from dev.local import toolchain
from dev.local.places import Places
from dev.local.versions import Version
from tests.support.process import executable

BY_NAME = {requirement.tools.name: requirement for requirement in toolchain.REQUIREMENTS}


def put_on_path(directory: Path, *names: str, printed: str) -> str:
    """Create executables that print a version; return the directory as a PATH."""
    for name in names:
        executable(directory / name, f"#!/bin/sh\necho '{printed}'\n")
    return str(directory)


def found(requirement: str, path: str) -> Version | None:
    return toolchain.on_path(BY_NAME[requirement], path)


def test_an_accepted_tool_on_path_is_used(tmp_path: Path) -> None:
    path = put_on_path(tmp_path, "kubectl", printed="Client Version: v1.35.2")
    assert found("kubectl", path) == Version(1, 35, 2)


def test_a_tool_that_is_not_on_path_is_not_found(tmp_path: Path) -> None:
    assert found("kubectl", str(tmp_path)) is None


@pytest.mark.parametrize("printed", ["Client Version: v1.32.4", "Client Version: v1.38.0", "no version at all"])
def test_a_wrong_version_on_path_is_not_used_and_logged(
    tmp_path: Path, printed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert found("kubectl", put_on_path(tmp_path, "kubectl", printed=printed)) is None
    logged = capsys.readouterr().err
    assert logged.startswith(f"{tmp_path}/kubectl is not used: its version is ")
    assert "required is >= 1.35.0, < 1.38.0 (kubectl supports API servers one minor version away)" in logged


def test_a_pulumi_without_its_python_host_is_not_used(tmp_path: Path) -> None:
    assert found("pulumi", put_on_path(tmp_path, "pulumi", printed="v3.272.0")) is None


def test_a_pulumi_with_its_python_host_is_used(tmp_path: Path) -> None:
    names = ("pulumi", "pulumi-language-python", "pulumi-language-python-exec")
    assert found("pulumi", put_on_path(tmp_path, *names, printed="v3.272.0")) == Version(3, 272, 0)


def test_one_wrong_version_excludes_the_whole_set(tmp_path: Path) -> None:
    put_on_path(tmp_path, "kube-apiserver", "kube-controller-manager", printed="Kubernetes v1.36.1")
    path = put_on_path(tmp_path, "kube-scheduler", printed="Kubernetes v1.30.0")
    assert found("kubernetes", path) is None


def test_directories_of_any_checkout_are_removed_from_path(places: Places) -> None:
    checkout = [places.venv / "bin", places.tools, places.double]
    path = ":".join(["/usr/local/bin", *map(str, checkout), "/usr/bin"])
    assert toolchain.outside_path(path) == "/usr/local/bin:/usr/bin"


@pytest.mark.parametrize("path", ["/home/user/.local/bin:/bin", "/project/.venv/bin", "", "bin:/:.", "/dev/plugin/bin"])
def test_directories_that_only_look_like_a_checkouts_stay_on_path(path: str) -> None:
    assert toolchain.outside_path(path) == path


def test_only_built_tools_are_linked(places: Places) -> None:
    toolchain._link({"etcd": Path("/cache/old/etcd"), "kwok": Path("/cache/kwok")}, places.tools)
    untouched = (places.tools / "kwok").lstat()
    toolchain._link({"etcd": Path("/cache/new/etcd"), "kwok": Path("/cache/kwok")}, places.tools)
    assert {link.name: str(link.readlink()) for link in places.tools.iterdir()} == {
        "etcd": "/cache/new/etcd",
        "kwok": "/cache/kwok",
    }
    assert (places.tools / "kwok").lstat().st_ino == untouched.st_ino
    toolchain._link({}, places.tools)
    assert list(places.tools.iterdir()) == []


def test_an_accepted_helm_on_path_is_used(tmp_path: Path, places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", put_on_path(tmp_path / "bin", "helm", printed="v4.0.1+g12500dd"))
    assert toolchain.executable(toolchain.HELM, places) == tmp_path / "bin" / "helm"


@pytest.mark.parametrize("printed", ["v3.19.0", "v5.0.0"])
def test_otherwise_helm_is_built_into_the_cache_and_not_linked(
    printed: str, tmp_path: Path, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", put_on_path(tmp_path / "bin", "helm", printed=printed))
    monkeypatch.setattr("dev.local.go_build.build", lambda tools, places, _: tools.directory(places))
    helm = toolchain.executable(toolchain.HELM, places)
    assert helm == toolchain.HELM.tools.directory(places) / "helm"
    assert not (places.tools / "helm").exists()


def test_no_two_tool_sets_have_the_same_command() -> None:
    binaries = [
        binary for requirement in (*toolchain.REQUIREMENTS, toolchain.HELM) for binary in requirement.tools.binaries
    ]
    assert sorted(binaries) == sorted(set(binaries))
