"""Encrypted configuration values appear nowhere: not in output, pipelines or the backend.

Every value of every shared object is a canary, encrypted by the CLI itself.
"""

import base64
import copy
import json
import sys

import pytest

from tests.support.cell import Cell
from tests.support.fleets import Config, tenant3, with_every_tenant
from tests.support.process import run
from tests.support.stack import Stack

pytestmark = pytest.mark.engine

CANARY = "canary-5f3a9"
"""Twelve characters, so that the base64 of every value that begins with it has the same prefix."""
TRACES = (CANARY, base64.b64encode(CANARY.encode()).decode())


def plain(cell: Cell, prefix: str = CANARY) -> Config:
    """The seed's tenant; each value of each shared object begins with the prefix."""
    config = copy.deepcopy(tenant3(cell))
    platform = {
        key: {"data": {name: f"{prefix} {key} {name}" for name in shared["data"]}}
        for key, shared in config["platform"].items()
    }
    return {**config, "platform": platform}


def encrypt(stack: Stack, config: Config, *more: str) -> None:
    """Configure the stack, then let the CLI encrypt every value of the shared objects, and more paths."""
    stack.configure(config)
    values = {
        f'platform.{key}.data["{name}"]': value
        for key, shared in config["platform"].items()
        for name, value in shared["data"].items()
    }
    values |= dict.fromkeys(more, CANARY)
    pairs = [part for path, value in values.items() for part in ("--secret", f"{path}={value}")]
    done = stack.pulumi("config", "set-all", "--path", *pairs)
    assert done.returncode == 0, done.stderr


class Seen:
    """Whatever was printed or written; the canaries must be nowhere in it."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    def pulumi(self, *arguments: str, code: int = 0, **environment: str) -> str:
        """Run the CLI; both of its streams are looked through, and the first is returned."""
        done = self._stack.pulumi(*arguments, **environment)
        self.text(" ".join(arguments[:2]), done.stdout + done.stderr)
        assert (done.returncode != 0) == (code != 0), done.stdout + done.stderr
        return done.stdout

    def command(self, *arguments: str, given: str) -> str:
        """Run one of the project's own commands."""
        done = run(sys.executable, "-m", *arguments, env=self._stack.environment, stdin=given)
        assert "Traceback" not in done.stderr
        self.text(" ".join(arguments), done.stdout + done.stderr)
        return done.stdout

    def text(self, of: str, text: str) -> None:
        """Assert that a text contains no encrypted value."""
        for trace in TRACES:
            at = text.find(trace)
            assert at < 0, f"{of} shows an encrypted value: …{text[max(0, at - 300) : at + 60]}…"


def test_no_command_shows_an_encrypted_value(cell: Cell, stack: Stack) -> None:
    seen = Seen(stack)
    encrypt(stack, plain(cell))
    settings = (stack.project / f"Pulumi.{stack.name}.yaml").read_text()
    seen.text("the stack's file", settings)
    seen.command("tenants", "lint", str(stack.project / f"Pulumi.{stack.name}.yaml"), given="")

    def reviewed() -> str:
        preview = seen.pulumi("preview", "--json")
        seen.pulumi("preview", "--diff")
        for form in ("markdown", "json"):
            seen.command("review", "--format", form, "-", given=preview)
        return seen.command("review", "-", given=preview)

    assert "tenant3" in reviewed()
    seen.pulumi("up", "--yes", "--diff")
    assert cell.get("configmap", "mysql-configmap")["data"]["mysql.vip"].startswith(CANARY), "the cluster gets it"
    for file in (stack.project.parent / "state").rglob("*"):
        if file.is_file():
            seen.text(f"the state's {file.name}", file.read_text(errors="replace"))
    seen.text("stack export", stack.exported_state())
    seen.command("fleet", "-", given=seen.pulumi("stack", "output", "--json"))

    # Each value changes, and is then changed by hand in the cluster.
    encrypt(stack, plain(cell, prefix=f"{CANARY} again"))
    assert "mysql-configmap" in reviewed()
    seen.pulumi("up", "--yes", "--diff")
    for kind, name in (("configmap", "adbops-cm"), ("secret", "mysql-connect")):
        text = f"{CANARY} by hand"
        value = text if kind == "configmap" else base64.b64encode(text.encode()).decode()
        cell.kubectl("patch", kind, name, "--patch", json.dumps({"data": {"rm.addr": value, "user": value}}))
    state = stack.pulumi("stack", "export", "--show-secrets").stdout
    for form in ("text", "markdown", "json"):
        drift = seen.command("drift", "--format", form, "-", given=state)
        assert "adbops-cm" in drift
        assert "mysql-connect" in drift
    seen.pulumi("refresh", "--yes", "--diff")
    reviewed()
    seen.pulumi("up", "--yes")
    seen.pulumi("destroy", "--yes", code=1)  # The database is not retired.
    stack.configure(with_every_tenant(plain(cell), state="retired"))


def test_an_error_of_the_cluster_shows_no_encrypted_value(cell: Cell, stack: Stack) -> None:
    config = plain(cell)
    config["cluster"] = {**config["cluster"], "namespace": f"{cell.namespace}-missing"}
    encrypt(stack, config)
    Seen(stack).pulumi("up", "--yes", code=1)


def test_encrypting_a_plain_value_changes_nothing_in_the_cluster(cell: Cell, stack: Stack) -> None:
    stack.up(plain(cell, prefix="plain"))
    uids = cell.uids()
    encrypt(stack, plain(cell, prefix="plain"))
    steps = json.loads(stack.pulumi("preview", "--json").stdout)["steps"]
    assert {step["op"] for step in steps} <= {"same", "read"}
    assert stack.pulumi("up", "--yes").returncode == 0
    assert cell.uids() == uids
    state = stack.exported_state()
    assert "plain mysql mysql.vip" not in state, "the state still contains the value in plain text"


@pytest.mark.parametrize(
    "path",
    ["tenants[0].promotion.command[0]", "tenants[0].name", "platform.mysql.name", "cluster.context", "defaults.image"],
)
def test_other_encrypted_values_are_refused_with_the_message_of_lint(cell: Cell, stack: Stack, path: str) -> None:
    seen = Seen(stack)
    encrypt(stack, plain(cell), path)
    output = stack.pulumi("preview")
    seen.text("preview", output.stdout + output.stderr)
    assert output.returncode != 0
    assert "Traceback" not in output.stderr
    assert f"E107  {path}: is encrypted, and only the data of shared objects" in output.stdout + output.stderr
    linted = seen.command("tenants", "lint", str(stack.project / f"Pulumi.{stack.name}.yaml"), given="")
    assert f"E107  {path}: is encrypted, and only the data of shared objects" in linted
    assert cell.objects() == set()
