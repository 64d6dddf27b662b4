import multiprocessing
import threading
import time
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from dev.local.file_lock import exclusive

_FORK = multiprocessing.get_context("fork")


def _count_up(lock: Path, counter: Path) -> None:
    with exclusive(lock, "counting"):
        value = int(counter.read_text())
        time.sleep(0.02)
        counter.write_text(str(value + 1))


def _hold(lock: Path, held: Event) -> None:
    with exclusive(lock, "building etcd"):
        held.set()
        time.sleep(60)


def test_concurrent_holders_take_turns(tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    counter.write_text("0")
    workers = [_FORK.Process(target=_count_up, args=(tmp_path / "lock", counter)) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert counter.read_text() == "8"


def test_a_waiter_logs_the_holder_and_continues_when_it_is_killed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lock = tmp_path / "lock"
    held = _FORK.Event()
    holder = _FORK.Process(target=_hold, args=(lock, held))
    holder.start()
    assert held.wait(10)
    threading.Timer(0.2, holder.kill).start()
    with exclusive(lock, "building it again"):
        pass
    holder.join()
    assert capsys.readouterr().err == f"waiting for process {holder.pid}, building etcd\n"
