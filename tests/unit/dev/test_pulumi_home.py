import os
import pwd
from pathlib import Path

import pytest

from dev.local import pulumi_home
from dev.local.places import Places


@pytest.fixture
def users(tmp_path: Path) -> Path:
    """A user's home with a plugin, a login and a log."""
    home = tmp_path / "user"
    (home / "plugins" / "resource-kubernetes-v4.34.2").mkdir(parents=True)
    (home / "logs").mkdir()
    (home / "credentials.json").touch()
    return home


def test_the_engine_finds_everything_but_a_directory_for_its_log(places: Places, users: Path) -> None:
    pulumi_home.make(places, {"PULUMI_HOME": str(users)})
    assert {entry.name: entry.resolve() for entry in places.pulumi_home.iterdir()} == {
        "plugins": users / "plugins",
        "credentials.json": users / "credentials.json",
        "logs": places.pulumi_home / "logs",
    }
    assert (places.pulumi_home / "logs").is_file()


def test_plugins_and_logins_stay_the_users(places: Places, tmp_path: Path) -> None:
    outside = {"PULUMI_HOME": str(tmp_path / "new")}
    pulumi_home.make(places, outside)
    (places.pulumi_home / "plugins" / "installed").touch()
    assert (tmp_path / "new" / "plugins" / "installed").exists()
    assert pulumi_home.variables(places, outside) == {
        "PULUMI_HOME": str(places.pulumi_home),
        "PULUMI_CREDENTIALS_PATH": str(tmp_path / "new"),
    }


def test_without_a_variable_the_home_is_where_the_engine_has_it() -> None:
    assert pulumi_home.of_user({"HOME": "/elsewhere"}) == Path(pwd.getpwuid(os.getuid()).pw_dir) / ".pulumi"


def test_a_shell_of_a_checkout_keeps_the_users_home(places: Places, users: Path) -> None:
    outside = {"PULUMI_HOME": str(users)}
    pulumi_home.make(places, outside)
    inside = outside | pulumi_home.variables(places, outside)
    pulumi_home.make(places, inside)
    assert pulumi_home.variables(places, inside) == pulumi_home.variables(places, outside)
    assert (places.pulumi_home / "plugins").readlink() == users / "plugins"


def test_another_home_replaces_the_links(places: Places, users: Path, tmp_path: Path) -> None:
    pulumi_home.make(places, {"PULUMI_HOME": str(users)})
    pulumi_home.make(places, {"PULUMI_HOME": str(tmp_path / "another")})
    links = {entry.name: entry.readlink() for entry in places.pulumi_home.iterdir() if entry.is_symlink()}
    assert links == {"plugins": tmp_path / "another" / "plugins"}


@pytest.mark.parametrize("wanted", ["true", "1"])
def test_the_log_comes_back_with_the_engines_own_variable(wanted: str, places: Places, users: Path) -> None:
    outside = {"PULUMI_HOME": str(users)}
    pulumi_home.make(places, outside)
    inside = outside | pulumi_home.variables(places, outside)
    assert pulumi_home.variables(places, inside | {"PULUMI_ENABLE_AUTOMATIC_LOGGING": wanted}) == {
        "PULUMI_HOME": str(users),
        "PULUMI_CREDENTIALS_PATH": str(users),
    }
