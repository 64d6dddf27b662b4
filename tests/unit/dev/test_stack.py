import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from dev.local import stack
from dev.local.places import Places
from dev.local.user_error import UserError
from tests.support.process import executable


def lock(places: Places, **holder: object) -> None:
    file = places.state / ".pulumi" / "locks" / "organization" / "adb-tenants" / "dev" / "one.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(holder))


def checkpoint(places: Places) -> None:
    file = places.state / ".pulumi" / "stacks" / "adb-tenants" / "dev.json"
    file.parent.mkdir(parents=True)
    file.write_text("{}")


@pytest.fixture
def pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a `pulumi` on PATH that records its arguments; return the file of the record."""
    executable(tmp_path / "bin" / "pulumi", f'#!/bin/sh\necho "$*" >> {tmp_path}/called\n')
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    return tmp_path / "called"


UP = "up --yes --skip-preview --stack dev"


def dead_process() -> int:
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def test_a_first_up_creates_the_stack_without_selecting_it(places: Places, pulumi: Path) -> None:
    stack.up(places, dict(os.environ))
    assert pulumi.read_text().splitlines() == ["stack init dev --no-select --non-interactive", UP]


def test_a_second_up_uses_the_stack(places: Places, pulumi: Path) -> None:
    checkpoint(places)
    stack.up(places, dict(os.environ))
    assert pulumi.read_text().splitlines() == [UP]


def test_a_lock_of_an_exited_process_is_removed(places: Places, pulumi: Path) -> None:
    checkpoint(places)
    lock(places, pid=dead_process(), hostname=os.uname().nodename)
    stack.up(places, dict(os.environ))
    assert pulumi.read_text().splitlines() == ["cancel --yes --stack dev", UP]


@pytest.mark.parametrize(
    "holder", [{"pid": os.getpid(), "hostname": os.uname().nodename}, {"pid": 1, "hostname": "another.machine"}]
)
def test_a_lock_that_may_be_held_is_kept(places: Places, pulumi: Path, holder: dict[str, object]) -> None:
    checkpoint(places)
    lock(places, **holder)
    stack.up(places, dict(os.environ))
    assert pulumi.read_text().splitlines() == [UP]


def test_a_failed_up_is_reported(places: Places, pulumi: Path, tmp_path: Path) -> None:
    checkpoint(places)
    (tmp_path / "bin" / "pulumi").write_text("#!/bin/sh\nexit 255\n")
    with pytest.raises(UserError, match=r"failed \(exit status 255\); see its output above"):
        stack.up(places, dict(os.environ))
    assert not pulumi.exists()


def test_the_state_of_a_lost_cluster_is_moved_not_deleted(places: Places) -> None:
    checkpoint(places)
    stack.set_aside_state(places)
    [aside] = places.local.iterdir()
    assert aside.name.startswith("state-of-a-lost-cluster-")
    assert (aside / ".pulumi" / "stacks" / "adb-tenants" / "dev.json").exists()


def test_an_interrupted_pulumi_has_time_to_unlock_its_stack(places: Places, tmp_path: Path, pulumi: Path) -> None:
    checkpoint(places)
    (tmp_path / "bin" / "pulumi").write_text(
        # Python, not a shell: like Pulumi it handles SIGINT even if its parent ignores it, as for background jobs.
        f"""#!{sys.executable}
import pathlib, signal, sys, time
def unlock(*_):
    time.sleep(0.5)
    pathlib.Path("{pulumi}").write_text("unlocked\\n")
    sys.exit(1)
signal.signal(signal.SIGINT, unlock)
pathlib.Path("{tmp_path}/started").touch()
while True:
    time.sleep(0.05)
"""
    )

    def terminate(*_: object) -> None:
        raise KeyboardInterrupt(signal.SIGTERM)

    def terminate_once_started() -> None:
        while not (tmp_path / "started").exists():
            time.sleep(0.01)
        time.sleep(0.5)  # until the call that has started it has returned
        os.kill(os.getpid(), signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, terminate)
    threading.Thread(target=terminate_once_started, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        stack.up(places, dict(os.environ))
    signal.signal(signal.SIGUSR1, before)
    assert pulumi.read_text() == "unlocked\n"
