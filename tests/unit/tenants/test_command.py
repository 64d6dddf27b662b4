"""`python -m tenants`, started as users and CI start it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.process import run
from tests.support.program import ROOT

SOUND = """\
config:
  adb-tenants:cluster: {namespace: elsewhere}
  adb-tenants:tenants:
    - name: tenant2
      vip: 192.168.143.143
      hosts: {master: m8, standby: m9}
"""
FAULTY = """\
config:
  adb-tenants:tenants:
    - name: tenant3
      vip: 192.168.143.256
      hosts: {master: m1, standby: m2}
    - name: tenant4
      vip: 192.168.143.145
      hosts: {master: m1, standby: m3}
      waive: [{rule: E601, reason: "agreed: 100%, see\\nminutes"}]
    - name: tenant5
      vip: 192.168.143.146
      hosts: {master: m1, standby: m4}
"""

NO_CONTENT = "while parsing a flow node, did not find expected node content"
NOT_AN_ADDRESS = '"192.168.143.256" is not an IPv4 address; each of its four numbers is at most 255'


def shared(others: str) -> str:
    """Return the message about a tenant whose keepalived pod is on the node of another's."""
    return (
        f"the keepalived pod of {others} runs on m1 too, and each start of one wipes the other's forwarding; "
        "choose another master host or activeRole, share one pod for the node (keepalived: {per: node}), or waive E601 "
        "with a reason"
    )


def tenants(*arguments: str, cwd: Path = ROOT, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run the command; paths are relative to `cwd`."""
    variables = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **environment}
    return run(sys.executable, "-m", "tenants", *arguments, cwd=cwd, env=variables)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Holds a sound file, a faulty one, one of another project, and one that is no YAML."""
    (tmp_path / "sound.yaml").write_text(SOUND)
    (tmp_path / "faulty.yaml").write_text(FAULTY)
    (tmp_path / "other.yaml").write_text("config:\n  aws:region: eu-central-1\n")
    (tmp_path / "broken.yaml").write_text("config: [\n")
    (tmp_path / "folder").mkdir()
    return tmp_path


def test_a_sound_file_produces_no_output(directory: Path) -> None:
    result = tenants("lint", "sound.yaml", cwd=directory)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_findings_are_lines_with_file_line_column_rule_path_and_advice(directory: Path) -> None:
    result = tenants("lint", "sound.yaml", "faulty.yaml", cwd=directory)
    both, reason = "tenant3 (tenants[0]) and tenant5 (tenants[2])", "agreed: 100%, see\N{REPLACEMENT CHARACTER}minutes"
    assert result.returncode == 1
    assert result.stdout.splitlines() == [
        f"faulty.yaml:4:12  E401  tenants[0].vip: {NOT_AN_ADDRESS}",
        f"faulty.yaml:5:23  E601  tenants[0].hosts.master: {shared('tenant5 (tenants[2])')}",
        f"faulty.yaml:8:23  E601  tenants[1].hosts.master: {shared(both)} [waived: {reason}]",
        f"faulty.yaml:12:23  E601  tenants[2].hosts.master: {shared('tenant3 (tenants[0])')}",
        "3 findings, 1 waived",
    ]
    assert result.stderr == ""


def test_json_has_every_finding_with_all_its_parts(directory: Path) -> None:
    result = tenants("lint", "--format", "json", "faulty.yaml", cwd=directory)
    findings = json.loads(result.stdout)
    assert [(entry["line"], entry["column"], entry["rule"], entry["path"], entry["waived"]) for entry in findings] == [
        (4, 12, "E401", "tenants[0].vip", None),
        (5, 23, "E601", "tenants[0].hosts.master", None),
        (8, 23, "E601", "tenants[1].hosts.master", "agreed: 100%, see\nminutes"),
        (12, 23, "E601", "tenants[2].hosts.master", None),
    ]
    assert set(findings[0]) == {"file", "line", "column", "rule", "path", "message", "waived"}


def test_github_annotations_are_escaped_workflow_commands(directory: Path) -> None:
    lines = tenants("lint", "--format", "github", "faulty.yaml", cwd=directory).stdout.splitlines()
    assert lines[0] == (
        f"::error file=faulty.yaml,line=4,col=12,title=E401 A VIP is one IPv4 address::tenants[0].vip: {NOT_AN_ADDRESS}"
    )
    assert lines[2].startswith("::notice file=faulty.yaml,line=8,col=23,title=E601 ")
    assert lines[2].endswith("[waived: agreed: 100%25, see%0Aminutes]")
    assert len(lines) == 4


def test_sarif_names_its_rules_and_keeps_waived_findings_as_suppressed(directory: Path) -> None:
    log = json.loads(tenants("lint", "--format", "sarif", "faulty.yaml", cwd=directory).stdout)
    (only,) = log["runs"]
    assert log["version"] == "2.1.0"
    assert {result["ruleId"] for result in only["results"]} <= {rule["id"] for rule in only["tool"]["driver"]["rules"]}
    first, _, waived, _ = only["results"]
    assert first["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "faulty.yaml"},
                "region": {"startLine": 4, "startColumn": 12},
            },
            "logicalLocations": [{"fullyQualifiedName": "tenants[0].vip"}],
        }
    ]
    assert "suppressions" not in first
    assert waived["suppressions"] == [{"kind": "inSource", "justification": "agreed: 100%, see\nminutes"}]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("other.yaml", "1:1  E003  the file configures only aws; the keys of this project begin with adb-tenants:"),
        ("broken.yaml", f"2:1  E001  the file is not YAML: {NO_CONTENT}"),
        ("missing.yaml", "1:1  E001  the file cannot be read: No such file or directory"),
        ("folder", "1:1  E001  the file cannot be read: Is a directory"),
    ],
)
@pytest.mark.parametrize("before", [[], ["faulty.yaml"], ["sound.yaml"]], ids=repr)
def test_a_file_that_cannot_be_used_is_reported_and_ends_in_2(
    directory: Path, name: str, line: str, before: list[str]
) -> None:
    result = tenants("lint", *before, name, cwd=directory)
    assert result.returncode == 2
    assert f"{name}:{line}" in result.stdout.splitlines()
    assert result.stderr == ""


def test_without_a_command_or_a_file_the_usage_is_shown() -> None:
    for arguments in ([], ["lint"], ["lint", "--format", "xml", "x"], ["frobnicate"]):
        result = tenants(*arguments)
        assert (result.returncode, result.stdout) == (2, "")
        assert "usage: python -m tenants" in result.stderr


def test_a_terminal_without_unicode_gets_escapes(directory: Path) -> None:
    (directory / "letters.yaml").write_text(SOUND.replace("m9", "müllhaufen"), encoding="utf-8")
    result = tenants("lint", "letters.yaml", cwd=directory, PYTHONIOENCODING="ascii")
    assert result.returncode == 1
    assert "m\\xfcllhaufen" in result.stdout


def test_a_closed_pipe_causes_no_traceback(directory: Path) -> None:
    command = f"{sys.executable} -m tenants rules | true"
    assert run("sh", "-c", command, cwd=directory, env={**os.environ, "PYTHONPATH": str(ROOT)}).stderr == ""


def test_neither_an_engine_nor_a_cluster_nor_the_network_is_needed() -> None:
    check = (
        "import sys, tenants.__main__; tenants.__main__.main(['lint', 'Pulumi.dev.yaml']); "
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'pulumi', 'kubernetes', 'socket', 'ssl'}))"
    )
    assert run(sys.executable, "-c", check).stdout == "[]\n"


def test_the_stack_of_the_repository_is_sound() -> None:
    result = tenants("lint", "Pulumi.dev.yaml")
    assert (result.returncode, result.stdout) == (0, "")
