"""Creates virtual environments in the cache, each with one tool from the Python index: uv, Go."""

import hashlib
import shutil
import sys
from pathlib import Path

from dev.local import progress
from dev.local.file_lock import exclusive
from dev.local.places import Places


def machine_python() -> Path:
    """Return the base interpreter, also if this one belongs to a virtual environment.

    After `eval "$(make -s env)"` it does, and a running environment could not be replaced.
    """
    return Path(getattr(sys, "_base_executable", None) or sys.executable).resolve()


def ensure(lock: Path, places: Places, what: str) -> Path:
    """Return the virtual environment of a requirements file with hashes; create it if it does not exist.

    The file's content and this interpreter determine the environment's name. Raises `UserError` if the Python index
    cannot be reached, or a hash does not match.
    """
    content = lock.read_bytes()
    python = machine_python()
    key = hashlib.sha256(content + bytes(python) + sys.version.encode()).hexdigest()[:16]
    venv = places.cache / "venvs" / f"{lock.name.removesuffix('.lock.txt')}-{key}"
    finished = venv / "finished"
    # The interpreter is a link to the base one, which may have been removed since.
    if finished.exists() and (venv / "bin" / "python").exists():
        return venv
    with exclusive(venv.with_name(f"{venv.name}.lock"), f"downloading {what}"):
        if finished.exists() and (venv / "bin" / "python").exists():
            return venv
        shutil.rmtree(venv, ignore_errors=True)
        logs = places.cache / "logs"
        progress.run(
            f"creating a virtual environment for {what}", [python, "-m", "venv", venv], log_file=logs / "venv.log"
        )
        progress.run(
            f"downloading {what}",
            [
                *(venv / "bin" / "python", "-m", "pip", "install", "--disable-pip-version-check", "--no-deps"),
                *("--require-hashes", "--only-binary", ":all:", "--requirement", lock),
            ],
            log_file=logs / f"pip-{lock.name}.log",
            remedy="Check that the Python index of pip's configuration is reachable.",
        )
        finished.touch()
    return venv
