"""The printed permissions are enough for every command, and none of them is superfluous.

The API server's audit log shows what each command asked for. A verb that is taken away makes a command fail, which
names it. Not in the log, and tested apart: what a user needs only to grant it to keepalived.
"""

import copy
import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from dev.local import cluster as local_cluster
from dev.local.cluster import KwokCluster
from tenants import load
from tenants.permissions import KEEPALIVED_KINDS, KEEPALIVED_VERBS, Grant, User, grants
from tests.support.cell import Cell, new_cell
from tests.support.drift_list import drift_list
from tests.support.fleets import Config, tenant3, with_tenants
from tests.support.least_privilege import EVERYTHING, LeastPrivilege
from tests.support.stack import Stack

pytestmark = pytest.mark.engine

AUDIT_POLICY = """\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: None
  users: ["system:apiserver", "system:kube-scheduler", "system:kube-controller-manager"]
- level: Metadata
"""


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KwokCluster]:
    """A control plane that logs every request."""
    directory = tmp_path_factory.mktemp("audited")
    policy = directory / "audit-policy.yaml"
    policy.write_text(AUDIT_POLICY)
    with local_cluster.running(directory=directory, name="adb-audited", audit_policy=policy) as started:
        yield started


def full(cell: Cell, **changes: Any) -> Config:
    """Return a tenant with every object that needs a permission; two of the shared objects belong to others."""
    entry = {
        "promotion": {"command": ["gpactivatestandby", "-a"], "timeoutSeconds": 60},
        "networkPolicy": {"allowFrom": ["10.0.0.0/8"]},
        **changes,
    }
    config = tenant3(cell, **entry)
    config["platform"] = copy.deepcopy(config["platform"])
    for shared in ("mysql", "mysqlConnect"):
        del config["platform"][shared]["data"]
    return config


def add_shared_objects_of_others(cell: Cell) -> None:
    of_others = {"ConfigMap": ("mysql-configmap", ["mysql.vip"]), "Secret": ("mysql-connect", ["user", "password"])}
    for kind, (name, keys) in of_others.items():
        data = dict.fromkeys(keys, "eA==")
        cell.create({"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, "data": data})


@dataclass
class Record:
    """What the users of a stack asked the API server for, by the command that did."""

    log: Path
    users: LeastPrivilege
    position: int = 0
    asked: dict[User, dict[tuple[str, str, str, str, bool], str]] = field(
        default_factory=lambda: {user: {} for user in User}
    )
    denied: list[str] = field(default_factory=list)

    def read(self, command: str) -> None:
        """Read what has been logged since the last time."""
        with self.log.open() as log:
            log.seek(self.position)
            lines = log.readlines()
            self.position = log.tell()
        by_name = {self.users.name(user): user for user in User}
        for event in map(json.loads, lines):
            user, asked_for = by_name.get(event.get("impersonatedUser", {}).get("username")), event.get("objectRef")
            if user is None or asked_for is None:
                continue
            code = event["responseStatus"].get("code")
            if code == 403 and not is_done_without(user, event):
                self.denied.append(f"{command}: {event['responseStatus'].get('message')}")
            # A server-side apply that creates an object needs both.
            for verb in (event["verb"], "create") if code == 201 else (event["verb"],):
                name, namespaced = asked_for.get("name", ""), "namespace" in asked_for
                key = (asked_for.get("apiGroup", ""), asked_for["resource"], verb, name, namespaced)
                self.asked[user].setdefault(key, command)

    def command_of(self, user: User, grant: Grant) -> str | None:
        """Return the first command that needed a grant."""
        return next(
            (
                command
                for (group, plural, verb, name, namespaced), command in self.asked[user].items()
                if (group, plural, verb) == (grant.group, grant.plural, grant.verb)
                and (not grant.names or name in grant.names)
                and (grant.cluster_wide or namespaced)
            ),
            None,
        )


def is_done_without(user: User, event: Manifest) -> bool:
    """Tell whether a command goes on without what it asked for.

    The plugin previews without a dry run if the API server forbids it, and shows no events of pods while it waits.
    """
    by_plugin = "kubectl" not in event["userAgent"]
    return by_plugin and (user is User.PREVIEW or event["objectRef"]["resource"] == "events")


def only_to_grant(grant: Grant) -> bool:
    """Tell whether a user may need this only to grant it to keepalived."""
    plurals = {kind.plural for kind in KEEPALIVED_KINDS}
    return grant.cluster_wide and grant.plural in plurals and grant.verb in KEEPALIVED_VERBS


def each_name(granted: Sequence[Grant]) -> Iterator[Grant]:
    for grant in granted:
        yield from (replace(grant, names=(name,)) for name in grant.names) if grant.names else (grant,)


def test_every_command_needs_what_is_printed_and_no_more(audited: KwokCluster, tmp_path: Path) -> None:
    environment = {**os.environ, "KUBECONFIG": str(audited.kubeconfig)}
    cell = new_cell("needs", environment, "m1", "m2")
    add_shared_objects_of_others(cell)
    users = LeastPrivilege(tmp_path, stack="dev", environment=environment, extra=EVERYTHING)
    stack = Stack(tmp_path, name="dev", environment=environment)
    stack.use(users)
    record = Record(log=audited.logs / "audit.log", users=users)
    config, failed_over = full(cell), full(cell, activeRole="standby")

    def did(command: str) -> None:
        time.sleep(0.5)
        record.read(command)

    stack.preview(config)
    did("preview of a new fleet")
    stack.up(config)
    did("up of a new fleet")
    assert drift_list(stack).none
    did("drift")
    for kind, name in (("service", "tenant3-vip"), ("node", cell.node("m1"))):
        cell.kubectl("label", kind, name, "by=hand", "--overwrite")
    cell.kubectl("label", "node", cell.add_node("m3"), "tenancy-tenant3=master")
    assert drift_list(stack, "--repair").none
    did("drift --repair")
    stack.preview(failed_over)
    did("preview of a failover")
    stack.up(failed_over)
    did("up of a failover")
    stack.succeed("up", "--yes", "--refresh", "--skip-preview")
    did("up --refresh")
    retired = full(cell, activeRole="standby", state="retired")
    stack.up(retired)
    cell.kubectl("delete", "node", cell.node("m1"))
    stack.up(with_tenants(retired, []))
    did("up without a tenant whose node is missing")
    stack.succeed("destroy", "--yes", "--skip-preview", "--run-program")
    did("destroy")

    assert record.denied == []
    superfluous = {
        str(user): [
            f"{grant.verb} {grant.plural} {' '.join(grant.names)}"
            for grant in each_name(grants(load(config), user, EVERYTHING))
            if not only_to_grant(grant) and record.command_of(user, grant) is None
        ]
        for user in User
    }
    assert superfluous == {"preview": [], "up": [], "drift": []}
