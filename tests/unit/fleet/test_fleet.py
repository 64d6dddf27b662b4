"""What `python -m fleet` reads, from a stack's outputs and from a cluster, and what it says when it cannot."""

import json
from pathlib import Path
from typing import Any

import pytest

from fleet import live as live_fleet
from fleet.__main__ import main
from fleet.html import page
from fleet.view import FleetView, Seat, TenantView, from_outputs, in_reading_order
from tenants.fleet import Role

OUTPUTS: dict[str, Any] = {
    "tenants": {
        "tenant3": {
            "endpoint": "192.168.143.144:5432",
            "activeRole": "standby",
            "hosts": {"master": "m1", "standby": "m2"},
            "vrid": 144,
            "state": "running",
        }
    }
}


def seats(*, master: str, standby: str, ready: bool | None = None, old: bool = False) -> tuple[Seat, ...]:
    nodes = {Role.MASTER: master, Role.STANDBY: standby}
    return tuple(Seat(role=role, node=nodes[role], ready=ready, old_revision=old) for role in Role)


def test_the_outputs_of_a_stack_are_a_fleet() -> None:
    assert from_outputs("stack", OUTPUTS) == FleetView(
        title="stack",
        tenants=(
            TenantView(
                name="tenant3",
                vip="192.168.143.144",
                active_role="standby",
                vrid=144,
                state="running",
                seats=seats(master="m1", standby="m2"),
            ),
        ),
        nodes=("m1", "m2"),
    )


def test_names_are_sorted_as_they_are_read() -> None:
    assert sorted(["m10", "m2", "m1.b", "m1.a10", "m1.a9"], key=in_reading_order) == [
        "m1.a9",
        "m1.a10",
        "m1.b",
        "m2",
        "m10",
    ]


def test_nothing_on_the_page_comes_from_elsewhere() -> None:
    written = page(from_outputs("stack", OUTPUTS))
    for reference in ("http:", "https:", "src=", "href=", "url(", "@import"):
        assert reference not in written, reference


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "it is empty"),
        ("{", "it is no JSON from line 1 on"),
        ("[]", "it has no `tenants`"),
        ('{"endpoint": 1}', "it has no `tenants`"),
    ],
)
def test_what_is_no_fleet_is_named_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, says: str
) -> None:
    file = tmp_path / "outputs.json"
    file.write_text(content)
    assert main([str(file)]) == 2
    printed = capsys.readouterr()
    assert says in printed.err
    assert printed.err.count("\n") == 1
    assert not printed.out


def test_a_tenant_whose_entry_is_strange_is_still_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "outputs.json"
    file.write_text(json.dumps({"tenants": {"odd": None, "odder": {"hosts": [], "vrid": "x", "endpoint": {}}}}))
    assert main([str(file)]) == 0
    assert "odder" in capsys.readouterr().out


def test_without_kubectl_the_live_fleet_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["--live"]) == 2
    assert "kubectl" in capsys.readouterr().err


def test_a_service_that_only_sounds_like_one_of_ours_is_no_tenant() -> None:
    assert live_fleet.tenants_among([{"kind": "Service", "metadata": {"name": "their-vip"}}]) == []
