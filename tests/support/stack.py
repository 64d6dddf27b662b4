"""A stack for one test: this checkout's program with the real engine and a real API server."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import yaml

from tenants.permissions import User
from tests.support.least_privilege import EVERYTHING, LeastPrivilege
from tests.support.process import run
from tests.support.program import PROJECT, ROOT

PROGRAM = ("Pulumi.yaml", "__main__.py", "components", "kube", "tenants")

UNCHANGING = frozenset({"same", "read", "discard"})
"""Operations of the engine that change nothing."""
LEAST_PRIVILEGE = "LEAST_PRIVILEGE"
"""Set this variable to run all stacks as users with what `python -m tenants permissions` prints, and nothing else."""

Config = Mapping[str, Any]


class Refused(Exception):
    """A preview or an `up` failed; the text is the engine's output."""


@dataclass(frozen=True, kw_only=True)
class Changes:
    """The number of resources by operation, without `same` and reads."""

    counts: Mapping[str, int]

    @property
    def none(self) -> bool:
        """Whether nothing changes."""
        return not self.counts


class Stack:
    """A stack with a file backend; two in one directory share project and backend.

    Not by Pulumi's Automation API, which asks for outputs and history after each `up`: three more runs of the CLI, a
    quarter of the processor time of an `up` (1.1 of 4.3 s, 2026-11).
    """

    def __init__(self, directory: Path, *, name: str, environment: Mapping[str, str]) -> None:
        project = directory / "project"
        project.mkdir(parents=True, exist_ok=True)
        self.state = directory / "state"
        """The directory of the backend."""
        self.state.mkdir(exist_ok=True)
        self._settings = project / f"Pulumi.{name}.yaml"
        self.environment: Mapping[str, str] = {
            **environment,
            "PULUMI_BACKEND_URL": f"{self.state.as_uri()}?metadata=skip",
            "PULUMI_CONFIG_PASSPHRASE": "engine-tests",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }
        self.users: LeastPrivilege | None = None
        if os.environ.get(LEAST_PRIVILEGE):
            self.use(LeastPrivilege(project, stack=name, environment=environment, extra=EVERYTHING))
        self.project = project
        self.run_program_of(ROOT)
        self.name = name
        self.succeed("stack", "init")
        self._salt = yaml.safe_load(self._settings.read_text()) if self._settings.exists() else {}

    def run_program_of(self, checkout: Path) -> None:
        """Use the program of another checkout, for instance of an earlier version."""
        for part in PROGRAM:
            (self.project / part).unlink(missing_ok=True)
            if (checkout / part).exists():
                (self.project / part).symlink_to(checkout / part)

    def configure(self, config: Config) -> None:
        """Write the stack file, from keys without the project's prefix."""
        settings = {**self._salt, "config": {f"{PROJECT}:{key}": value for key, value in config.items()}}
        self._settings.write_text(yaml.safe_dump(settings))
        if self.users:
            self.users.allow(config)

    def use(self, users: LeastPrivilege) -> None:
        """Run everything from now on as these users."""
        self.users = users
        self.environment = self.environment_of(User.UP)

    def environment_of(self, user: User) -> Mapping[str, str]:
        """Return the environment in which a user of the stack runs commands."""
        return {**self.environment, "KUBECONFIG": self.users.kubeconfig(user)} if self.users else self.environment

    def preview(self, config: Config) -> Changes:
        """Preview this configuration; raises `Refused`."""
        return self._operate("preview", config)

    def up(self, config: Config, *options: str) -> Changes:
        """Update the stack to this configuration; raises `Refused`."""
        return self._operate("up", config, "--yes", "--skip-preview", *options)

    def refresh(self) -> None:
        self.succeed("refresh", "--yes", "--skip-preview")

    def tenant_output(self, tenant: str) -> Mapping[str, Any]:
        """Return the stack's output for a tenant."""
        found: Mapping[str, Any] = json.loads(self.pulumi("stack", "output", "tenants", "--json").stdout)[tenant]
        return found

    def exported_state(self) -> str:
        """Return the stack's state, with encrypted secrets."""
        return self.pulumi("stack", "export").stdout

    def rename(self, name: str) -> None:
        """Rename the stack."""
        self.succeed("stack", "rename", name)
        self.name = name
        self._settings = self.project / f"Pulumi.{name}.yaml"

    def import_state(self, exported: str) -> None:
        file = self.project / "imported.json"
        file.write_text(exported)
        self.succeed("stack", "import", "--file", str(file))

    def succeed(self, *arguments: str, **environment: str) -> str:
        """Run the CLI, expect no error, and return its standard output."""
        done = self.pulumi(*arguments, **environment)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def pulumi(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the CLI, for the output that a user sees."""
        return run(*self._command(*arguments), cwd=self.project, env=self._environment(arguments[0], environment))

    def start(
        self, *arguments: str, output: int | IO[str] = subprocess.PIPE, **environment: str
    ) -> subprocess.Popen[str]:
        """Start the CLI in its own process group."""
        return subprocess.Popen(
            self._command(*arguments),
            cwd=self.project,
            env=self._environment(arguments[0], environment),
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def _command(self, *arguments: str) -> list[str]:
        command = [shutil.which("pulumi", path=self.environment["PATH"]) or "pulumi", *arguments, "--stack", self.name]
        return [*command, "--non-interactive", "--color", "never"]

    def _environment(self, operation: str, more: Mapping[str, str]) -> dict[str, str]:
        user = User.PREVIEW if operation == User.PREVIEW else User.UP
        return {**self.environment_of(user), **more}

    def _operate(self, operation: str, config: Config, *options: str) -> Changes:
        self.configure(config)
        events = self.project / f"events-{self.name}"
        # The option is one of those for developers of the engine.
        done = self.pulumi(operation, *options, "--event-log", str(events), PULUMI_DEBUG_COMMANDS="true")
        if done.returncode != 0:
            raise Refused(done.stdout + done.stderr)
        return _changes(events.read_text())


def _changes(events: str) -> Changes:
    """Return the counts of the summary, the last event but one."""
    (summary,) = [event["summaryEvent"] for event in map(json.loads, events.splitlines()) if "summaryEvent" in event]
    counts = summary["resourceChanges"]
    return Changes(counts={kind: count for kind, count in counts.items() if kind not in UNCHANGING})
