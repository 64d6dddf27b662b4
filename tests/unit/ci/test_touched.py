"""A change is previewed and carried out for the stacks that it can touch, and for no others."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from ci.child_pipeline import pipeline
from ci.touched import BATCH, TOUCH_NONE
from tests.support.process import run
from tests.support.program import ROOT

STACKS = ("cell-1", "cell-2", "dev")


class Checkout:
    """A repository with three stacks; one commit, then the change."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.git("init", "--quiet", "--initial-branch", "main")
        for stack in STACKS:
            self.write(f"Pulumi.{stack}.yaml", f"config: {{}} # {stack}\n")
        self.write("__main__.py", "")
        self.write("docs/review.md", "")
        self.base = self.commit()

    def git(self, *arguments: str) -> str:
        identity = ["-c", "user.name=operator", "-c", "user.email=operator@example.org"]
        command = ["git", *identity, *arguments]
        return subprocess.run(command, cwd=self.directory, check=True, capture_output=True, text=True).stdout.strip()

    def write(self, file: str, content: str) -> None:
        (self.directory / file).parent.mkdir(parents=True, exist_ok=True)
        (self.directory / file).write_text(content)

    def commit(self) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "Change")
        return self.git("rev-parse", "HEAD")

    def touched(self, *options: str) -> tuple[list[str], str]:
        """Return the stacks of all batches, and what is on standard error."""
        environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
        done = run(sys.executable, "-m", "ci.touched", *options, cwd=self.directory, env=environment)
        assert done.returncode == 0, done.stderr
        return [stack for batch in json.loads(done.stdout) for stack in batch], done.stderr


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


@pytest.mark.parametrize(
    ("file", "stacks"),
    [
        ("Pulumi.cell-2.yaml", ["cell-2"]),
        ("Pulumi.cell-3.yaml", ["cell-3"]),
        ("docs/review.md", []),
        ("tests/unit/ci/test_touched.py", []),
        ("README.md", []),
        ("__main__.py", STACKS),
        ("components/tenant.py", STACKS),
        ("Pulumi.yaml", STACKS),
        ("requirements.txt", STACKS),
        ("ci/pipeline.mk", STACKS),
        (".github/workflows/up.yml", STACKS),
        ("a-new-folder/file.py", STACKS),
        ("components/Pulumi.cell-1.yaml", STACKS),
    ],
)
def test_a_stack_file_touches_its_stack_and_the_program_all(file: str, stacks: list[str], checkout: Checkout) -> None:
    checkout.write(file, "changed: true\n")
    checkout.commit()
    assert checkout.touched("--since", checkout.base) == (list(stacks), "")


def test_a_change_of_both_touches_all(checkout: Checkout) -> None:
    checkout.write("Pulumi.cell-1.yaml", "changed: true\n")
    checkout.write("kube/facts.py", "")
    checkout.commit()
    assert checkout.touched("--since", checkout.base) == (list(STACKS), "")


def test_every_commit_since_the_base_counts(checkout: Checkout) -> None:
    for stack in ("cell-1", "cell-2"):
        checkout.write(f"Pulumi.{stack}.yaml", "changed: true\n")
        checkout.commit()
    checkout.write("docs/review.md", "changed\n")
    checkout.commit()
    assert checkout.touched("--since", checkout.base) == (["cell-1", "cell-2"], "")


def test_what_others_merged_meanwhile_does_not_count(checkout: Checkout) -> None:
    """GitHub checks out the merge of a pull request; its first parent is the tip of the target branch."""
    checkout.git("switch", "--quiet", "--create", "edit")
    checkout.write("Pulumi.cell-1.yaml", "changed: true\n")
    checkout.commit()
    checkout.git("switch", "--quiet", "main")
    checkout.write("Pulumi.cell-2.yaml", "changed: true\n")
    checkout.commit()
    checkout.git("merge", "--quiet", "--no-edit", "edit")
    assert checkout.touched("--since", "HEAD^1") == (["cell-1"], "")


def test_a_deleted_stack_file_touches_nothing_and_is_reported(checkout: Checkout) -> None:
    (checkout.directory / "Pulumi.cell-1.yaml").unlink()
    checkout.commit()
    stacks, messages = checkout.touched("--since", checkout.base)
    assert (stacks, messages.partition(" No pipeline")[0]) == ([], "Pulumi.cell-1.yaml is deleted.")


def test_a_renamed_stack_file_touches_the_new_stack(checkout: Checkout) -> None:
    checkout.git("mv", "Pulumi.cell-1.yaml", "Pulumi.cell-9.yaml")
    checkout.commit()
    stacks, messages = checkout.touched("--since", checkout.base)
    assert (stacks, "Pulumi.cell-1.yaml is deleted." in messages) == (["cell-9"], True)


@pytest.mark.parametrize("base", ["", "0" * 40])
def test_without_a_base_every_stack_is_touched(base: str, checkout: Checkout) -> None:
    assert checkout.touched("--since", base) == (list(STACKS), "")


def test_a_base_that_is_gone_touches_every_stack(checkout: Checkout) -> None:
    """After a forced push, the forge names a commit that no branch has any more."""
    stacks, messages = checkout.touched("--since", "1" * 40)
    assert (stacks, messages.startswith("Every stack is touched: the changes since 1111")) == (list(STACKS), True)


def test_only_the_stacks_of_the_pipelines_are_touched(checkout: Checkout) -> None:
    assert checkout.touched("--stacks", '["cell-*"]') == (["cell-1", "cell-2"], "")
    assert checkout.touched("--stacks", '["cell-2", "prod"]') == (["cell-2"], "")
    checkout.write("Pulumi.dev.yaml", "changed: true\n")
    checkout.commit()
    assert checkout.touched("--since", checkout.base, "--stacks", '["cell-*"]') == ([], "")


def test_a_change_of_the_program_may_begin_with_a_few_stacks(checkout: Checkout) -> None:
    first = ("--since", checkout.base, "--stacks", '["cell-*"]', "--first", '["cell-1", "dev"]')
    checkout.write("components/tenant.py", "")
    checkout.commit()
    assert checkout.touched(*first) == (["cell-1"], "")
    checkout.write("Pulumi.cell-2.yaml", "changed: true\n")
    checkout.commit()
    assert checkout.touched(*first) == (["cell-1", "cell-2"], "")
    by_hand = first[2:]
    assert checkout.touched(*by_hand) == (["cell-1", "cell-2"], "")


@pytest.mark.parametrize("stacks", ["prod", "[]", '"prod"', "[1]", '[""]', "["])
def test_a_list_of_stacks_with_an_error_is_refused(stacks: str, checkout: Checkout) -> None:
    command = [sys.executable, "-m", "ci.touched", "--stacks", stacks]
    done = run(*command, cwd=checkout.directory, env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"})
    assert (done.returncode, "not a JSON list" in done.stderr) == (2, True), done.stderr


def test_no_name_of_a_file_becomes_a_command(checkout: Checkout) -> None:
    checkout.write("Pulumi.$(shell touch x).yaml", "")
    checkout.commit()
    assert checkout.touched("--since", checkout.base) == (list(STACKS), "")


def test_a_thousand_stacks_fit_into_matrices(checkout: Checkout) -> None:
    for number in range(1000):
        checkout.write(f"Pulumi.cell-{number}.yaml", "")
    done = run(
        *(sys.executable, "-m", "ci.touched"),
        cwd=checkout.directory,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
    )
    batches = json.loads(done.stdout)
    assert [len(batch) for batch in batches] == [BATCH, BATCH, BATCH, 1001 - 3 * BATCH]
    assert len({stack for batch in batches for stack in batch}) == 1001  # cell-1 and cell-2 were there.


def test_nothing_that_the_program_imports_touches_none() -> None:
    """Whatever an `up` runs or reads is outside of what touches no stack."""
    ran = {"__main__.py", "Pulumi.yaml", "requirements.txt", "components", "tenants", "kube", "review", "ci", ".github"}
    assert {pattern.removesuffix("/*") for pattern in TOUCH_NONE} & ran == set()
    dirs = {pattern.removesuffix("/*") for pattern in TOUCH_NONE if pattern.endswith("/*")}
    files = [file for part in ("components", "tenants", "kube", "review", "ci") for file in (ROOT / part).rglob("*.py")]
    imports = [
        (file.name, line)
        for file in files
        for line in file.read_text().splitlines()
        if any(line.startswith((f"from {name}", f"import {name}")) for name in dirs)
    ]
    assert imports == []


def test_a_child_pipeline_has_the_jobs_of_each_stack() -> None:
    templates = yaml.safe_load((ROOT / "ci" / "stack.gitlab-ci.yml").read_text())
    for jobs in (("preview", "note"), ("up", "up-dangerous"), ("drift",)):
        child: Any = pipeline(["cell-1", "prod"], jobs)
        assert child.pop("include") == [{"local": "ci/stack.gitlab-ci.yml"}]
        first, *rest = jobs
        expected: dict[str, Any] = {
            f"{first} {stack}": {"extends": f".{first}", "variables": {"STACK": stack}, "needs": []}
            for stack in ("cell-1", "prod")
        }
        for job in rest:
            for stack in ("cell-1", "prod"):
                needs = [{"job": f"{first} {stack}", "artifacts": True}]
                expected[f"{job} {stack}"] = {"extends": f".{job}", "variables": {"STACK": stack}, "needs": needs}
        assert child == expected
        assert {job["extends"] for job in child.values()} <= set(templates)


def test_a_child_pipeline_without_stacks_has_a_job_that_does_nothing() -> None:
    """GitLab refuses to create a pipeline without jobs."""
    child: Any = pipeline([], ["preview", "note"])
    assert list(child) == ["include", "no-stack"]


@pytest.mark.parametrize("jobs", ["preview note", "up up-dangerous", "drift"])
def test_the_child_pipeline_matches_gitlabs_schema(jobs: str, checkout: Checkout, tmp_path: Path) -> None:
    make = ["make", "--no-print-directory", "-f", "ci/pipeline.mk", "child-gitlab"]
    for part in ("ci", "kube"):
        (checkout.directory / part).symlink_to(ROOT / part)
    done = run(*make, cwd=checkout.directory, env={"PATH": "/usr/bin:/bin", "JOBS": jobs, "STACKS": '["cell-*"]'})
    file = tmp_path / "child.yml"
    file.write_text(done.stdout)
    assert done.returncode == 0, done.stderr
    assert len(yaml.safe_load(done.stdout)) == 1 + 2 * len(jobs.split())
    checked = run(
        "check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci", str(file)
    )
    assert checked.returncode == 0, checked.stdout
