import os
import time
from pathlib import Path

import pytest

from dev.local import kubernetes_plugin
from dev.local.kubernetes_plugin import Plugin
from dev.local.places import Places
from dev.local.user_error import UserError
from tests.support.process import executable

NAME, SCRIPT = "pulumi-resource-kubernetes", "#!/bin/sh\n"


@pytest.fixture
def machine(places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of a machine with the double, without access to the official plugin's download."""
    (places.checkout / "requirements.txt").write_text("pulumi==3.272.0 \\\npulumi-kubernetes==4.34.2 \\\n")
    executable(places.double / NAME, SCRIPT)
    (tmp_path / "bin").mkdir()
    monkeypatch.setattr(kubernetes_plugin, "_reachable", lambda _: False)
    return {"PATH": f"{places.double}:{tmp_path / 'bin'}", "PULUMI_HOME": str(tmp_path / "pulumi")}


def test_the_official_plugin_on_path_comes_first(places: Places, machine: dict[str, str], tmp_path: Path) -> None:
    on_path = executable(tmp_path / "bin" / NAME, SCRIPT)
    executable(tmp_path / "pulumi" / "plugins" / "resource-kubernetes-v4.34.2" / NAME, SCRIPT)
    assert kubernetes_plugin.ensure(places, machine) == Plugin(official=True, where=str(on_path))


def test_an_installed_official_plugin_comes_next(places: Places, machine: dict[str, str], tmp_path: Path) -> None:
    installed = executable(tmp_path / "pulumi" / "plugins" / "resource-kubernetes-v4.34.2" / NAME, SCRIPT)
    assert kubernetes_plugin.ensure(places, machine) == Plugin(official=True, where=str(installed))


def test_another_version_of_the_plugin_is_not_used(places: Places, machine: dict[str, str], tmp_path: Path) -> None:
    executable(tmp_path / "pulumi" / "plugins" / "resource-kubernetes-v4.32.0" / NAME, SCRIPT)
    assert not kubernetes_plugin.ensure(places, machine).official


def test_the_engine_downloads_the_official_plugin_if_it_can(
    places: Places, machine: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path / "pulumi" / "plugins" / "resource-kubernetes-v4.34.2" / NAME
    asked = '#!/bin/sh\n[ "$*" = "plugin install resource kubernetes 4.34.2" ] || exit 1\n'
    executable(tmp_path / "bin" / "pulumi", f'{asked}mkdir -p {installed.parent} && cp "$0" {installed}\n')
    monkeypatch.setattr(kubernetes_plugin, "_reachable", lambda _: True)
    environment = machine | {"PATH": f"{machine['PATH']}:/usr/bin:/bin"}
    assert kubernetes_plugin.ensure(places, environment) == Plugin(official=True, where=str(installed))


def test_the_double_is_the_last_resort_with_a_message(
    places: Places, machine: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert kubernetes_plugin.ensure(places, machine) == Plugin(official=False, where=str(places.double))
    assert capsys.readouterr().err == (
        "the official pulumi-resource-kubernetes 4.34.2 is not installed and cannot be downloaded: "
        "using the double in dev/plugin (loopback clusters only)\n"
    )


def test_without_any_plugin_the_error_has_the_install_command(places: Places, machine: dict[str, str]) -> None:
    (places.double / NAME).unlink()
    with pytest.raises(UserError, match=r"`pulumi plugin install resource kubernetes 4\.34\.2` where get"):
        kubernetes_plugin.ensure(places, machine)


def test_an_unreachable_download_is_tried_again_after_an_hour(
    places: Places, machine: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def never_reachable(version: str) -> bool:
        asked.append(version)
        return False

    monkeypatch.setattr(kubernetes_plugin, "_reachable", never_reachable)
    kubernetes_plugin.ensure(places, machine)
    kubernetes_plugin.ensure(places, machine)
    assert asked == ["4.34.2"]
    [unreachable] = places.cache.glob("*.unreachable")
    hour_ago = time.time() - 3601
    os.utime(unreachable, (hour_ago, hour_ago))
    kubernetes_plugin.ensure(places, machine)
    assert asked == ["4.34.2", "4.34.2"]
