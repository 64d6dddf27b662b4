"""Creates the checkout's virtual environment, `.venv`, from requirements-dev.txt.

With uv, a second checkout on the same machine takes one or two seconds instead of a minute: uv makes hard links.
"""

import ast
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from dev.local import progress, pypi_venv
from dev.local.places import CHECKOUT, Places

_UV_LOCK = Path(__file__).resolve().parent / "uv.lock.txt"

# pip's settings of the index and the variables of uv with the same meaning: a mirror that works for `pip install` has
# to work here.
_UV_NAMES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "no-index": "UV_NO_INDEX",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "timeout": "UV_HTTP_TIMEOUT",
    "default-timeout": "UV_HTTP_TIMEOUT",
}
# From weak to strong: pip's configuration files, its `install` section, its environment variables.
_PIP_SECTIONS = ("global", "install", ":env:")


def ensure(places: Places) -> None:
    """Create or update `.venv` if it does not match requirements-dev.txt; raises `UserError`."""
    lock = places.checkout / "requirements-dev.txt"
    stamp = places.venv / "synced"
    content = hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()
    if (places.venv / "bin" / "python").exists() and stamp.exists() and stamp.read_text() == content:
        return
    uv = _uv(places)
    python = pypi_venv.machine_python()
    environment = _environment(uv)
    log = places.local / "logs" / "uv.log"
    progress.run(
        f"creating {places.venv.name} with {python}",
        [uv, "venv", "--clear", "--no-project", "--prompt", "adb-tenants", "--python", python, places.venv],
        env=environment,
        log_file=log,
    )
    progress.run(
        "installing the locked Python packages, about 30 s the first time",
        [uv, "pip", "sync", "--require-hashes", "--python", places.venv / "bin" / "python", lock],
        env=environment,
        log_file=log,
        remedy="Check that the Python index of pip's configuration is reachable.",
    )
    stamp.write_text(content)


def lock(places: Places) -> None:
    """Write requirements.txt and requirements-dev.txt from pyproject.toml, keeping versions that still satisfy it.

    With hashes and without an index address, so that the files are valid for any mirror.
    """
    uv = _uv(places)
    environment = _environment(uv) | {"UV_CUSTOM_COMPILE_COMMAND": "make lock"}
    compiled = [
        *(str(uv), "pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes"),
        *("--no-annotate", "--no-emit-index-url", "--no-emit-find-links", "pyproject.toml"),
    ]
    for arguments in (
        ["--group", "dev", "--output-file", "requirements-dev.txt"],
        # Constrained by the other, so that the two never disagree on a version.
        ["--constraint", "requirements-dev.txt", "--output-file", "requirements.txt"],
    ):
        progress.run(
            f"locking {arguments[-1]}",
            [*compiled, *arguments],
            cwd=CHECKOUT,
            env=environment,
            log_file=places.local / "logs" / "lock.log",
        )


def _uv(places: Places) -> Path:
    return pypi_venv.ensure(_UV_LOCK, places, "uv, which installs Python packages") / "bin" / "uv"


def _environment(uv: Path) -> dict[str, str]:
    listed = subprocess.run(
        [uv.with_name("python"), "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    )
    # Only this interpreter: uv would download another one from GitHub.
    return uv_settings(listed.stdout.splitlines(), os.environ) | {"UV_PYTHON_DOWNLOADS": "never"}


def uv_settings(pip_config: Iterable[str], environment: Mapping[str, str]) -> dict[str, str]:
    """Translate the lines of `pip config list` to the environment for uv; the user's own settings of uv win."""
    configured: dict[tuple[str, str], str] = {}
    for line in pip_config:
        name, _, quoted = line.partition("=")
        section, _, key = name.rpartition(".")
        if section in _PIP_SECTIONS and key in _UV_NAMES:
            configured[section, key] = str(ast.literal_eval(quoted))
    settings: dict[str, str] = {}
    for section in _PIP_SECTIONS:
        for key, variable in _UV_NAMES.items():
            value = configured.get((section, key))
            if value is not None:
                settings[variable] = ",".join(value.split()) if variable == "UV_FIND_LINKS" else " ".join(value.split())
    return settings | dict(environment)
