"""Interrupts an `up`."""

import os
import signal
import subprocess

from tests.support.fleets import Config
from tests.support.stack import Stack


def start_an_up(stack: Stack, config: Config) -> subprocess.Popen[str]:
    """Start an `up` in its own process group."""
    stack.configure(config)
    return stack.start("up", "--yes", "--skip-preview")


def kill(stack: Stack, running: subprocess.Popen[str]) -> None:
    """Kill the engine with all its processes, and remove the lock."""
    kill_engine(running)
    stack.pulumi("cancel", "--yes")


def kill_engine(running: subprocess.Popen[str]) -> None:
    """Kill the engine, its plugins and the program, if they still run; the lock stays."""
    if running.poll() is None:
        os.killpg(running.pid, signal.SIGKILL)
    running.communicate()


def cancel(running: subprocess.Popen[str]) -> str:
    """Interrupt the engine, as Ctrl-C does; wait for its end and return its output."""
    os.kill(running.pid, signal.SIGINT)
    output, _ = running.communicate(timeout=120)
    return output
