"""`python -m drift`: exit codes and errors."""

from pathlib import Path

import pytest

from drift import __main__ as command
from tests.support.cluster_of_lists import ClusterOfLists, manifest
from tests.support.exported_state import PROVIDER, resource, state


def test_unusable_input_is_an_error_of_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    file = tmp_path / "state.json"
    for content, message in {
        b"": "empty input",
        b"[]": "no `deployment`",
        state(
            resource("Service", "a-vip")
        ): "kubectl, which reads the cluster, cannot be run (No such file or directory)",
    }.items():
        file.write_bytes(content)
        assert command.main([str(file)]) == 2
        printed = capsys.readouterr()
        assert message in printed.err
        assert (printed.err.count("\n"), printed.out) == (1, "")
    assert command.main([str(tmp_path / "absent.json")]) == 2
    assert "No such file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "asked"), [([], "prod-cluster"), (["--context", "other"], "other")], ids=["the stack's", "chosen"]
)
@pytest.mark.parametrize(("labels", "code"), [({}, 0), ({"x": "y"}, 1)], ids=["no drift", "drift"])
def test_the_exit_code_is_1_for_drift_in_the_stacks_cluster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], asked: str, labels: dict[str, str], code: int
) -> None:
    contexts = []

    def cluster(context: str | None) -> ClusterOfLists:
        contexts.append(context)
        return ClusterOfLists([manifest("Service", "a-vip", labels=labels)])

    monkeypatch.setattr(command, "KubectlClient", cluster)
    file = tmp_path / "state.json"
    file.write_bytes(state(PROVIDER, resource("Service", "a-vip")))
    assert command.main([*arguments, str(file)]) == code
    assert contexts == [asked]
