"""Commands, and doubles of them."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from dev.local.places import CHECKOUT


def run(
    *command: str, stdin: str | None = None, cwd: Path = CHECKOUT, env: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run a command whose exit code the caller judges."""
    return subprocess.run(command, cwd=cwd, env=env, input=stdin, capture_output=True, encoding="utf-8", check=False)


def executable(file: Path, script: str) -> Path:
    """Write a program, and its directory."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(script)
    file.chmod(0o755)
    return file
