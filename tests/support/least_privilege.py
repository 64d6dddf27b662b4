"""Runs each command of a test's stack as a user with the permissions that `python -m tenants permissions` prints."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tenants import FleetError, load
from tenants.permissions import Extra, User, documents
from tests.support.process import run

EVERYTHING = Extra(destroy=True, missing_nodes=True, repair=True)


class LeastPrivilege:
    """The users of one stack; the environment's own user, an administrator, gives them their permissions."""

    def __init__(self, directory: Path, *, stack: str, environment: Mapping[str, str], extra: Extra) -> None:
        self._directory, self._stack, self._environment, self._extra = directory, stack, environment, extra
        self._allowed: list[list[dict[str, Any]]] = []

    def kubeconfig(self, user: User) -> str:
        """Return a kubeconfig in which every context is this user's."""
        file = self._directory / f"kubeconfig-{user}"
        if not file.exists():
            content = yaml.safe_load(Path(self._environment["KUBECONFIG"]).read_text())
            for entry in content["users"]:
                entry["user"]["as"] = self.name(user)
            file.write_text(yaml.safe_dump(content))
        return str(file)

    def name(self, user: User) -> str:
        """Return the user's name for the API server: other stacks of the cluster have users of other names."""
        return f"{user} of {self._stack} in {self._directory}"

    def allow(self, config: Mapping[str, Any]) -> None:
        """Add the permissions for a configuration; those for earlier ones stay, for what it removes."""
        try:
            fleet = load(config)
        except FleetError:
            return
        stack = f"{self._stack}-{len(self._allowed)}"
        wanted = documents(fleet, self._stack, {user: self.name(user) for user in User}, self._extra)
        if wanted not in self._allowed:
            self._allowed.append(wanted)
            self.apply(documents(fleet, stack, {user: self.name(user) for user in User}, self._extra))

    def apply(self, objects: list[dict[str, Any]]) -> None:
        """Create or replace objects as the administrator."""
        content = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
        done = run("kubectl", "apply", "--server-side", "-f", "-", env=self._environment, stdin=content)
        assert done.returncode == 0, done.stderr
