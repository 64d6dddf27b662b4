"""What is asked of kubectl, and how its answers are read; kubectl is a double that plays an answer by its arguments."""

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from drift.cluster import RepairClient
from kube.dry_run import Rejection
from kube.json_text import UnreadableError
from kube.manifest import Key, key_of

KUBECTL = """#!{python}
import json, pathlib, sys
arguments = sys.argv[1:]
given = [item["metadata"]["name"] for item in json.load(sys.stdin)["items"]]
played = json.loads(pathlib.Path({script!r}).read_text())
pathlib.Path({log!r}).open("a").write(json.dumps(arguments) + "\\n")
complaint = ""
for name in given:
    if name in played:
        complaint = played[name]
        print(complaint, file=sys.stderr)
    else:
        print(json.dumps({{"kind": "Service", "metadata": {{"name": name}}}}, indent=1))
sys.exit(1 if complaint else 0)
"""


class Played:
    def __init__(self, directory: Path) -> None:
        self.script, self.log = directory / "script.json", directory / "log"
        program = directory / "kubectl"
        program.write_text(KUBECTL.format(python=sys.executable, script=str(self.script), log=str(self.log)))
        program.chmod(0o755)

    def complains(self, **complaints: str) -> None:
        """Play these complaints about objects, by name."""
        self.script.write_text(json.dumps(complaints))

    def calls(self) -> list[list[str]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]


@pytest.fixture
def kubectl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Played:
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return Played(tmp_path)


def services(*names: str) -> list[dict[str, Any]]:
    return [{"kind": "Service", "metadata": {"name": name}} for name in names]


def by_key(*names: str) -> dict[Key, Any]:
    return {key_of(each): each for each in services(*names)}


def test_all_objects_are_asked_for_in_one_call_of_the_stacks_context(kubectl: Played) -> None:
    kubectl.complains()
    cluster = RepairClient("prod")
    assert cluster.live(services("a", "b")) == by_key("a", "b")
    assert cluster.clean(services("a", "b")) == by_key("a", "b")
    assert [call[:3] for call in kubectl.calls()] == [["--context", "prod", "get"], ["--context", "prod", "replace"]]
    assert "--dry-run=server" in kubectl.calls()[1]


def test_one_object_that_is_refused_hides_no_other(kubectl: Played) -> None:
    kubectl.complains(
        b='The Service "b" is invalid: \n* spec.x: Forbidden: may not\n* spec.y: Invalid value: "secret": bad'
    )
    assert RepairClient(None).clean(services("a", "b", "c")) == {
        **by_key("a", "c"),
        ("Service", "", "b"): Rejection(message="* spec.x: Forbidden: may not * spec.y"),
    }


@pytest.mark.parametrize(
    ("complaint", "says"),
    [
        (
            'Error from server (Forbidden): services "b" is forbidden: User "x" cannot update resource',
            'refuses: services "b" is forbidden: User "x" cannot update resource. Give the kubeconfig\'s user what',
        ),
        (
            "The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?",
            "The API server 127.0.0.1:1 does not answer (Connection refused)",
        ),
    ],
)
def test_what_is_not_said_of_the_object_itself_ends_the_comparison(kubectl: Played, complaint: str, says: str) -> None:
    kubectl.complains(b=complaint)
    with pytest.raises(UnreadableError, match=re.escape(says)):
        RepairClient(None).clean(services("a", "b"))
    with pytest.raises(UnreadableError, match=re.escape(says)):
        RepairClient(None).live(services("a", "b"))


def test_a_repair_names_its_manager_and_gives_back_what_kubectl_says(kubectl: Played) -> None:
    kubectl.complains(b="Error from server (Conflict): the object has been modified")
    assert [RepairClient(None).replace(each) for each in services("a", "b")] == [
        "",
        "Error from server (Conflict): the object has been modified",
    ]
    assert all("--field-manager" in call and "--dry-run=server" not in call for call in kubectl.calls())
