"""The virtual machine: QEMU, told by lines on a serial port, which it answers there."""

import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from dev.last_hop.disk import SystemDisk
from dev.last_hop.lines import Line
from dev.local import progress
from dev.local.user_error import UserError

QEMU = "qemu-system-x86_64"
_KVM = Path("/dev/kvm")
_BOOT_SECONDS = {"kvm": 60.0, "tcg": 300.0}


@dataclass
class Machine:
    """A running machine."""

    process: subprocess.Popen[str]
    accelerator: str
    """`kvm`, or `tcg` if QEMU emulates the processor."""
    lines: list[Line] = field(default_factory=list)
    """Everything that it has said; grows from another thread."""

    def tell(self, *words: str) -> None:
        """Have it run a command of guest/machine.sh."""
        if self.process.stdin is not None:
            self.process.stdin.write(" ".join(words) + "\n")
            self.process.stdin.flush()

    def ask(self, *words: str, until: Callable[[Line], bool], seconds: float = 30) -> Line:
        """Have it run a command, and return the first line since that is an answer."""
        start = len(self.lines)
        self.tell(*words)
        return self.wait(until, start=start, seconds=seconds)

    def wait(self, until: Callable[[Line], bool], *, start: int = 0, seconds: float = 30) -> Line:
        """Return the first line from a place on for which this holds."""
        deadline = time.monotonic() + seconds
        while True:
            for line in self.lines[start:]:
                if until(line):
                    return line
            if self.process.poll() is not None:
                raise UserError("The virtual machine has ended by itself; see the log of its console.")
            if time.monotonic() > deadline:
                raise UserError(f"The virtual machine has not answered for {seconds:.0f} s.")
            time.sleep(0.05)

    def now(self) -> float:
        """Return the seconds since its boot, which all its lines are stamped with."""
        mark = f"{time.monotonic_ns()}"
        return self.ask("clock", mark, until=lambda line: line.word == "clock" and line.about == (mark,)).seconds


@contextmanager
def booted(disk: SystemDisk, run_disk: Path, console: Path) -> Iterator[Machine]:
    """Boot it, and turn it off at the end."""
    machine = _with_kvm(disk, run_disk, console) or _start("tcg", disk, run_disk, console)
    try:
        machine.wait(_is_ready, seconds=_BOOT_SECONDS["tcg"])
        yield machine
    finally:
        _turn_off(machine)


def _with_kvm(disk: SystemDisk, run_disk: Path, console: Path) -> Machine | None:
    if not os.access(_KVM, os.R_OK | os.W_OK):
        return None
    machine = _start("kvm", disk, run_disk, console)
    try:
        machine.wait(_is_ready, seconds=_BOOT_SECONDS["kvm"])
    except UserError:
        # Some virtual machines offer a KVM in software, with which a usual kernel does not boot (2026-11).
        _turn_off(machine)
        progress.log(f"{_KVM} does not boot the virtual machine: emulating its processor instead")
        return None
    except BaseException:
        _turn_off(machine)
        raise
    return machine


def _start(accelerator: str, disk: SystemDisk, run_disk: Path, console: Path) -> Machine:
    arguments = [
        # What else runs here must not be measured. Without root, nice has no effect and says so.
        *("nice", "-n", "-10", QEMU),
        *("-accel", accelerator, "-cpu", "max", "-m", "1024", "-smp", "2", "-no-reboot"),
        *("-display", "none", "-monitor", "none", "-serial", f"file:{console}", "-serial", "stdio"),
        *("-kernel", str(disk.kernel), "-initrd", str(disk.initrd)),
        *("-append", "root=/dev/vda rw console=ttyS0 quiet panic=-1"),
        # What is written to it is thrown away.
        *("-drive", f"file={disk.image},format=raw,if=virtio,snapshot=on"),
        *("-drive", f"file={run_disk},format=raw,if=virtio"),
        *("-nic", "user,model=virtio-net-pci"),
    ]
    with console.with_suffix(".qemu.log").open("wb") as errors:
        process = subprocess.Popen(
            arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True, errors="replace"
        )
    machine = Machine(process=process, accelerator=accelerator)
    threading.Thread(target=_read, args=(machine,), daemon=True).start()
    return machine


def _turn_off(machine: Machine) -> None:
    machine.process.kill()
    machine.process.wait()


def _is_ready(line: Line) -> bool:
    return line.word == "ready"


def _read(machine: Machine) -> None:
    for text in machine.process.stdout or ():
        if (line := Line.parsed(text)) is not None:
            machine.lines.append(line)
