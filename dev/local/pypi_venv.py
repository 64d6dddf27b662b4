"""Small virtual environments in the cache, each holding one tool that the Python index serves: uv, Go."""

import hashlib
import shutil
import sys
from pathlib import Path

from dev.local import progress
from dev.local.file_lock import exclusive
from dev.local.places import Places


def machine_python() -> Path:
    """The machine's own interpreter, also when this one is that of a virtual environment made from it.

    After `eval "$(make -s env)"` it is; the environment could then not be replaced, being the one that runs.
    """
    return Path(getattr(sys, "_base_executable", None) or sys.executable).resolve()


def ensure(lock: Path, places: Places, what: str) -> Path:
    """The virtual environment made from a requirements file with hashes; made if it is not there.

    Args:
        lock: The requirements file; its content and this interpreter name the environment.
        places: Where the cache is.
        what: What is fetched, for people.

    Raises:
        Refusal: The Python index could not be reached, or served something else than was locked.
    """
    content = lock.read_bytes()
    python = machine_python()
    key = hashlib.sha256(content + bytes(python) + sys.version.encode()).hexdigest()[:16]
    venv = places.cache / "venvs" / f"{lock.name.removesuffix('.lock.txt')}-{key}"
    finished = venv / "finished"
    # The interpreter is a link to the machine's, which may have been removed since.
    if finished.exists() and (venv / "bin" / "python").exists():
        return venv
    with exclusive(venv.with_name(f"{venv.name}.lock"), f"fetching {what}"):
        if finished.exists() and (venv / "bin" / "python").exists():
            return venv
        shutil.rmtree(venv, ignore_errors=True)
        logs = places.cache / "logs"
        progress.run(f"making a place for {what}", [python, "-m", "venv", venv], log=logs / "venv.log")
        progress.run(
            f"fetching {what}",
            [
                *(venv / "bin" / "python", "-m", "pip", "install", "--disable-pip-version-check", "--no-deps"),
                *("--require-hashes", "--only-binary", ":all:", "--requirement", lock),
            ],
            log=logs / f"pip-{lock.name}.log",
            remedy="The Python index that pip is configured for has to be reachable.",
        )
        finished.touch()
    return venv
