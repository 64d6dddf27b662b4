"""The workflows pass the linters of their forges and have the properties that their headers promise."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.process import run
from tests.support.program import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
GITLAB = ROOT / ".gitlab-ci.yml"
OF_A_STACK = ROOT / "ci" / "stack.gitlab-ci.yml"
CONFIDENTIAL = "${{ secrets."
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")


def passes(*command: str) -> None:
    done = run(*command)
    assert done.returncode == 0, done.stdout + done.stderr


def loaded(file: Path) -> Any:
    return yaml.safe_load(file.read_text())


def workflow(name: str) -> Any:
    return loaded(ROOT / ".github" / "workflows" / f"{name}.yml")


def jobs_of(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = loaded(file)["jobs"]
    return found


def steps_of(file: Path) -> list[dict[str, Any]]:
    return [step for job in jobs_of(file).values() for step in job.get("steps", [])]


def writes_of(job: dict[str, Any]) -> set[str]:
    return {scope for scope, access in job["permissions"].items() if access == "write"} - {"id-token"}


def test_actionlint_passes() -> None:
    passes("actionlint", "-color=false", *(str(file) for file in WORKFLOWS))


def test_zizmor_passes() -> None:
    passes("zizmor", "--offline", "--no-progress", "--persona", "regular", str(ROOT / ".github" / "workflows"))


@pytest.mark.parametrize("file", [GITLAB, OF_A_STACK], ids=lambda file: file.name)
def test_the_gitlab_files_match_their_schema(file: Path) -> None:
    # GitLab's own schema, as check-jsonschema ships it.
    passes("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci", str(file))


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_every_action_is_pinned_by_commit(file: Path) -> None:
    uses = [entry["uses"] for entry in (*jobs_of(file).values(), *steps_of(file)) if "uses" in entry]
    foreign = [use for use in uses if not use.startswith("./")]
    assert [use for use in foreign if not PINNED.fullmatch(use)] == []


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_only_the_jobs_for_comment_and_issue_may_write(file: Path) -> None:
    assert loaded(file)["permissions"] == {}
    writes = {(file.stem, name): writes_of(job) for name, job in jobs_of(file).items()}
    may_write = {("preview", "comment"): {"pull-requests"}, ("drift", "issue"): {"issues"}}
    assert {job: scopes for job, scopes in writes.items() if scopes} == {
        job: scopes for job, scopes in may_write.items() if job[0] == file.stem
    }


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_no_job_has_both_secrets_and_write_permission(file: Path) -> None:
    for name, job in jobs_of(file).items():
        assert not (writes_of(job) and CONFIDENTIAL in json.dumps(job)), name


def test_a_pull_request_from_a_fork_gets_no_secret() -> None:
    preview = workflow("preview")
    # YAML reads the key `on` as true.
    assert set(preview[True]) == {"pull_request"}
    assert CONFIDENTIAL not in json.dumps(preview)
    called = {name: job for name, job in preview["jobs"].items() if "uses" in job}
    assert set(called) == {"preview"}
    assert "github.event.pull_request.head.repo.full_name == github.repository" in called["preview"]["if"]
    (gitlab_rule,) = loaded(GITLAB)["stacks"]["rules"]
    assert gitlab_rule["if"] == (
        '$CI_PIPELINE_SOURCE != "merge_request_event" || $CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID'
    )


def test_one_check_fails_unless_everything_touched_was_reviewed() -> None:
    """Branch protection cannot require a job of each stack: there is none for a stack that is not touched."""
    job = workflow("preview")["jobs"]["reviewed"]
    assert job["needs"] == ["lint", "touched", "preview"]
    assert job["if"] == "${{ !cancelled() && vars.ADB_STACKS != '' }}", "it runs, and fails, after a failed job too"
    (step,) = job["steps"]
    cases = {
        ("success", '[["prod"]]', "success"): 0,
        ("success", "[]", "skipped"): 0,
        ("failure", "[]", "skipped"): 1,
        ("failure", '[["prod"]]', "skipped"): 1,
        ("success", '[["prod"]]', "failure"): 1,
        ("success", '[["prod"]]', "cancelled"): 1,
        # A pull request from a fork; and if the touched stacks could not be listed.
        ("success", '[["prod"]]', "skipped"): 1,
        ("success", "", "skipped"): 1,
    }
    ended = {
        (lint, batches, preview): run(
            "bash", "-e", "-c", step["run"], env={"LINT": lint, "BATCHES": batches, "PREVIEW": preview}
        ).returncode
        for lint, batches, preview in cases
    }
    assert ended == cases


def test_one_failed_stack_stops_no_other() -> None:
    matrices = {
        f"{file.stem}/{name}": job["strategy"]["fail-fast"]
        for file in WORKFLOWS
        for name, job in jobs_of(file).items()
        if "strategy" in job
    }
    kinds = (
        "drift/compare",
        "drift-stacks/stack",
        "preview/preview",
        "preview-stacks/stack",
        "up/up",
        "up-stacks/stack",
    )
    assert matrices == dict.fromkeys(kinds, False)


def test_the_stacks_come_from_the_change_not_from_a_list() -> None:
    bases = {name: workflow(name)["jobs"]["touched"]["steps"][-1]["env"]["BASE"] for name in ("preview", "up")}
    assert bases == {"preview": "HEAD^1", "up": "${{ github.event.before }}"}
    depths = {name: workflow(name)["jobs"]["touched"]["steps"][0]["with"]["fetch-depth"] for name in ("preview", "up")}
    assert depths == {"preview": 2, "up": 0}, "git must have the base"
    rules = loaded(GITLAB)["workflow"]["rules"]
    assert [(rule["variables"]["JOBS"], rule["variables"]["BASE"]) for rule in rules] == [
        ("preview note", "$CI_MERGE_REQUEST_DIFF_BASE_SHA"),
        ("up up-dangerous", "$CI_COMMIT_BEFORE_SHA"),
        ("up up-dangerous", ""),
        ("drift", ""),
    ]
    assert loaded(GITLAB)["touched"]["variables"] == {"GIT_DEPTH": "0"}


def test_every_step_runs_a_tested_target_of_the_pipeline() -> None:
    """A step may prepare a file or print one; everything else is a target of ci/pipeline.mk."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "ci" / "pipeline.mk").read_text(), flags=re.MULTILINE))
    scripts = [step["run"] for file in WORKFLOWS for step in steps_of(file) if "run" in step]
    scripts += [
        line
        for file in (GITLAB, OF_A_STACK)
        for job in loaded(file).values()
        if isinstance(job, dict)
        for line in (*job.get("before_script", []), *job.get("script", []))
    ]
    call = r"make -f ci/pipeline\.mk ([a-z-]+)(?: TARGET=([a-z-]+))?"
    called = {target for script in scripts for found in re.findall(call, script) for target in found} - {""}
    # A change by hand may have a reason: only a person repairs it. `up` previews twice where `preview` was run before.
    assert called == targets - {"help", "repair", "up"}
    others = {
        word for script in scripts for word in re.findall(r"^\s*([a-z][\w-]+)(?![\w=-])", script, flags=re.MULTILINE)
    }
    assert others <= {"make", "pip", "echo", "cat", "if", "then", "else", "fi", "case", "mkdir", "test"}


def test_no_step_on_github_has_a_pipe() -> None:
    """The default shell has no `pipefail`: the exit code of the first half would be lost."""
    steps = [step for file in WORKFLOWS for step in steps_of(file)]
    piped = [step["run"] for step in steps if re.search(r"(?<!\|)\|(?!\|)", step.get("run", ""))]
    assert piped == []


def test_a_pending_approval_blocks_nothing() -> None:
    assert [name for name in ("up", "up-stack", "up-once") if "concurrency" in workflow(name)] == []
    (waiting,) = (
        job
        for file in WORKFLOWS
        for job in jobs_of(file).values()
        if "-dangerous" in json.dumps(job.get("environment", ""))
    )
    assert waiting == workflow("up-stack")["jobs"]["approval"]
    assert not ({"concurrency", "uses"} & set(waiting))
    by_hand = loaded(OF_A_STACK)[".up-dangerous"]
    assert by_hand["when"] == "manual", "only a started job occupies GitLab's resource group"


def test_two_ups_of_one_stack_never_run_at_once() -> None:
    one_at_a_time = {"group": "up-${{ inputs.stack }}", "cancel-in-progress": False}
    for file in WORKFLOWS:
        for name, job in jobs_of(file).items():
            scripts = [step.get("run", "") for step in job.get("steps", [])]
            if any(re.search(r"pipeline\.mk up\b", script) for script in scripts):
                assert job["concurrency"] == one_at_a_time, f"{file.name}, {name}"
    gitlab = loaded(OF_A_STACK)
    ups = {name for name, job in gitlab.items() if "make -f ci/pipeline.mk up-reviewed" in job_lines(job)}
    assert {name for name, job in gitlab.items() if isinstance(job, dict) and job.get("extends") == ".locked"} == ups
    assert gitlab[".locked"]["resource_group"] == "up-$STACK"


def job_lines(job: Any) -> list[str]:
    return list(job.get("script", [])) if isinstance(job, dict) else []


def test_approvals_and_merges_do_not_cancel_each_other() -> None:
    """A group holds one running and one waiting job, and cancels an earlier waiting one: one of each kind fits."""
    callers = {
        name: job["concurrency"]
        for file in WORKFLOWS
        for name, job in jobs_of(file).items()
        if job.get("uses") == "./.github/workflows/up-once.yml"
    }
    assert callers == {
        "up": {"group": "up-merged-${{ inputs.stack }}", "cancel-in-progress": False},
        "up-dangerous": {"group": "up-approved-${{ inputs.stack }}", "cancel-in-progress": False},
    }


def test_a_dangerous_update_runs_after_approval_and_as_approved() -> None:
    jobs = workflow("up-stack")["jobs"]
    needs = {"up": None, "approval": "up", "up-dangerous": "approval"}
    assert {name: job.get("needs") for name, job in jobs.items()} == needs
    assert jobs["approval"]["if"] == "needs.up.outputs.waits == 'yes'"
    approved = {name: job["with"]["approved"] for name, job in jobs.items() if "with" in job}
    assert approved == {"up": False, "up-dangerous": True}
    steps = workflow("up-once")["jobs"]["up"]["steps"]
    acts = [(step.get("if"), step["run"]) for step in steps if "pipeline.mk" in step.get("run", "")][-2:]
    assert acts == [
        ("${{ inputs.approved }}", "make -f ci/pipeline.mk unchanged"),
        ("${{ inputs.approved || steps.judged.outputs.waits == 'no' }}", "make -f ci/pipeline.mk up-reviewed"),
    ]
    assert job_lines(loaded(OF_A_STACK)[".up-dangerous"])[-2:] == [
        "make -f ci/pipeline.mk unchanged REVIEWED=build/approved/review.json",
        "make -f ci/pipeline.mk up-reviewed",
    ]


def test_every_up_runs_the_tip_of_the_branch() -> None:
    steps = workflow("up-once")["jobs"]["up"]["steps"]
    (checkout,) = (step["with"] for step in steps if step.get("uses", "").startswith("actions/checkout@"))
    assert checkout["ref"] == "${{ github.ref_name }}"
    assert loaded(OF_A_STACK)[".locked"]["before_script"][0] == 'make -f ci/pipeline.mk tip BRANCH="$CI_DEFAULT_BRANCH"'


def test_a_label_lifts_a_level_and_no_refusal() -> None:
    steps = workflow("preview-stacks")["jobs"]["stack"]["steps"]
    (gate,) = (step for step in steps if "pipeline.mk gate" in step.get("run", ""))
    assert "if" not in gate, "the gate is what stops a refused preview"
    assert gate["env"]["FAIL_ON"] == "${{ inputs.fail-on }}"
    assert "'danger-accepted') && 'none' ||" in workflow("preview")["jobs"]["preview"]["with"]["fail-on"]


def test_no_artifact_holds_the_configuration() -> None:
    for file in (*WORKFLOWS, GITLAB, OF_A_STACK):
        lines = [line for line in file.read_text().splitlines() if not line.strip().startswith("#")]
        assert [line for line in lines if "preview.json" in line] == [], (
            f"{file.name}: it holds the configuration as plain text"
        )
