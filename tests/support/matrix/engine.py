"""Faults of the engine, the program, and the state."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.cell import eventually
from tests.support.matrix.fault import Fault, fails, may_fail
from tests.support.matrix.scene import Scene, kill

PROGRAM = b"pulumi-language-python-exec"
PLUGIN = b"pulumi-resource-kubernetes"
MOST_STEPS = 40


def processes(running: "subprocess.Popen[str]", command: bytes) -> list[int]:
    """Return the processes of an engine's group with this text in their command lines."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(entry.name)) == running.pid and command in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue  # it has exited
    return found


def interrupted_at_every_step(scene: Scene, end: Callable[["subprocess.Popen[str]"], None]) -> None:
    """Start an `up` again and again, and end each one step later, until one gets to its end."""
    for step in range(1, MOST_STEPS):
        running = scene.start_an_up()
        while running.poll() is None and scene.changed() < step:
            time.sleep(0.02)
        is_whole = running.poll() is not None
        end(running)
        scene.stack.pulumi("cancel", "--yes")
        scene.interruptions += not is_whole
        if is_whole:
            return


def kill_program(running: "subprocess.Popen[str]") -> None:
    """Kill the Python program only, and wait for the engine to notice."""
    for process in processes(running, PROGRAM):
        os.kill(process, signal.SIGKILL)
    running.wait(timeout=300)


def kill_plugin(running: "subprocess.Popen[str]") -> None:
    """Kill the Kubernetes plugin only, and wait for the engine to notice."""
    for process in processes(running, PLUGIN):
        os.kill(process, signal.SIGKILL)
    running.wait(timeout=300)


@contextmanager
def engine_killed(scene: Scene) -> Iterator[None]:
    """The engine, its plugins and the program are killed at each step of an `up`, one `up` after the other; each lock
    is removed with `pulumi cancel`."""
    interrupted_at_every_step(scene, kill)
    yield


@contextmanager
def program_killed(scene: Scene) -> Iterator[None]:
    """The Python program is killed at each step of an `up`, one `up` after the other."""
    interrupted_at_every_step(scene, kill_program)
    yield


@contextmanager
def plugin_killed(scene: Scene) -> Iterator[None]:
    """The Kubernetes plugin is killed at each step of an `up`, one `up` after the other."""
    interrupted_at_every_step(scene, kill_plugin)
    yield


@contextmanager
def lock_left_behind(scene: Scene) -> Iterator[None]:
    """The engine is killed half-way in an `up`, and its lock remains."""
    running = scene.start_an_up()
    eventually(lambda: scene.changed() > 1 or running.poll() is not None, what="the `up` changes something")
    kill(running)
    yield
    scene.stack.succeed("cancel", "--yes")


@contextmanager
def two_engines(scene: Scene) -> Iterator[None]:
    """Another `up` of the stack is under way, half-way."""
    running = scene.start_an_up()
    eventually(lambda: scene.changed() > 1 or running.poll() is not None, what="the `up` changes something")
    os.killpg(running.pid, signal.SIGSTOP)
    yield
    os.killpg(running.pid, signal.SIGCONT)
    running.wait(timeout=300)


@contextmanager
def disk_full(scene: Scene) -> Iterator[None]:
    """The disk under the state has no space left for it."""
    kept = scene.directory / "kept-state"
    shutil.copytree(scene.state, kept)
    size = sum(file.stat().st_size + 4096 for file in scene.state.rglob("*")) // 1024 + 1024
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", scene.state], check=True)
    try:
        shutil.copytree(kept, scene.state, dirs_exist_ok=True)
        fill(scene.state / "filler")
        yield
        (scene.state / "filler").unlink()
        shutil.rmtree(kept)
        shutil.copytree(scene.state, kept)
    finally:
        subprocess.run(["umount", "--lazy", scene.state], check=True)
    shutil.copytree(kept, scene.state, dirs_exist_ok=True)
    shutil.rmtree(kept)


def fill(file: Path) -> None:
    """Fill the disk, but for what a lock takes."""
    with file.open("wb", buffering=0) as filler:
        try:
            while True:
                filler.write(b"\0" * 4096)
        except OSError:
            filler.truncate(max(0, filler.tell() - 2 * 4096))


@contextmanager
def state_damaged(scene: Scene) -> Iterator[None]:
    """The middle of the state file is overwritten with zeros; then its `.bak` file is restored."""
    content = bytearray(scene.state_file.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 512] = bytes(512)
    scene.state_file.write_bytes(content)
    yield
    shutil.copy(f"{scene.state_file}.bak", scene.state_file)


@contextmanager
def state_truncated(scene: Scene) -> Iterator[None]:
    """The state file has only its first half; then the stack is created again, without a state."""
    content = scene.state_file.read_bytes()
    scene.state_file.write_bytes(content[: len(content) // 2])
    yield
    scene.state_file.unlink()
    scene.stack.succeed("stack", "init")
    # An entry must match what is live to be adopted.
    scene.take_back_the_edit()
    scene.stack.succeed("up", "--yes", "--skip-preview")
    scene.edit()


LOCKED = fails(r"currently locked by 1 lock")
UNREADABLE = fails("invalid character|unexpected end of JSON|could not deserialize|failed to load|unmarshal")
RESTORE = (
    "Restore the newest copy that can be read: a backup, or `<stack>.json.bak` beside it. Without one, delete "
    "the file, and run `pulumi stack init` and `pulumi up` with the entries as they are live, which adopts what exists."
)

FAULTS = (
    Fault(
        name="another `up` is under way",
        inject=two_engines,
        up=LOCKED,
        # It finds what the other one has not changed yet.
        drift=may_fail(""),
        silences=True,
        do="Wait for it.",
        quick=True,
    ),
    Fault(
        name="a lock is left behind",
        inject=lock_left_behind,
        up=LOCKED,
        # It finds what the killed one has changed, or not.
        drift=may_fail(""),
        silences=True,
        do="When nobody else is running: `pulumi cancel`.",
        quick=True,
    ),
    Fault(name="the engine is killed at each step", inject=engine_killed),
    Fault(name="the program is killed at each step", inject=program_killed),
    Fault(name="the plugin is killed at each step", inject=plugin_killed),
    Fault(
        name="the disk under the state is full",
        inject=disk_full,
        up=fails("no space left on device"),
        do="Make space, and run `pulumi up` again.",
    ),
    Fault(
        name="the state is damaged",
        inject=state_damaged,
        preview=UNREADABLE,
        up=UNREADABLE,
        drift=UNREADABLE,
        review=fails(""),
        do=RESTORE,
    ),
    Fault(
        name="the state is truncated",
        inject=state_truncated,
        preview=UNREADABLE,
        up=UNREADABLE,
        drift=UNREADABLE,
        review=fails(""),
        do=RESTORE,
    ),
)
