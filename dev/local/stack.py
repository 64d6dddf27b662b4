"""Runs `pulumi up` for the stack `dev` on the local cluster, and cleans up after an interrupted one."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from dev.local import progress
from dev.local.environment import STACK
from dev.local.places import Places
from dev.local.user_error import UserError


def up(places: Places, environment: Mapping[str, str]) -> None:
    """Run `pulumi up` and show its output; create the stack if it does not exist. Raises `UserError` if it fails."""
    places.state.mkdir(parents=True, exist_ok=True)
    if not any(places.state.glob(f".pulumi/stacks/*/{STACK}.json*")):
        # --no-select keeps the user's selected stack.
        _pulumi(["stack", "init", STACK, "--no-select", "--non-interactive"], places, environment)
    elif _is_left_locked(places):
        progress.log(f"an interrupted `pulumi` has left stack {STACK} locked: unlocking it")
        _pulumi(["cancel", "--yes", "--stack", STACK], places, environment)
    _pulumi(["up", "--yes", "--skip-preview", "--stack", STACK], places, environment)


def set_aside_state(places: Places) -> None:
    """Rename the state of a deleted cluster, so that it is not used for the new one."""
    if places.state.exists():
        aside = places.state.with_name(f"state-of-a-lost-cluster-{time.strftime('%Y%m%dT%H%M%S')}")
        places.state.rename(aside)
        progress.log(f"the cluster is new: the state of the old one was moved to {aside}")


def _pulumi(arguments: list[str], places: Places, environment: Mapping[str, str]) -> None:
    command = ["pulumi", *arguments]
    progress.log(f"$ {' '.join(command)}")
    try:
        process = subprocess.Popen(command, cwd=places.checkout, env=dict(environment))
    except FileNotFoundError:
        raise UserError("pulumi is not on PATH: run `make setup`.") from None
    try:
        status = process.wait()
    except KeyboardInterrupt as interruption:
        # Given the time, Pulumi finishes the current step and unlocks the stack. A Ctrl-C has reached it as well, and a
        # second one would abort it; a signal to this process alone has not.
        if interruption.args:
            process.send_signal(signal.SIGINT)
        process.wait()
        raise
    if status != 0:
        raise UserError(f"`{' '.join(command)}` failed (exit status {status}); see its output above.")


def _is_left_locked(places: Places) -> bool:
    """Whether each lock of the stack belongs to a process of this machine that has exited."""
    locks = list(places.state.glob(f".pulumi/locks/**/{STACK}/*.json"))
    return bool(locks) and not any(_is_held(lock) for lock in locks)


def _is_held(lock: Path) -> bool:
    holder = json.loads(lock.read_text())
    if holder.get("hostname") != os.uname().nodename:
        return True
    try:
        # A process of another user exists, too.
        with suppress(PermissionError):
            os.kill(int(holder["pid"]), 0)
    except ProcessLookupError:
        return False
    return True
