"""A machine for a pipeline's job, with the commands of the job's image only.

`pulumi`, `kubectl`, `pip`, `curl` and `gh` are doubles that record their calls; the others are real.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.support.process import executable, run
from tests.support.program import ROOT

PREVIEWS = ROOT / "tests" / "data" / "review"
CHECKED_OUT = ("ci", "drift", "kube", "review", "tenants", "Pulumi.yaml", "Pulumi.dev.yaml", "requirements.txt")

PULUMI = """
import pathlib, shutil, subprocess
if sys.argv[1] in ("preview", "up"):
    # The program reads the cluster by kubectl.
    shutil.which("kubectl") or sys.exit("the program found no kubectl")
if sys.argv[1] == "preview":
    print(pathlib.Path(os.environ["DIGEST"]).read_text())
if sys.argv[1] == "stack":
    print('{"version": 3, "deployment": {"manifest": {}, "resources": []}}')
sys.exit(int(os.environ.get(sys.argv[1].upper() + "_ENDS_WITH", "0")))
"""
DOUBLES = {
    "pulumi": PULUMI,
    "kubectl": """print('{"apiVersion": "v1", "kind": "List", "items": []}')""",
    "pip": "",
    "curl": "print('[]')",
    "gh": "print('[]')",
}


IMAGES: Mapping[str, Mapping[str, str]] = yaml.safe_load((ROOT / "tests" / "data" / "images.yaml").read_text())


def commands_of(image: str) -> frozenset[str]:
    """Return the commands on PATH in an image, or on a runner."""
    known = IMAGES[image]
    inherited = commands_of(known["from"]) if "from" in known else frozenset()
    return inherited | frozenset(known["commands"].split())


class JobMachine:
    """A checkout, and a PATH with the commands of one image."""

    def __init__(self, directory: Path, image: str) -> None:
        self.checkout = directory / "checkout"
        self._path = directory / "bin"
        self._called = directory / "called"
        self.pulumi_home = directory / "pulumi-home"
        self.checkout.mkdir(parents=True, exist_ok=True)
        self._path.mkdir()
        for part in CHECKED_OUT:
            (self.checkout / part).symlink_to(ROOT / part)
        for command in commands_of(image):
            self._provide(command)
        # A package of requirements-dev.txt; it would ask PyPI.
        self.double("pip-audit", "")

    def with_git(self) -> "JobMachine":
        """Make the checkout a repository, whose origin is itself."""
        git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", "-C", str(self.checkout)]
        for arguments in (
            ["init", "--quiet", "--initial-branch", "main"],
            ["add", "."],
            ["commit", "--quiet", "--message", "Begin"],
            ["remote", "add", "origin", str(self.checkout)],
        ):
            subprocess.run([*git, *arguments], check=True)
        return self

    def _provide(self, command: str) -> None:
        if command in DOUBLES:
            self.double(command, DOUBLES[command])
        elif command in ("python", "python3"):
            # Not a link: Python finds its virtual environment by the path of its executable.
            executable(self._path / command, f'#!/bin/sh\nexec {sys.executable} "$@"\n')
        elif real := shutil.which(command):
            (self._path / command).symlink_to(real)

    def double(self, command: str, program: str) -> None:
        """Replace a command by a Python program that records its calls."""
        record = f"open({str(self._called)!r}, 'a').write(json.dumps([{command!r}, *sys.argv[1:]]) + '\\n')"
        executable(self._path / command, f"#!{sys.executable}\nimport json, os, sys\n{record}\n{program}\n")

    def run(
        self, script: str, *, preview: str = "nothing-changes", by: str = "bash -eo pipefail", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a job's script as GitLab's runner does; `preview` is the recorded case to print."""
        name, *options = by.split()
        variables = {"PATH": str(self._path), "HOME": os.environ.get("HOME", "/")}
        variables["PULUMI_HOME"] = str(self.pulumi_home)
        variables["DIGEST"] = str(PREVIEWS / preview / "preview.json")
        command = (str(self._path / name), *options, "-c", script)
        return run(*command, cwd=self.checkout, env=variables | environment)

    def make(self, target: str, **options: str) -> subprocess.CompletedProcess[str]:
        """Run one target of the pipeline, with the options and environment of `run`."""
        command = f"make --no-print-directory -f ci/pipeline.mk {target}"
        return self.run(command, **{"STACK": "dev", "OUT": "out", **options})

    def forget_calls(self) -> None:
        self._called.unlink(missing_ok=True)

    def called(self, command: str) -> list[list[str]]:
        """Return the arguments of each call of a double."""
        lines = self._called.read_text().splitlines() if self._called.exists() else []
        calls: list[list[str]] = [json.loads(line) for line in lines]
        return [words[1:] for words in calls if words[0] == command]


def merged(below: Any, above: Any) -> Any:
    """Merge mappings as GitLab's `extends` does; other values are replaced."""
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return above
    return below | {key: merged(below.get(key), value) for key, value in above.items()}
