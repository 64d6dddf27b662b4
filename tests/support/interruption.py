"""An `up` that does not come to its end by itself."""

import os
import shutil
import signal
import subprocess

from tests.support.fleets import Config
from tests.support.stack import Stack


def start_an_up(stack: Stack, config: Config) -> subprocess.Popen[str]:
    """Start an `up` in a process group of its own, and leave it alone."""
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
    """Kill the engine and its plugins, if they still run, and drop the lock."""
    if running.poll() is None:
        os.killpg(running.pid, signal.SIGKILL)
    running.communicate()
    stack.pulumi("cancel", "--yes")


def cancel(running: subprocess.Popen[str]) -> str:
    """Ask the engine to stop, as Ctrl-C does, and wait until it has; what it said."""
    os.kill(running.pid, signal.SIGINT)
    said, _ = running.communicate(timeout=120)
    return said
