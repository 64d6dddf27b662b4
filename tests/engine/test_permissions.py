"""The printed permissions are enough for every command, and none of them is superfluous.

The API server's audit log shows what each command asked for. A verb that is taken away makes a command fail, which
names it. Not in the log, and tested apart: what a user needs only to grant it to keepalived.
"""

import copy
import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from dev.local import cluster as local_cluster
from dev.local.cluster import KwokCluster
from tenants import load
from tenants.permissions import KEEPALIVED_KINDS, KEEPALIVED_VERBS, Extra, Grant, User, documents, grants
from tests.support.cell import Cell, Manifest, new_cell
from tests.support.drift_list import drift_list
from tests.support.fleets import Config, tenant3, with_tenants
from tests.support.least_privilege import EVERYTHING, LeastPrivilege
from tests.support.process import run
from tests.support.stack import Refused, Stack

pytestmark = pytest.mark.engine

NOTHING_MORE = Extra()
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


def only_of_old_servers(grant: Grant, granted: Sequence[Grant]) -> bool:
    """Tell whether a user needs this only to watch: today's API servers send the list as the watch's first events."""
    return grant.verb == "list" and any(replace(each, verb="list") == grant for each in granted if each.verb == "watch")


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
    stack.succeed("preview", "--refresh")
    did("preview --refresh")
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
    superfluous = {}
    for user in User:
        granted = grants(load(config), user, EVERYTHING)
        superfluous[str(user)] = [
            f"{grant.verb} {grant.plural} {' '.join(grant.names)}"
            for grant in each_name(granted)
            if not only_to_grant(grant) and not only_of_old_servers(grant, granted)
            if record.command_of(user, grant) is None
        ]
    assert superfluous == {"preview": [], "up": [], "drift": []}


@dataclass(frozen=True, kw_only=True)
class TakenAway:
    """One verb of one rule of a role."""

    user: User
    document: int
    rule: int
    verb: str
    resources: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.verb} {', '.join(self.resources)}"

    def of(self, objects: Sequence[Manifest]) -> list[Manifest]:
        """Return the objects without it."""
        left = copy.deepcopy(list(objects))
        rules = left[self.document]["rules"]
        rules[self.rule]["verbs"].remove(self.verb)
        left[self.document]["rules"] = [rule for rule in rules if rule["verbs"]]
        return left

    def is_cluster_wide_in(self, objects: Sequence[Manifest]) -> bool:
        return bool(objects[self.document]["kind"] == "ClusterRole")

    def is_named_in(self, output: str) -> bool:
        """Tell whether an error is about it: the API server names the verb, or what may not be granted without it."""
        refused = re.findall(r'cannot (\w+) resource "(\w+)"', output)
        return any((self.verb, plural) in refused for plural in self.resources) or (
            "not currently held" in output and any(f'"{plural}"' in output for plural in self.resources)
        )


class Tried:
    """A stack of its own whose users lack one verb at a time."""

    def __init__(self, audited: KwokCluster, directory: Path, name: str) -> None:
        environment = {**os.environ, "KUBECONFIG": str(audited.kubeconfig)}
        self.cell = new_cell(name, environment, "m1", "m2")
        add_shared_objects_of_others(self.cell)
        self.users = LeastPrivilege(directory, stack="dev", environment=environment, extra=NOTHING_MORE)
        self.stack = Stack(directory, name="dev", environment=environment)
        self.stack.use(self.users)
        self.config = full(self.cell)
        self._names = {user: self.users.name(user) for user in User}

    @property
    def objects(self) -> list[dict[str, Any]]:
        return documents(load(self.config), "dev-0", self._names, NOTHING_MORE)

    def verbs(self, user: User) -> Iterator[TakenAway]:
        for number, each in enumerate(self.objects):
            if each["kind"].endswith("Role") and f"-{user}" in each["metadata"]["name"]:
                for position, rule in enumerate(each["rules"]):
                    for verb in rule["verbs"]:
                        resources = tuple(rule["resources"])
                        yield TakenAway(user=user, document=number, rule=position, verb=verb, resources=resources)

    def without(self, taken: TakenAway, command: Callable[[], str]) -> bool:
        """Run a command without a verb, and tell whether it fails because of that."""
        self.users.allow(self.config)
        self.users.apply(taken.of(self.objects))
        try:
            return taken.is_named_in(command())
        finally:
            self.users.apply(self.objects)

    def preview(self) -> str:
        self.stack.configure(full(self.cell, activeRole="standby"))
        done = self.stack.pulumi("preview", "--refresh")
        return done.stdout + done.stderr if done.returncode else ""

    def up(self) -> str:
        return self._error(lambda: self.stack.up(self.config))

    def refresh(self) -> str:
        done = self.stack.pulumi("up", "--yes", "--refresh", "--skip-preview")
        return done.stdout + done.stderr if done.returncode else ""

    def remove(self) -> str:
        return self._error(lambda: self.stack.up(with_tenants(self.config, [])))

    def drift(self) -> str:
        state = self.stack.pulumi("stack", "export", "--show-secrets").stdout
        environment = self.stack.environment_of(User.DRIFT)
        return run(sys.executable, "-m", "drift", "-", env=environment, stdin=state).stderr

    @staticmethod
    def _error(command: Callable[[], object]) -> str:
        try:
            command()
        except Refused as error:
            return str(error)
        return ""


@pytest.fixture(scope="module")
def deployed(audited: KwokCluster, tmp_path_factory: pytest.TempPathFactory) -> Tried:
    """A fleet, and a node with a label that may be another fleet's."""
    tried = Tried(audited, tmp_path_factory.mktemp("deployed"), "deployed")
    assert tried.up() == ""
    tried.cell.kubectl("label", "node", tried.cell.add_node("m3"), "tenancy-tenant3=master")
    return tried


@pytest.mark.parametrize("user", [User.PREVIEW, User.DRIFT])
def test_without_any_verb_the_command_of_a_reader_fails(deployed: Tried, user: User) -> None:
    command = {User.PREVIEW: deployed.preview, User.DRIFT: deployed.drift}[user]
    assert [str(taken) for taken in deployed.verbs(user) if not deployed.without(taken, command)] == []


@pytest.mark.timeout(1800)
def test_without_any_verb_an_up_fails(deployed: Tried, audited: KwokCluster, tmp_path: Path) -> None:
    """Each is needed to create a fleet or to refresh it, but for those of the next two tests."""
    superfluous = []
    for number, taken in enumerate(deployed.verbs(User.UP)):
        if taken.verb == "delete" or (taken.verb == "watch" and not taken.is_cluster_wide_in(deployed.objects)):
            continue
        if taken.verb in ("get", "list"):
            needed = deployed.without(taken, deployed.refresh)
        else:
            new = Tried(audited, tmp_path / str(number), f"new-{number}")
            needed = new.without(taken, new.up)
        if not needed:
            superfluous.append(str(taken))
    assert superfluous == []


def test_without_delete_a_tenant_is_not_removed(audited: KwokCluster, tmp_path: Path) -> None:
    tried = Tried(audited, tmp_path, "retired")
    tried.config = full(tried.cell, state="retired")
    assert tried.up() == ""
    taken = [each for each in tried.verbs(User.UP) if each.verb == "delete"]
    # In the order in which the engine deletes.
    order = ("replicationcontrollers", "services", "jobs", "statefulsets", "networkpolicies")
    taken.sort(key=lambda each: min(order.index(plural) for plural in each.resources if plural in order))
    assert [str(each) for each in taken if not tried.without(each, tried.remove)] == []
    assert tried.remove() == ""


def test_without_watch_the_plugin_asks_again_and_again(audited: KwokCluster, tmp_path: Path) -> None:
    """It lists again, with growing pauses: pods are seen to be ready later than they are."""
    tried = Tried(audited, tmp_path, "unwatched")
    (taken,) = (each for each in tried.verbs(User.UP) if each.verb == "watch" and "statefulsets" in each.resources)
    record = Record(log=audited.logs / "audit.log", users=tried.users)
    tried.without(taken, tried.up)
    record.read("up")
    assert len([each for each in record.denied if 'cannot watch resource "statefulsets"' in each]) > 1


def test_the_policies_leave_readers_dry_runs_and_up_its_labels(deployed: Tried) -> None:
    def refused(user: User, *arguments: str) -> str:
        environment = deployed.stack.environment_of(user)
        return run("kubectl", "--namespace", deployed.cell.namespace, *arguments, env=environment).stderr

    node = deployed.cell.node("m1")
    service = json.dumps(deployed.cell.get("service", "tenant3-vip"))
    replaced = ("replace", "-f", "-")
    environment = deployed.stack.environment_of(User.DRIFT)
    written = run("kubectl", *replaced, env=environment, stdin=service)
    assert "this user may only make dry runs" in written.stderr
    assert run("kubectl", *replaced, "--dry-run=server", env=environment, stdin=service).returncode == 0
    owner = {"apiVersion": "v1", "kind": "Node", "name": "gone", "uid": "0"}
    owned = json.dumps({"metadata": {"ownerReferences": [owner]}})
    for change in (
        ("label", "node", node, "zone=a"),
        ("taint", "node", node, "a=b:NoSchedule"),
        ("cordon", node),
        ("patch", "node", node, "--patch", owned),
        ("patch", "node", node, "--patch", '{"metadata": {"finalizers": ["tests/never-ends"]}}'),
    ):
        assert "this user may only change the labels tenancy-" in refused(User.UP, *change), change
    assert refused(User.UP, "label", "node", node, "tenancy-tenant9=master") == ""
    assert refused(User.UP, "label", "node", node, "tenancy-tenant9-") == ""
