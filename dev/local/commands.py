"""The commands behind the Makefile's targets."""

import argparse
import os
import shutil
import sys
import time
from collections.abc import Sequence

from dev.local import (
    access_path,
    environment,
    kubernetes_plugin,
    places,
    progress,
    pulumi_home,
    python_environment,
    sbom,
    stack,
    toolchain,
)
from dev.local.cluster import DEV_NODES, KwokCluster
from dev.local.file_lock import exclusive
from dev.local.places import Places
from dev.local.user_error import UserError

_CLUSTER = "adb"


def main(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m dev.local", description="Manage tool chain and local cluster.")
    parser.add_argument("command", choices=sorted(_COMMANDS), help="see `make help`")
    command = parser.parse_args(arguments).command
    here = places.of_checkout()

    def work() -> None:
        with exclusive(here.local / "lock", f"make {command}"):
            _COMMANDS[command](here)

    return progress.exit_code(work, if_interrupted="interrupted; run the same command again to continue")


def setup(here: Places) -> dict[str, str]:
    """Install the Python environment, the tools and the plugin; return the environment variables that use them."""
    python_environment.ensure(here)
    toolchain.ensure(here)
    pulumi_home.make(here, os.environ)
    without_plugin = dict(os.environ) | environment.of(here, None, os.environ)
    plugin = kubernetes_plugin.ensure(here, without_plugin)
    return environment.of(here, plugin, os.environ)


def up(here: Places) -> None:
    """Set up, start the cluster, update the stack `dev` and show how a client reaches its tenants."""
    began = time.monotonic()
    whole = dict(os.environ) | setup(here)
    cluster = _cluster(here, whole["PATH"])
    progress.log(f"starting the local cluster, context {cluster.context}, about 5 s")
    if cluster.start(DEV_NODES):
        stack.set_aside_state(here)
    stack.up(here, whole)
    paths = access_path.of_all_tenants(cluster)
    print("\nThe path from a client to each tenant, read from the cluster:\n", flush=True)
    for path in paths:
        print(path, flush=True)
    if not paths or any(path.missing for path in paths):
        raise UserError("The access path is incomplete: see `kubectl get events` and `pulumi up`.")
    progress.log(
        f"\nup after {progress.duration(time.monotonic() - began)}; to use pulumi and kubectl in this shell, run:"
        '  eval "$(make -s env)"'
    )


def down(here: Places) -> None:
    """Stop the local cluster; its data and Pulumi's state are kept for the next `make up`."""
    _cluster(here, environment.of(here, None, os.environ)["PATH"]).stop()
    progress.log("the local cluster is stopped")


def clean(here: Places) -> None:
    """Delete the cluster with its data, Pulumi's state, the virtual environment and the tools that were built."""
    _cluster(here, environment.of(here, None, os.environ)["PATH"]).delete()
    for leftover in (here.local, here.venv, here.cache):
        shutil.rmtree(leftover, ignore_errors=True)
    progress.log(f"clean; {here.cache} is deleted too: the next setup, in any checkout, builds the tools again")


def env(here: Places) -> None:
    """Print the exports to stdout."""
    sys.stdout.write(environment.as_shell(setup(here)))


def _cluster(here: Places, path: str) -> KwokCluster:
    return KwokCluster(_CLUSTER, here.local, path)


_COMMANDS = {
    "setup": setup,
    "up": up,
    "down": down,
    "clean": clean,
    "env": env,
    "lock": python_environment.lock,
    "sbom": sbom.write,
}
