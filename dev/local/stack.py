"""The stack `dev` on the local cluster: its state, `pulumi up`, and what an interrupted one leaves behind."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from dev.local import progress
from dev.local.environment import STACK
from dev.local.places import Places
from dev.local.refusal import UserError


def up(places: Places, environment: Mapping[str, str]) -> None:
    """`pulumi up`, its own output shown; the stack is made if it is not there.

    Args:
        places: Of this checkout.
        environment: The whole environment for Pulumi.

    Raises:
        Refusal: Pulumi failed; it has said why.
    """
    places.state.mkdir(parents=True, exist_ok=True)
    if not _checkpoints(places):
        # --no-select: whichever stack the user has selected stays selected.
        _pulumi(["stack", "init", STACK, "--no-select", "--non-interactive"], places, environment)
    elif _is_left_locked(places):
        progress.say(f"the last `pulumi` on stack {STACK} ended without unlocking it: unlocking")
        _pulumi(["cancel", "--yes", "--stack", STACK], places, environment)
    _pulumi(["up", "--yes", "--skip-preview", "--stack", STACK], places, environment)


def set_aside_state(places: Places) -> None:
    """Put away the state of a cluster that is gone, so that the new one is not taken for it."""
    if places.state.exists():
        aside = places.state.with_name(f"state-of-a-lost-cluster-{time.strftime('%Y%m%dT%H%M%S')}")
        places.state.rename(aside)
        progress.say(f"the cluster is new: the state of the old one is put away in {aside}")


def _pulumi(arguments: list[str], places: Places, environment: Mapping[str, str]) -> None:
    command = ["pulumi", *arguments]
    progress.say(f"$ {' '.join(command)}")
    try:
        process = subprocess.Popen(command, cwd=places.checkout, env=dict(environment))
    except FileNotFoundError:
        raise UserError("pulumi is not on PATH: run `make setup`.") from None
    try:
        status = process.wait()
    except KeyboardInterrupt as interruption:
        # Pulumi ends what it is at and unlocks the stack, given the time. A Ctrl-C has reached it as well, and a
        # second one would cut it off; a signal to this process alone has not.
        if interruption.args:
            process.send_signal(signal.SIGINT)
        process.wait()
        raise
    if status != 0:
        raise UserError(f"`{' '.join(command)}` failed (exit status {status}); it says why above.")


def _checkpoints(places: Places) -> list[Path]:
    return list(places.state.glob(f".pulumi/stacks/*/{STACK}.json*"))


def _is_left_locked(places: Places) -> bool:
    """Whether every lock of the stack is held by a process of this machine that is no more."""
    locks = list(places.state.glob(f".pulumi/locks/**/{STACK}/*.json"))
    return bool(locks) and not any(_is_held(lock) for lock in locks)


def _is_held(lock: Path) -> bool:
    holder = json.loads(lock.read_text())
    if holder.get("hostname") != os.uname().nodename:
        return True
    try:
        os.kill(int(holder["pid"]), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
