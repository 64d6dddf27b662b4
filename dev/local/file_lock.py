"""An advisory lock between processes, which the kernel releases when the holder exits."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dev.local import progress


@contextmanager
def exclusive(path: Path, doing: str) -> Iterator[None]:
    """Hold the lock file `path` while `doing`, e.g. "building etcd"; log whom it waits for.

    The file is not removed: otherwise a third process could lock a new file of the same name while a second one still
    waits for the old one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not inherited by child processes (PEP 446), so a cluster that keeps running does not hold the lock.
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(handle, 200, 0).decode(errors="replace").strip() or "another process"
            progress.log(f"waiting for {holder}")
            fcntl.flock(handle, fcntl.LOCK_EX)
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"process {os.getpid()}, {doing}\n".encode(), 0)
        yield
    finally:
        os.close(handle)
