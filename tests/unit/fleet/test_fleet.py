"""`python -m fleet`: reading a stack's outputs and a cluster, and its errors."""

import json
from pathlib import Path
from typing import Any

import pytest

from fleet import live as live_fleet
from fleet.__main__ import main
from fleet.html import page
from fleet.view import FleetView, NodeKeepalivedView, Seat, TenantView, from_outputs, natural_order
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


def test_a_fleet_is_read_from_stack_outputs() -> None:
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


def per_node(*, state: str = "running") -> dict[str, Any]:
    """Return outputs of three tenants on m1, two of them without a keepalived of their own, and a spare node m3."""
    shared = {key: value for key, value in OUTPUTS["tenants"]["tenant3"].items() if key != "vrid"}
    shared |= {"activeRole": "master", "keepalived": "node"}
    tenants = {"tenant4": {**shared, "state": state}, "tenant5": shared}
    nodes = {"m1": {"vrid": 201}, "m2": {"vrid": 202}, "m3": {"vrid": 203}}
    return {"tenants": tenants, "nodeKeepalived": nodes}


@pytest.mark.parametrize("state", ["running", "stopped"])
def test_nodes_have_their_keepalived_and_the_number_of_its_vips(state: str) -> None:
    read = from_outputs("stack", per_node(state=state))
    assert read.nodes == ("m1", "m2", "m3")
    assert read.keepalived == {
        "m1": NodeKeepalivedView(vrid=201, vips=2),
        "m2": NodeKeepalivedView(vrid=202, vips=0),
        "m3": NodeKeepalivedView(vrid=203, vips=0),
    }
    assert [tenant.has_own_keepalived for tenant in read.tenants] == [False, False]
    written = page(read)
    assert "keepalived pods" not in written
    assert [text for text in ("id 201</span>, 2 VIPs", "id 203</span>, no VIPs") if text not in written] == []


def test_a_tenants_own_keepalived_beside_the_nodes_is_warned_of() -> None:
    outputs = per_node()
    outputs["tenants"]["tenant3"] = {**OUTPUTS["tenants"]["tenant3"], "activeRole": "master"}
    assert page(from_outputs("stack", outputs)).count("2 keepalived pods: each start of one clears") == 1


def config_map(name: str, data: dict[str, str], **labels: str) -> dict[str, Any]:
    return {"kind": "ConfigMap", "metadata": {"name": name, "labels": labels}, "data": data}


def test_a_cluster_shows_which_vips_nodes_announce_and_whether_they_are_ready() -> None:
    def of_node(kind: str, node: str, **fields: Any) -> dict[str, Any]:
        return {"kind": kind, "metadata": {"name": f"of-{node}", "labels": {"adb-keepalived": node}}, **fields}

    def pod(node: str, ready: str) -> dict[str, Any]:
        return of_node("Pod", node, status={"conditions": [{"type": "Ready", "status": ready}]})

    container = {"image": "kube-keepalived-vip", "args": ["--services-configmap=cell/of-m1", "--vrid=201"]}
    spec = {"template": {"spec": {"containers": [container]}}}
    entries = {"192.168.143.144": "cell/tenant3-vip", "169.254.0.201": ""}
    live = [
        {"kind": "StatefulSet", "metadata": {"name": "tenant3-master"}},
        {"kind": "Service", "metadata": {"name": "tenant3-vip"}},
        config_map("of-m1", entries, **{"adb-keepalived": "m1"}),
        of_node("ReplicationController", "m1", spec=spec),
        of_node("ReplicationController", "m2"),
        pod("m1", "True"),
        pod("m1", "False"),
    ]
    (tenant,) = live_fleet.tenants_among(live)
    assert (tenant.vip, tenant.vrid, tenant.has_own_keepalived) == ("192.168.143.144", None, False)
    keepalived = live_fleet.keepalived_among(live)
    assert keepalived == {
        "m1": NodeKeepalivedView(vrid=201, vips=1, ready=True),
        "m2": NodeKeepalivedView(vrid=None, vips=0, ready=False),
    }
    fleet = FleetView(title="live", tenants=(tenant,), nodes=("m1", "m2"), keepalived=keepalived)
    assert page(fleet).count("keepalived is not ready") == 1


def test_numbers_in_names_are_sorted_by_value() -> None:
    assert sorted(["m10", "m2", "m1.b", "m1.a10", "m1.a9"], key=natural_order) == [
        "m1.a9",
        "m1.a10",
        "m1.b",
        "m2",
        "m10",
    ]


def test_the_page_has_no_external_references() -> None:
    written = page(from_outputs("stack", OUTPUTS))
    for reference in ("http:", "https:", "src=", "href=", "url(", "@import"):
        assert reference not in written, reference


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "empty input"),
        ("{", "invalid JSON at line 1"),
        ("[]", "no `tenants`"),
        ('{"endpoint": 1}', "no `tenants`"),
    ],
)
def test_unusable_input_is_an_error_of_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, message: str
) -> None:
    file = tmp_path / "outputs.json"
    file.write_text(content)
    assert main([str(file)]) == 2
    printed = capsys.readouterr()
    assert message in printed.err
    assert printed.err.count("\n") == 1
    assert not printed.out


def test_a_tenant_with_unusable_outputs_is_still_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "outputs.json"
    file.write_text(json.dumps({"tenants": {"odd": None, "odder": {"hosts": [], "vrid": "x", "endpoint": {}}}}))
    assert main([str(file)]) == 0
    assert "odder" in capsys.readouterr().out


def test_a_missing_kubectl_is_reported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["--live"]) == 2
    assert "kubectl" in capsys.readouterr().err


def test_a_service_without_statefulsets_is_not_a_tenant() -> None:
    assert live_fleet.tenants_among([{"kind": "Service", "metadata": {"name": "their-vip"}}]) == []


@pytest.mark.parametrize(
    ("status", "old"), [({}, False), ({"updateRevision": "a"}, False), ({"updateRevision": "b"}, True)]
)
def test_a_pod_is_old_only_if_another_revision_is_known(status: dict[str, str], old: bool) -> None:
    database = {"kind": "StatefulSet", "metadata": {"name": "tenant3-master"}, "status": status}
    service = {"kind": "Service", "metadata": {"name": "tenant3-vip"}}
    labels = {"controller-revision-hash": "a"}
    pod = {"kind": "Pod", "metadata": {"name": "tenant3-master-0", "labels": labels}}
    (tenant,) = live_fleet.tenants_among([database, service, pod])
    assert tenant.seats[0].old_revision is old
