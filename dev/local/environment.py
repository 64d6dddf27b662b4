"""The environment variables with which `pulumi`, `kubectl` and `pytest` use the local cluster."""

import os
import shlex
from collections.abc import Mapping

from dev.local import pulumi_home, toolchain
from dev.local.kubernetes_plugin import Plugin
from dev.local.places import Places

STACK = "dev"
PASSPHRASE = "adb-tenants-dev"  # noqa: S105 - public on purpose: it encrypts fictitious values
_LOOPBACK = ("127.0.0.1", "localhost")


def of(places: Places, plugin: Plugin | None, outside: Mapping[str, str]) -> dict[str, str]:
    """Return the variables to add to the environment `outside`.

    The virtual environment is first on PATH, since the Python language host built from Go modules finds it in no other
    way.
    The plugin is `None` if it is not known yet; `outside` may have these variables already.
    """
    ours = [places.venv / "bin", places.tools]
    if plugin is not None and not plugin.official:
        ours.append(places.double)
    path = [*map(str, ours), *filter(None, [toolchain.outside_path(outside.get("PATH", ""))])]
    exports = {
        "PATH": os.pathsep.join(path),
        "KUBECONFIG": str(places.kubeconfig),
        **pulumi_home.variables(places, outside),
        # Without `metadata=skip` the backend also writes a checksum file, and not atomically: a killed `pulumi up`
        # leaves it empty, and every later command fails with "failed to load checkpoint: EOF".
        "PULUMI_BACKEND_URL": f"file://{places.state}?metadata=skip",
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        # As in ci/pipeline.mk; docs/benchmark.md shows their effect.
        "PULUMI_SKIP_CHECKPOINTS": "true",
        "PULUMI_PARALLEL": "64",
        "GOGC": "200",
        "PULUMI_STACK": STACK,
        # Where it is set, as in many containers, each run of the program compiles the 650 modules that it imports: 2 of
        # the 5 s of processor time in the preview of one tenant (2026-11).
        "PYTHONDONTWRITEBYTECODE": "",
    }
    # Python's clients, unlike Go's, would use a proxy for the API server on this machine.
    for name in ("NO_PROXY", "no_proxy"):
        if any(outside.get(proxy) for proxy in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY")):
            direct = [host for host in outside.get(name, "").split(",") if host]
            exports[name] = ",".join([*direct, *(host for host in _LOOPBACK if host not in direct)])
    return exports


def as_shell(exports: Mapping[str, str]) -> str:
    """Return the variables as lines for `eval` in a POSIX shell."""
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in exports.items())
