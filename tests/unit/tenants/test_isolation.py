"""`python -m tenants isolation` prints a quota that admits what all stacks of a namespace declare."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tenants.__main__ import main
from tests.support.fleets import CONFIG, Config, config_with, entry, per_node, with_tenants
from tests.support.strategies import stack_file

GIBI, MEBI = 2**30, 2**20


def printed(capsys: pytest.CaptureFixture[str], directory: Path, *configs: Config) -> dict[str, dict[str, Any]]:
    """Return the objects by kind."""
    files = []
    for number, config in enumerate(configs):
        file = directory / f"Pulumi.stack-{number}.yaml"
        file.write_text(stack_file(config)[0])
        files.append(str(file))
    assert main(["isolation", *files]) == 0
    return {each["kind"]: each for each in yaml.safe_load_all(capsys.readouterr().out)}


def quota(capsys: pytest.CaptureFixture[str], directory: Path, *configs: Config) -> dict[str, str]:
    found: dict[str, str] = printed(capsys, directory, *configs)["ResourceQuota"]["spec"]["hard"]
    return found


def test_the_quota_has_room_for_a_tenant_in_a_failover(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # Two control pods of 16Gi; keepalived twice, as its old pod ends beside the new one.
    assert quota(capsys, tmp_path, CONFIG) == {
        "requests.memory": str(2 * 16 * GIBI + 2 * 64 * MEBI),
        "requests.cpu": "200m",
        "pods": "4",
    }


def test_declared_cpu_and_a_promotion_count(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = config_with(cpu="1500m", memory="1G", promotion={"command": ["promote"]})
    assert quota(capsys, tmp_path, config) == {
        "requests.memory": str(2 * 10**9 + 3 * 64 * MEBI),
        "requests.cpu": "3150m",
        "pods": "5",
    }


def test_a_keepalived_of_a_node_counts_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert quota(capsys, tmp_path, per_node(CONFIG))["pods"] == str(2 + 2 * 2)


def test_all_stacks_of_a_namespace_count(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = {"cluster": {"keepalivedAccount": "other"}, "tenants": [entry(7)]}
    assert quota(capsys, tmp_path, CONFIG, other)["pods"] == "8"


def test_pods_are_closed_only_if_each_tenant_says_who_its_clients_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    closed = config_with(networkPolicy={"allowFrom": ["10.0.0.0/8"]})
    policy = printed(capsys, tmp_path, closed)["NetworkPolicy"]
    assert policy["spec"] == {"podSelector": {}, "policyTypes": ["Ingress"]}
    half = with_tenants(closed, [*closed["tenants"], entry(7)])
    assert set(printed(capsys, tmp_path, half)) == {"LimitRange", "ResourceQuota"}


def test_files_of_two_namespaces_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [tmp_path / "Pulumi.one.yaml", tmp_path / "Pulumi.two.yaml"]
    for number, file in enumerate(files, start=1):
        file.write_text(stack_file({"cluster": {"namespace": f"n{number}"}, "tenants": [entry(number)]})[0])
    assert main(["isolation", *map(str, files)]) == 2
    assert "of the namespaces n1, n2" in capsys.readouterr().err
