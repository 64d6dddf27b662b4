"""An edit from a branch to the cluster, by the commands of the workflows."""

import os
import subprocess
from typing import Any

import pytest
import yaml

from tests.support.cell import Cell, eventually
from tests.support.fleets import tenant3
from tests.support.program import PROJECT, ROOT
from tests.support.stack import Stack

pytestmark = pytest.mark.engine


class Checkout:
    """A team's repository with its stack file and pipeline."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.directory = stack.project
        self.review = self.directory / "out" / "review.md"
        for part in ("ci", "drift", "review"):
            (self.directory / part).symlink_to(ROOT / part)
        self.git("init", "--quiet", "--initial-branch", "main")

    def git(self, *arguments: str) -> None:
        """Run git with an identity of the tests."""
        identity = ["-c", "user.name=operator", "-c", "user.email=operator@example.org"]
        subprocess.run(["git", *identity, *arguments], cwd=self.directory, check=True)

    def commit(self, config: dict[str, Any], message: str) -> None:
        """Commit the stack file with this configuration."""
        self.stack.configure(config)
        self.git("add", f"Pulumi.{self.stack.name}.yaml")
        self.git("commit", "--quiet", "--message", message)

    def edit(self, **fields: Any) -> None:
        """Change fields of the first tenant, as an operator would with an editor, and commit."""
        file = self.directory / f"Pulumi.{self.stack.name}.yaml"
        settings = yaml.safe_load(file.read_text())
        config = {key.removeprefix(f"{PROJECT}:"): value for key, value in settings["config"].items()}
        config["tenants"][0].update(fields)
        self.commit(config, f"Set {', '.join(fields)}")

    def run(self, target: str, **variables: str) -> int:
        """Run one target of the pipeline; returns its exit code, 0 or 2."""
        environment = {**os.environ, **self.stack.environment, "STACK": self.stack.name, "OUT": "out"}
        command = ["make", "--no-print-directory", "-f", "ci/pipeline.mk", target]
        return subprocess.run(command, cwd=self.directory, env=environment | variables, check=False).returncode


def test_an_edit_is_linted_reviewed_merged_and_applied(cell: Cell, stack: Stack) -> None:
    checkout = Checkout(stack)
    checkout.commit(tenant3(cell), "Begin with tenant3")
    assert (checkout.run("lint"), checkout.run("preview"), checkout.run("up")) == (0, 0, 0)

    checkout.git("switch", "--quiet", "--create", "failover")
    checkout.edit(activeRole="standby")
    assert (checkout.run("lint"), checkout.run("preview")) == (0, 0)
    output = checkout.review.read_text()
    assert output.startswith("<!-- adb-tenants review of dev -->\n### 🟡 traffic")
    assert f"failover master → standby on <code>{cell.node('m2')}</code>" in output
    assert checkout.run("gate") == 0
    assert checkout.run("gate", FAIL_ON="traffic") != 0

    approved = checkout.review.with_suffix(".json").rename(checkout.directory / "approved.json")
    checkout.git("switch", "--quiet", "main")
    checkout.git("merge", "--quiet", "failover")
    assert checkout.run("unchanged", REVIEWED=str(approved)) == 0
    assert checkout.run("up-reviewed") == 0
    assert cell.endpoint_addresses("tenant3-vip") == [cell.pod_address("tenant3-standby-0")]

    assert checkout.run("drift") == 0
    assert "### 🟢 Nothing changes" in checkout.review.read_text()
    assert "### 🟢 Changed by hand: no drift" in checkout.review.read_text()
    # The approved changes are applied; the same preview is now another one.
    assert checkout.run("unchanged", REVIEWED=str(approved)) != 0


def test_what_changed_since_the_approval_stops_the_up(cell: Cell, stack: Stack) -> None:
    checkout = Checkout(stack)
    checkout.commit(tenant3(cell), "Begin with tenant3")
    assert checkout.run("up") == 0
    checkout.edit(activeRole="standby")
    assert checkout.run("preview") == 0
    approved = str(checkout.review.with_suffix(".json").rename(checkout.directory / "approved.json"))

    def specs() -> dict[str, Any]:
        kinds = "services,statefulsets,replicationcontrollers"
        return {f"{item['kind']} {item['metadata']['name']}": item["spec"] for item in cell.live(kinds)}

    def scale_standby(replicas: int) -> None:
        cell.kubectl("scale", "statefulset", "tenant3-standby", "--replicas", str(replicas))
        eventually(
            lambda: cell.get("statefulset", "tenant3-standby")["status"].get("readyReplicas", 0) == replicas,
            what=f"{replicas} pods are ready",
        )

    # The commit, before the comparison and after it.
    before = specs()
    checkout.edit(memory="32Gi")
    assert checkout.run("unchanged", REVIEWED=approved) != 0
    checkout.git("revert", "--no-edit", "HEAD")
    assert checkout.run("unchanged", REVIEWED=approved) == 0
    checkout.edit(memory="32Gi")
    assert checkout.run("up-reviewed") != 0
    checkout.git("revert", "--no-edit", "HEAD")
    assert specs() == before

    # The cluster, before the comparison and after it: then the program itself refuses.
    scale_standby(0)
    without_standby = specs()
    assert checkout.run("unchanged", REVIEWED=approved) != 0
    scale_standby(1)
    assert checkout.run("unchanged", REVIEWED=approved) == 0
    scale_standby(0)
    assert checkout.run("up-reviewed") != 0
    assert specs() == without_standby

    scale_standby(1)
    assert checkout.run("unchanged", REVIEWED=approved) == 0
    assert checkout.run("up-reviewed") == 0
    assert cell.endpoint_addresses("tenant3-vip") == [cell.pod_address("tenant3-standby-0")]


def test_a_pipeline_stops_data_loss_and_reports_drift(cell: Cell, stack: Stack) -> None:
    checkout = Checkout(stack)
    checkout.commit(tenant3(cell), "Begin with tenant3")
    assert checkout.run("up") == 0

    checkout.edit(dataPath="/data1/tenant3/data")
    assert checkout.run("preview") == 0
    assert checkout.review.read_text().splitlines()[1] == "### ⛔ Blocked: the preview was refused or failed"
    assert checkout.run("gate", FAIL_ON="none") != 0
    assert checkout.run("up") != 0
    checkout.git("revert", "--no-edit", "HEAD")

    cell.kubectl("scale", "statefulset", "tenant3-standby", "--replicas", "0")
    assert checkout.run("drift") != 0
    assert "database starts with the data on" in checkout.review.read_text()
    cell.kubectl("label", "service", "tenant3-vip", "foreign=x")
    assert checkout.run("repair") == 0
    assert cell.get("statefulset", "tenant3-standby")["spec"]["replicas"] == 1
    assert "foreign" not in cell.get("service", "tenant3-vip")["metadata"]["labels"]

    cell.kubectl("label", "service", "tenant3-vip", "foreign=x")
    assert checkout.run("drift") != 0
    output = checkout.review.read_text()
    assert "### 🟢 Nothing changes" in output, "the engine's refresh sees it"
    assert "### 🟡 Changed by hand: 1 difference" in output
    assert "<code>metadata.labels.foreign</code>" in output
    assert "demo-adb-password" not in output


def test_a_stack_file_with_an_error_fails_at_the_lint(cell: Cell, stack: Stack) -> None:
    checkout = Checkout(stack)
    checkout.commit(tenant3(cell, vip="192.168.143.300"), "Begin with a fault")
    assert checkout.run("lint", LINT_FORMAT="github") != 0
    assert checkout.run("preview") == 0
    assert "E401" in checkout.review.read_text()
    assert cell.objects() == set()


def test_a_refresh_uses_the_context_of_the_program(cell: Cell, stack: Stack) -> None:
    """A refresh without the program uses the context in the state, which may no longer exist."""
    checkout = Checkout(stack)
    kubeconfig = checkout.directory / "kubeconfig"
    kubeconfig.write_text(cell.kubectl("config", "view", "--raw", "--minify", "--flatten"))
    config = tenant3(cell)
    context = cell.kubectl("config", "current-context").strip()
    checkout.commit(config | {"cluster": config["cluster"] | {"context": context}}, "Begin with tenant3")
    assert checkout.run("up", KUBECONFIG=str(kubeconfig)) == 0
    cell.kubectl("config", "rename-context", context, "renamed", "--kubeconfig", str(kubeconfig))
    checkout.commit(config | {"cluster": config["cluster"] | {"context": "renamed"}}, "Rename the context")
    cell.kubectl("scale", "statefulset", "tenant3-standby", "--replicas", "0")
    assert checkout.run("drift", KUBECONFIG=str(kubeconfig)) != 0
    assert "database starts with the data on" in checkout.review.read_text()
