"""The jobs of both pipelines run with the commands that their images have on PATH."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.job_machine import JobMachine, merged
from tests.support.program import ROOT

GITLAB: dict[str, Any] = yaml.safe_load((ROOT / ".gitlab-ci.yml").read_text())
OF_A_STACK: dict[str, Any] = yaml.safe_load((ROOT / "ci" / "stack.gitlab-ci.yml").read_text())
GITLAB_JOBS = ("lint", "audit", "touched", ".preview", ".note", ".up", ".up-dangerous", ".drift")
"""In the order in which they may run."""
GITLAB_VARIABLES = {
    "JOBS": "preview note",
    "BASE": "",
    "CI_DEFAULT_BRANCH": "main",
    "CI_API_V4_URL": "https://gitlab.example/api/v4",
    "CI_PROJECT_ID": "5",
    "CI_MERGE_REQUEST_IID": "7",
    "CI_MERGE_REQUEST_LABELS": "",
    "FORGE_TOKEN": "token",
}
GITHUB_CONTEXT = {
    "env.OUT": "build/review/prod",
    "matrix.stack": "prod",
    "vars.ADB_FIRST || '[\"*\"]'": '["*"]',
    "vars.ADB_STACKS": '["dev"]',
    "inputs.stacks || vars.ADB_STACKS": '["dev"]',
    "github.event.before": "0" * 40,
    "needs.lint.result": "success",
    "needs.touched.outputs.batches": '[["dev"]]',
    "needs.preview.result": "success",
    "inputs.fail-on": "data-loss",
    "inputs.stack": "prod",
    "inputs.approve-from": "restart",
    "github.event.pull_request.number": "7",
    "github.repository": "team/cells",
    "github.token": "token",
    "secrets.KUBECONFIG": "apiVersion: v1",
    "secrets.PULUMI_BACKEND_URL": "file:///state",
    "secrets.PULUMI_CONFIG_PASSPHRASE": "words",
    "runner.temp": "..",
    "github.workspace": ".",
}
MERGED, APPROVED = "${{ !inputs.approved }}", "${{ inputs.approved }}"
UP = "${{ inputs.approved || steps.judged.outputs.waits == 'no' }}"
OUT = Path("build/review/prod")


def gitlab_job(name: str) -> dict[str, Any]:
    return extended(OF_A_STACK if name in OF_A_STACK else GITLAB, name)


def extended(file: Mapping[str, Any], name: str) -> dict[str, Any]:
    job: dict[str, Any] = file[name]
    return merged(extended(file, job["extends"]), job) if "extends" in job else job


def image_of(name: str) -> str:
    image = gitlab_job(name)["image"]
    return str(image["name"] if isinstance(image, dict) else image)


def run_gitlab_job(name: str, machine: JobMachine, preview: str, **given: str) -> subprocess.CompletedProcess[str]:
    declared = {"STACK": "prod"} | (OF_A_STACK if name in OF_A_STACK else GITLAB)["variables"]
    variables = {key: re.sub(r"\$(\w+)", lambda used: str(declared[used[1]]), value) for key, value in declared.items()}
    job = gitlab_job(name)
    script = "\n".join([*job.get("before_script", []), *job["script"]])
    return machine.run(script, preview=preview, **variables, **GITLAB_VARIABLES | given)


def test_every_gitlab_job_runs_in_its_image(tmp_path: Path) -> None:
    """With a change that waits for an approval: the exit code of `up` is 3, which GitLab shows as a warning."""
    came_to: dict[str, tuple[int, list[str]]] = {}
    output = ""
    artifacts = tmp_path / "artifacts"
    previous = {".note": ".preview", ".up-dangerous": ".up"}
    for name in GITLAB_JOBS:
        machine = JobMachine(tmp_path / name, image_of(name)).with_git()
        out = machine.checkout / OUT
        if name in previous:
            shutil.copytree(artifacts / previous[name], out)
        done = run_gitlab_job(name, machine, "nothing-changes" if name == ".drift" else "rolling-update-chosen")
        came_to[name] = (done.returncode, [words[0] for words in machine.called("pulumi")])
        output += f"\n{name}:\n{done.stdout[-500:]}{done.stderr[-1500:]}"
        if out.exists():
            shutil.copytree(out, artifacts / name)
    assert came_to == {
        "lint": (0, []),
        "audit": (0, []),
        "touched": (0, []),
        ".preview": (0, ["preview"]),
        ".note": (0, []),
        ".up": (3, ["preview"]),
        ".up-dangerous": (0, ["preview", "up"]),
        ".drift": (0, ["preview", "stack"]),
    }, output


def test_no_gitlab_job_is_left_untested() -> None:
    with_script = {name for file in (GITLAB, OF_A_STACK) for name, job in file.items() if "script" in job}
    assert set(GITLAB_JOBS) == with_script


@pytest.mark.parametrize(("preview", "stops"), [("data-path-move-allowed", False), ("host-moved", True)])
def test_a_label_lifts_a_level_and_no_refusal(preview: str, stops: bool, tmp_path: Path) -> None:
    machine = JobMachine(tmp_path, image_of(".preview"))
    done = run_gitlab_job(".preview", machine, preview, CI_MERGE_REQUEST_LABELS="bug,danger-accepted")
    assert (done.returncode != 0) is stops, done.stdout + done.stderr
    assert run_gitlab_job(".preview", machine, preview).returncode != 0


def test_the_small_image_of_pulumi_is_not_enough(tmp_path: Path) -> None:
    done = JobMachine(tmp_path, "pulumi/pulumi-python-3.13:3.248.0").make("preview")
    assert (done.returncode, "make: command not found" in done.stderr) == (127, True), done.stderr


def filled_in(text: str) -> str:
    return re.sub(r"\$\{\{ (.+?) \}\}", lambda found: GITHUB_CONTEXT[found[1]], text)


def environment(declared: Mapping[str, str]) -> dict[str, str]:
    return {key: filled_in(value) for key, value in declared.items()}


def run_github_job(name: str, machine: JobMachine, *, preview: str, conditions: tuple[str, ...]) -> None:
    """Run the steps of `<workflow>/<job>` that are scripts and have no condition, or one of these."""
    workflow, _, job_name = name.partition("/")
    job = yaml.safe_load((ROOT / ".github" / "workflows" / f"{workflow}.yml").read_text())["jobs"][job_name]
    assert re.search(r"inputs\.runner|ubuntu-latest", job["runs-on"])
    files = {"GITHUB_OUTPUT": "../output", "GITHUB_STEP_SUMMARY": "../summary"}
    for step in job["steps"]:
        if "if" in step and step["if"] not in conditions:
            continue
        move_artifacts(step, machine)
        if "run" in step:
            variables = files | environment(job.get("env", {})) | environment(step.get("env", {}))
            # GitHub's own way where no shell is named: no pipefail.
            done = machine.run(filled_in(step["run"]), preview=preview, by="bash -e", **variables)
            assert done.returncode == 0, f"{name}, {step['run']}:\n{done.stdout}{done.stderr}"


def move_artifacts(step: Mapping[str, Any], machine: JobMachine) -> None:
    """Upload a job's artifact, or download those of other jobs to a folder for each."""
    action, settings = step.get("uses", ""), step.get("with", {})
    stored = machine.checkout.parent / "artifacts"
    if action.startswith("actions/upload-artifact@"):
        there = stored / filled_in(settings["name"])
        there.mkdir(parents=True)
        for file in filled_in(settings["path"]).split():
            shutil.copy(machine.checkout / file, there)
    elif action.startswith("actions/download-artifact@") and "pattern" in settings:
        for artifact in stored.glob(settings["pattern"]):
            shutil.copytree(artifact, machine.checkout / settings["path"] / artifact.name)


GITHUB_CASES: dict[str, tuple[list[str], tuple[str, ...], str, list[str]]] = {
    "pull request": (
        ["preview/lint", "preview/touched", "preview-stacks/stack", "preview/reviewed", "preview/comment"],
        (),
        "failover",
        ["preview"],
    ),
    "week": (["audit/audit"], (), "nothing-changes", []),
    "of a fork": (["preview/from-a-fork"], (), "failover", []),
    "night": (["drift/stacks", "drift-stacks/stack", "drift/issue"], (), "nothing-changes", ["preview", "stack"]),
    "merge": (["up/touched", "up-once/up"], (MERGED, UP), "failover", ["preview", "up"]),
    "merge that waits": (["up-once/up"], (MERGED,), "rolling-update-chosen", ["preview"]),
    "approved": (["up-stack/approval", "up-once/up"], (APPROVED, UP), "rolling-update-chosen", ["preview", "up"]),
}
"""Jobs, the conditions that hold, the preview, and what the engine is asked for."""


@pytest.mark.parametrize(("jobs", "conditions", "preview", "verbs"), GITHUB_CASES.values(), ids=GITHUB_CASES)
def test_every_github_job_runs_on_its_runner(
    jobs: list[str], conditions: tuple[str, ...], preview: str, verbs: list[str], tmp_path: Path
) -> None:
    machine = JobMachine(tmp_path, "ubuntu-latest").with_git()
    if APPROVED in conditions:
        assert machine.make("preview", preview=preview).returncode == 0
        machine.forget_calls()
        shutil.copytree(machine.checkout / "out", machine.checkout / "build/review/approved")
    for name in jobs:
        run_github_job(name, machine, preview=preview, conditions=conditions)
    assert [words[0] for words in machine.called("pulumi")] == verbs
    assert all("--skip-preview" in words for words in machine.called("pulumi") if words[0] == "up"), "previewed twice"
    if MERGED in conditions:
        assert (tmp_path / "output").read_text().endswith(f"waits={'no' if UP in conditions else 'yes'}\n")
    writes = {"preview/comment": ["api", "api"], "drift/issue": ["issue"]}
    assert [words[0] for words in machine.called("gh")] == [word for name in jobs for word in writes.get(name, [])]


def test_no_github_job_is_left_untested() -> None:
    run = {name for jobs, *_ in GITHUB_CASES.values() for name in jobs}
    there = {
        f"{file.stem}/{name}"
        for file in (ROOT / ".github" / "workflows").glob("*.yml")
        for name, job in yaml.safe_load(file.read_text())["jobs"].items()
        if "steps" in job
    }
    assert run == there
