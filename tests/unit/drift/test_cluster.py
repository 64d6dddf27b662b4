"""The kubectl commands and how their output is read, with a fake kubectl that fails for given objects."""

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from drift.cluster import KubectlClient
from kube.dry_run import Rejection
from kube.json_text import UnreadableError
from kube.manifest import Key, key_of
from tests.support.process import executable

KUBECTL = """#!{python}
import json, pathlib, sys
arguments = sys.argv[1:]
given = [item["metadata"]["name"] for item in json.load(sys.stdin)["items"]]
played = json.loads(pathlib.Path({script!r}).read_text())
pathlib.Path({log!r}).open("a").write(json.dumps(arguments) + "\\n")
error = ""
for name in given:
    if name in played:
        error = played[name]
        print(error, file=sys.stderr)
    else:
        print(json.dumps({{"kind": "Service", "metadata": {{"name": name}}}}, indent=1))
sys.exit(1 if error else 0)
"""


class FakeKubectl:
    def __init__(self, directory: Path) -> None:
        self.script, self.log = directory / "script.json", directory / "log"
        script = KUBECTL.format(python=sys.executable, script=str(self.script), log=str(self.log))
        executable(directory / "kubectl", script)

    def fail(self, **errors: str) -> None:
        """Fail with these errors for objects, by name."""
        self.script.write_text(json.dumps(errors))

    def calls(self) -> list[list[str]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]


@pytest.fixture
def kubectl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeKubectl:
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return FakeKubectl(tmp_path)


def services(*names: str) -> list[dict[str, Any]]:
    return [{"kind": "Service", "metadata": {"name": name}} for name in names]


def by_key(*names: str) -> dict[Key, Any]:
    return {key_of(each): each for each in services(*names)}


def test_all_objects_are_read_in_one_call_with_the_stacks_context(kubectl: FakeKubectl) -> None:
    kubectl.fail()
    cluster = KubectlClient("prod")
    assert cluster.live(services("a", "b")) == by_key("a", "b")
    assert cluster.expected(services("a", "b")) == by_key("a", "b")
    assert [call[:3] for call in kubectl.calls()] == [["--context", "prod", "get"], ["--context", "prod", "replace"]]
    assert "--dry-run=server" in kubectl.calls()[1]


def test_a_rejected_object_does_not_hide_others(kubectl: FakeKubectl) -> None:
    kubectl.fail(b='The Service "b" is invalid: \n* spec.x: Forbidden: may not\n* spec.y: Invalid value: "secret": bad')
    assert KubectlClient(None).expected(services("a", "b", "c")) == {
        **by_key("a", "c"),
        ("Service", "", "b"): Rejection(message="* spec.x: Forbidden: may not * spec.y"),
    }


@pytest.mark.parametrize(
    ("stderr", "message"),
    [
        (
            'Error from server (Forbidden): services "b" is forbidden: User "x" cannot update resource',
            'denies access: services "b" is forbidden: User "x" cannot update resource. Grant the kubeconfig\'s user',
        ),
        (
            "The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?",
            "The API server 127.0.0.1:1 cannot be reached (Connection refused)",
        ),
    ],
)
def test_an_error_that_is_not_about_an_object_ends_the_comparison(
    kubectl: FakeKubectl, stderr: str, message: str
) -> None:
    kubectl.fail(b=stderr)
    with pytest.raises(UnreadableError, match=re.escape(message)):
        KubectlClient(None).expected(services("a", "b"))
    with pytest.raises(UnreadableError, match=re.escape(message)):
        KubectlClient(None).live(services("a", "b"))


def test_a_repair_has_a_field_manager_and_returns_kubectls_error(kubectl: FakeKubectl) -> None:
    kubectl.fail(b="Error from server (Conflict): the object has been modified")
    assert [KubectlClient(None).replace(each) for each in services("a", "b")] == [
        "",
        "Error from server (Conflict): the object has been modified",
    ]
    assert all("--field-manager" in call and "--dry-run=server" not in call for call in kubectl.calls())
