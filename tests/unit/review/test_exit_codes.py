"""No exit code in the pipeline is lost: neither the engine's nor that of one half of a pipe."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.job_machine import JobMachine
from tests.support.process import run


@pytest.fixture
def machine(tmp_path: Path) -> JobMachine:
    return JobMachine(tmp_path, "ubuntu-latest")


def approve(machine: JobMachine) -> None:
    (machine.checkout / "out" / "review.json").rename(machine.checkout / "approved.json")


def test_a_preview_that_failed_without_an_error_is_blocked(machine: JobMachine) -> None:
    """After a failed policy pack, the digest is that of a successful preview."""
    done = machine.make("preview", PREVIEW_ENDS_WITH="255")
    assert done.returncode == 0, f"there is something to review: {done.stderr}"
    out = machine.checkout / "out"
    comment = (out / "review.md").read_text()
    assert comment.splitlines()[1] == "### ⛔ Blocked: `pulumi preview` ended with exit code 255, see the job's log"
    written = json.loads((out / "review.json").read_text())
    assert (written["mayGoOn"], written["engineExitCode"], written["refusals"]) == (False, 255, [])
    for level in ("none", "change", "data-loss"):
        assert machine.make("gate", FAIL_ON=level).returncode != 0, level


@pytest.mark.parametrize("code", ["1", "3", "137", "255"])
def test_a_review_is_not_as_approved_when_the_engine_failed(machine: JobMachine, code: str) -> None:
    machine.make("preview", PREVIEW_ENDS_WITH=code)
    approve(machine)
    done = machine.make("unchanged", REVIEWED="approved.json", PREVIEW_ENDS_WITH=code)
    assert (done.returncode, "was refused or failed" in done.stderr) == (2, True), done.stderr


def test_a_review_is_as_approved_when_nothing_has_changed(machine: JobMachine) -> None:
    machine.make("preview", preview="failover")
    approve(machine)
    assert machine.make("unchanged", preview="failover", REVIEWED="approved.json").returncode == 0
    assert machine.make("unchanged", preview="vip-change", REVIEWED="approved.json").returncode != 0


def test_what_the_comment_leaves_out_for_length_is_compared_too(machine: JobMachine) -> None:
    machine.make("preview", preview="failover")
    approve(machine)
    file = machine.checkout / "approved.json"
    written = json.loads(file.read_text())
    written["tenants"][0]["objects"][0]["fields"][0]["after"] = "something else"
    file.write_text(json.dumps(written, indent=2) + "\n")
    assert machine.make("unchanged", preview="failover", REVIEWED="approved.json").returncode != 0


def test_drift_fails_when_the_engine_failed(machine: JobMachine) -> None:
    assert machine.make("drift").returncode == 0
    assert machine.make("drift", PREVIEW_ENDS_WITH="255").returncode != 0
    assert "ended with exit code 255" in (machine.checkout / "out" / "review.md").read_text()


def test_drift_fails_when_the_export_of_the_state_failed(machine: JobMachine) -> None:
    done = machine.make("drift", STACK_ENDS_WITH="1")
    assert done.returncode != 0
    assert "What was changed by hand could not be listed" in (machine.checkout / "out" / "review.md").read_text()


def test_nothing_is_repaired_when_the_export_of_the_state_failed(machine: JobMachine) -> None:
    assert machine.make("repair", STACK_ENDS_WITH="1").returncode != 0
    assert [words[0] for words in machine.called("pulumi")] == ["stack"]


def test_an_up_that_failed_fails(machine: JobMachine) -> None:
    machine.with_git()
    assert machine.make("preview").returncode == 0
    assert machine.make("up-reviewed", UP_ENDS_WITH="255").returncode != 0
    assert machine.make("up", UP_ENDS_WITH="255").returncode != 0
    assert machine.make("repair", UP_ENDS_WITH="255").returncode != 0


def test_only_what_was_previewed_is_carried_out_without_a_preview(machine: JobMachine) -> None:
    machine.with_git()

    def ups() -> list[str]:
        machine.make("up-reviewed")
        return [words[0] for words in machine.called("pulumi") if words[0] == "up"]

    assert ups() == [], "nothing was previewed"
    machine.make("preview", preview="host-moved", PREVIEW_ENDS_WITH="255")
    assert ups() == [], "the preview was refused"
    machine.make("preview")
    (machine.checkout / "Pulumi.dev.yaml").unlink()
    (machine.checkout / "Pulumi.dev.yaml").write_text("config: {}\n")
    assert ups() == [], "the stack file has changed since"
    machine.make("preview")
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", "-C", str(machine.checkout)]
    subprocess.run([*git, "commit", "--quiet", "--allow-empty", "--message", "Another"], check=True)
    assert ups() == [], "the commit is another one"
    machine.make("preview")
    machine.make("drift")
    assert ups() == [], "the last preview was with a refresh"
    machine.make("preview")
    assert ups() == ["up"]
    assert ups() == ["up"], "each `up` needs a preview of its own"


@pytest.mark.parametrize("target", ["issue-github", "issue-gitlab"])
def test_no_issue_is_closed_without_a_result(machine: JobMachine, target: str) -> None:
    done = machine.make(target, DRIFTED="", REPOSITORY="team/cells")
    assert (done.returncode, machine.called("gh"), machine.called("curl")) == (2, [], [])


def test_the_program_runs_before_a_refresh(machine: JobMachine) -> None:
    program = "import sys\nprint('PULUMI_RUN_PROGRAM=' + os.environ['PULUMI_RUN_PROGRAM'], file=sys.stderr)"
    machine.double("pulumi", program)
    for target in ("drift", "repair"):
        assert "PULUMI_RUN_PROGRAM=true" in machine.make(target).stderr, target


def test_the_engine_cannot_write_its_log_and_has_all_else(machine: JobMachine) -> None:
    (machine.pulumi_home / "plugins").mkdir(parents=True)
    (machine.pulumi_home / "logs").mkdir()
    seen = "home = pathlib.Path(os.environ['PULUMI_HOME'])\nlogs = (home / 'logs').is_dir()"
    shown = (
        "print(logs, (home / 'plugins').resolve(), os.environ['PULUMI_CREDENTIALS_PATH'], sep='\\n', file=sys.stderr)"
    )
    machine.double("pulumi", f"import pathlib, sys\n{seen}\n{shown}")
    where = [str(machine.pulumi_home / "plugins"), str(machine.pulumi_home)]
    for target in ("up", "up"):
        assert machine.make(target).stderr.splitlines() == ["False", *where]
    machine.double("pulumi", "import sys\nprint(os.environ['PULUMI_HOME'], file=sys.stderr)")
    wanted = machine.make("up", PULUMI_ENABLE_AUTOMATIC_LOGGING="true")
    assert wanted.stderr.splitlines() == [str(machine.pulumi_home)]


def test_the_tip_of_the_branch_is_checked_out(tmp_path: Path) -> None:
    machine = JobMachine(tmp_path, "pulumi/pulumi:3.248.0")
    (tmp_path / "origin").mkdir()

    def git(*arguments: str, of: str = "checkout") -> str:
        identity = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
        command = ["git", *identity, "-C", str(tmp_path / of), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    git("init", "--quiet", "--initial-branch", "main", of="origin")
    git("commit", "--quiet", "--allow-empty", "--message", "approved long ago", of="origin")
    git("init", "--quiet")
    git("fetch", "--quiet", str(tmp_path / "origin"), "main")
    git("checkout", "--quiet", "FETCH_HEAD")
    git("remote", "add", "origin", str(tmp_path / "origin"))
    git("commit", "--quiet", "--allow-empty", "--message", "urgent failover", of="origin")
    done = machine.make("tip", BRANCH="main")
    assert done.returncode == 0, done.stderr
    assert git("rev-parse", "HEAD") == git("rev-parse", "main", of="origin")


def test_the_exit_code_of_a_traceback_is_no_result() -> None:
    """Python's own is 1: "faults found", "drift", "too dangerous"."""
    program = "from kube import terminal; terminal.run(lambda: 1 // 0)"
    done = run(sys.executable, "-c", program)
    assert (done.returncode, "ZeroDivisionError" in done.stderr) == (3, True)
