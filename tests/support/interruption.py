"""Interrupts an `up`."""

import os
import shutil
import signal
import subprocess

from tests.support.fleets import Config
from tests.support.stack import Stack


def start_an_up(stack: Stack, config: Config) -> subprocess.Popen[str]:
    """Start an `up` in its own process group."""
    stack.configure(config)
    command = [shutil.which("pulumi", path=stack.environment["PATH"]) or "pulumi", "up", "--yes", "--skip-preview"]
    return subprocess.Popen(
        [*command, "--stack", stack.name, "--non-interactive", "--color", "never"],
        cwd=stack.project,
        env=stack.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def kill(stack: Stack, running: subprocess.Popen[str]) -> None:
    """Kill the engine and its plugins, if they still run, and remove the lock."""
    if running.poll() is None:
        os.killpg(running.pid, signal.SIGKILL)
    running.communicate()
    stack.pulumi("cancel", "--yes")


def cancel(running: subprocess.Popen[str]) -> str:
    """Interrupt the engine, as Ctrl-C does; wait for its end and return its output."""
    os.kill(running.pid, signal.SIGINT)
    output, _ = running.communicate(timeout=120)
    return output
