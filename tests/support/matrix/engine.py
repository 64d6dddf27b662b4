"""Faults of the engine, the program, and the state."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from tests.support.cell import eventually
from tests.support.interruption import kill_engine
from tests.support.matrix.fault import Fault, fails, may_fail
from tests.support.matrix.scene import Scene

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


def kill_only(command: bytes) -> Callable[["subprocess.Popen[str]"], None]:
    """Return what kills an engine's processes with this text in their command lines, and waits for the engine's end."""

    def kill(running: "subprocess.Popen[str]") -> None:
        for process in processes(running, command):
            os.kill(process, signal.SIGKILL)
        running.wait(timeout=300)

    return kill


def at_each_step(
    how: str, kill: Callable[["subprocess.Popen[str]"], None]
) -> Callable[[Scene], AbstractContextManager[None]]:
    """Return an injection that starts an `up` again and again, and kills each one step later, until one is complete."""

    @contextmanager
    def inject(scene: Scene) -> Iterator[None]:
        for step in range(1, MOST_STEPS):
            running = scene.start_an_up()
            while running.poll() is None and scene.changed() < step:
                time.sleep(0.02)
            is_complete = running.poll() is not None
            kill(running)
            scene.stack.pulumi("cancel", "--yes")
            if is_complete:
                break
            scene.interruptions += 1
        yield

    inject.__doc__ = f"{how} at each step of an `up`, one `up` after the other; each lock is removed."
    return inject


def half_way(scene: Scene) -> "subprocess.Popen[str]":
    """Start an `up`, and return it when it has changed an object."""
    running = scene.start_an_up()
    eventually(lambda: scene.changed() > 1 or running.poll() is not None, what="the `up` changes something")
    return running


@contextmanager
def lock_left_behind(scene: Scene) -> Iterator[None]:
    """The engine is killed half-way in an `up`, and its lock remains."""
    kill_engine(half_way(scene))
    yield
    scene.stack.succeed("cancel", "--yes")


@contextmanager
def two_engines(scene: Scene) -> Iterator[None]:
    """Another `up` of the stack is under way, half-way."""
    running = half_way(scene)
    os.killpg(running.pid, signal.SIGSTOP)
    yield
    os.killpg(running.pid, signal.SIGCONT)
    running.wait(timeout=300)


@contextmanager
def disk_full(scene: Scene) -> Iterator[None]:
    """The disk under the state has no space left for it."""
    kept = scene.directory / "kept-state"
    shutil.copytree(scene.stack.state, kept)
    size = sum(file.stat().st_size + 4096 for file in scene.stack.state.rglob("*")) // 1024 + 1024
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", scene.stack.state], check=True)
    try:
        shutil.copytree(kept, scene.stack.state, dirs_exist_ok=True)
        fill(scene.stack.state / "filler")
        yield
        (scene.stack.state / "filler").unlink()
        shutil.rmtree(kept)
        shutil.copytree(scene.stack.state, kept)
    finally:
        subprocess.run(["umount", "--lazy", scene.stack.state], check=True)
    shutil.copytree(kept, scene.stack.state, dirs_exist_ok=True)
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
    Fault(
        name="the engine is killed at each step",
        inject=at_each_step("The engine is killed with its plugins and the program", kill_engine),
    ),
    Fault(
        name="the program is killed at each step",
        inject=at_each_step("The Python program is killed", kill_only(PROGRAM)),
    ),
    Fault(
        name="the plugin is killed at each step",
        inject=at_each_step("The Kubernetes plugin is killed", kill_only(PLUGIN)),
    ),
    Fault(
        name="the disk under the state is full",
        inject=disk_full,
        up=fails("no space left on device"),
        do="Make space, and run `pulumi up` again.",
    ),
    Fault(
        name="the state is damaged",
        inject=state_damaged,
        every=UNREADABLE,
        review=fails(""),
        do=RESTORE,
    ),
    Fault(
        name="the state is truncated",
        inject=state_truncated,
        every=UNREADABLE,
        review=fails(""),
        do=RESTORE,
    ),
)
