"""The commands behind the Makefile's targets."""

import argparse
import os
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

from dev.local import (
    access_path,
    environment,
    kubernetes_plugin,
    places,
    progress,
    python_environment,
    stack,
    toolchain,
)
from dev.local.cluster import DEV_NODES, KwokCluster
from dev.local.file_lock import exclusive
from dev.local.places import Places
from dev.local.refusal import UserError

_CLUSTER = "adb"


def main(arguments: Sequence[str]) -> int:
    """Run one command; the exit status is 0, or 1 with a sentence on stderr, or 130 when interrupted."""
    parser = argparse.ArgumentParser(prog="python -m local", description="The tool chain and the local cluster.")
    parser.add_argument("command", choices=sorted(_COMMANDS), help="what to do; the Makefile says what each is for")
    command = parser.parse_args(arguments).command
    here = places.of_checkout()
    # So that a `kill`, like Ctrl-C, lets everything that was started be ended.
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with exclusive(here.local / "lock", f"make {command}"):
            _COMMANDS[command](here)
    except UserError as refusal:
        progress.say(f"\n{refusal}")
        return 1
    except KeyboardInterrupt:
        progress.say("\ninterrupted; the same command goes on from here")
        return 130
    return 0


def _interrupt(number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt(number)


def setup(here: Places) -> dict[str, str]:
    """Make the Python environment, the tools and the plugin available; return the exports that make them seen."""
    python_environment.ensure(here)
    toolchain.ensure(here)
    without_plugin = dict(os.environ) | environment.of(here, None, os.environ)
    plugin = kubernetes_plugin.ensure(here, without_plugin)
    return environment.of(here, plugin, os.environ)


def up(here: Places) -> None:
    """From nothing to a running stack `dev`, and how a client reaches its tenants."""
    began = time.monotonic()
    whole = dict(os.environ) | setup(here)
    cluster = _cluster(here, whole["PATH"])
    progress.say(f"starting the local cluster, context {cluster.context}, about 5 s")
    if cluster.start(DEV_NODES):
        stack.set_aside_state(here)
    stack.up(here, whole)
    paths = access_path.of_all_tenants(cluster)
    print("\nHow clients reach the tenants, read from the cluster:\n", flush=True)
    for path in paths:
        print(path, flush=True)
    if not paths or any(path.broken for path in paths):
        raise UserError("The access path is not whole: `kubectl get events` and `pulumi up` may say why.")
    progress.say(
        f"\nup after {progress.duration(time.monotonic() - began)}; for pulumi and kubectl in this shell:"
        '  eval "$(make -s env)"'
    )


def down(here: Places) -> None:
    """Stop the local cluster; its data, and Pulumi's state, stay for the next `make up`."""
    _cluster(here, environment.of(here, None, os.environ)["PATH"]).stop()
    progress.say("the local cluster is stopped")


def clean(here: Places) -> None:
    """Drop the cluster with its data, Pulumi's state, the virtual environment and the tools that were built."""
    _cluster(here, environment.of(here, None, os.environ)["PATH"]).delete()
    for leftover in (here.local, here.venv, here.cache):
        shutil.rmtree(leftover, ignore_errors=True)
    progress.say(f"clean; {here.cache} is gone too, so the next set-up, in any checkout, builds the tools again")


def env(here: Places) -> None:
    """Print the exports, and nothing else, to stdout."""
    sys.stdout.write(environment.as_shell(setup(here)))


def lock(here: Places) -> None:
    """Write the locked requirements anew."""
    python_environment.lock(here)


def _cluster(here: Places, path: str) -> KwokCluster:
    return KwokCluster(_CLUSTER, here.local, path)


_COMMANDS = {
    "setup": setup,
    "up": up,
    "down": down,
    "clean": clean,
    "env": env,
    "lock": lock,
}
