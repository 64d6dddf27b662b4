"""The environment in which plain `pulumi`, `kubectl` and `pytest` work against the local cluster."""

import os
import shlex
from collections.abc import Mapping

from dev.local import toolchain
from dev.local.kubernetes_plugin import Plugin
from dev.local.places import Places

STACK = "dev"
PASSPHRASE = "adb-tenants-dev"  # noqa: S105 - public on purpose: what it encrypts are made-up values
_LOOPBACK = ("127.0.0.1", "localhost")


def of(places: Places, plugin: Plugin | None, outside: Mapping[str, str]) -> dict[str, str]:
    """What to add to the environment `outside`.

    The user's PULUMI_HOME stays: installed plugins are found there. The virtual environment comes first on PATH,
    since the Python language host that is built from Go modules knows no other way to find it.

    Args:
        places: Of this checkout.
        plugin: The plugin to be used; None if it has not been looked for yet.
        outside: The environment to extend; that of a shell which has these exports already gives the same result.
    """
    ours = [places.venv / "bin", places.tools]
    if plugin is not None and not plugin.official:
        ours.append(places.double)
    path = [*map(str, ours), *filter(None, [toolchain.outside_path(outside.get("PATH", ""))])]
    exports = {
        "PATH": os.pathsep.join(path),
        "KUBECONFIG": str(places.kubeconfig),
        # Without `metadata=skip` the backend also writes a sidecar file with a checksum, and not atomically: a killed
        # `pulumi up` leaves it empty, and every later command ends in "failed to load checkpoint: EOF".
        "PULUMI_BACKEND_URL": f"file://{places.state}?metadata=skip",
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_STACK": STACK,
        # Where it is set, as in many containers, each run of the program compiles the 650 modules it imports anew: 2 of
        # the 5 s of processor time in the preview of one tenant (2026-11).
        "PYTHONDONTWRITEBYTECODE": "",
    }
    # Python's clients, unlike Go's, would ask a proxy for the API server on this very machine.
    for name in ("NO_PROXY", "no_proxy"):
        if any(outside.get(proxy) for proxy in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY")):
            spared = [host for host in outside.get(name, "").split(",") if host]
            exports[name] = ",".join([*spared, *(host for host in _LOOPBACK if host not in spared)])
    return exports


def as_shell(exports: Mapping[str, str]) -> str:
    """Lines for `eval` in any POSIX shell."""
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in exports.items())
