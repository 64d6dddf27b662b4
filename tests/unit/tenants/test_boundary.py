"""The fleet that the program gets from a configuration, and the faults of one that is not valid."""

import copy
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest

from tenants import FleetError, load
from tenants.contract import CLUSTER, TENANT
from tenants.fleet import (
    AllowedMove,
    ClusterSpec,
    Fleet,
    Hosts,
    Keepalived,
    KeepalivedNode,
    KeepalivedPer,
    NetworkPolicySpec,
    NodeKeepalived,
    PlatformSpec,
    PromotionSpec,
    Role,
    SharedObject,
    State,
    TenantSpec,
    Toleration,
    UpdateStrategy,
    VipPool,
    Waiver,
)
from tests.support.fleets import CONFIG, entry
from tests.support.strategies import EVERY_FIELD

Raw = dict[str, Any]

READ = PlatformSpec(
    adbops=SharedObject(name="adbops-cm"),
    mysql=SharedObject(name="mysql-configmap"),
    adb_connect=SharedObject(name="adb-connect-secret"),
    mysql_connect=SharedObject(name="mysql-connect"),
    root_ssh_key=SharedObject(name="root-ssh-key"),
    gpadmin_ssh_key=SharedObject(name="gpadmin-ssh-key"),
)
TENANT3 = TenantSpec(
    name="tenant3",
    vip=IPv4Address("192.168.143.144"),
    hosts=Hosts(master="m1.adb.g1.com", standby="m2.adb.g1.com"),
    active_role=Role.MASTER,
    vrid=144,
    segment="default",
    state=State.RUNNING,
    adopt=False,
    memory="16Gi",
    memory_limit=2048,
    image="docker.dtdream.com/adb/adb-control:v1.1.0",
    data_path="/data0/tenant3/data",
    log_path="/data0/tenant3/adminlog",
    update_strategy=UpdateStrategy.ON_DELETE,
    keepalived=Keepalived(image="docker.dtdream.com/dtdream/kube-keepalived-vip:0.9", per=KeepalivedPer.TENANT),
    tolerations=(Toleration(key="dedicated", operator="Equal", value="master", effect="NoSchedule"),),
)
"""The seed's tenant."""


def rules(raw: Raw) -> list[tuple[str, str]]:
    """Return the rule and the path of each fault."""
    with pytest.raises(FleetError) as refused:
        load(raw)
    return [(finding.rule.id, str(finding).split("  ")[1].split(":")[0]) for finding in refused.value.findings]


def test_the_seed_tenant_needs_three_lines_and_has_every_default() -> None:
    raw = {
        "tenants": [
            {
                "name": "tenant3",
                "vip": "192.168.143.144",
                "hosts": {"master": "m1.adb.g1.com", "standby": "m2.adb.g1.com"},
            }
        ]
    }
    cluster = ClusterSpec(
        namespace="default",
        keepalived_account="adb-keepalived",
        image_pull_secrets=(),
        vip_pools=(),
        node_addresses=(),
        reserved_vrids=(),
        node_keepalived=NodeKeepalived(
            image=TENANT3.keepalived.image,
            tolerations=TENANT3.tolerations,
            nodes=(),
        ),
    )
    assert load(raw) == Fleet(cluster=cluster, platform=READ, tenants=(TENANT3,))


def test_a_null_section_is_like_a_missing_one() -> None:
    assert load({"cluster": None, "defaults": None, "platform": None, "tenants": []}) == load({"tenants": []})


def test_an_entry_overrides_the_defaults_and_they_the_seeds_values() -> None:
    fleet = load(
        {
            "defaults": {"memory": "8Gi", "memoryLimit": 1, "keepalived": {"image": "k:1"}, "state": "stopped"},
            "tenants": [entry(1, memory="4Gi", keepalived={}), entry(2, state="running", keepalived={"image": "k:2"})],
        }
    )
    assert [
        (tenant.memory, tenant.memory_limit, tenant.keepalived.image, tenant.state.value, tenant.image)
        for tenant in fleet.tenants
    ] == [
        ("4Gi", 1, "k:1", "stopped", TENANT3.image),
        ("8Gi", 1, "k:2", "running", TENANT3.image),
    ]


def test_every_field_of_the_contract_arrives() -> None:
    raw: Raw = {
        "cluster": {
            "context": "cell-7",
            "namespace": "adb",
            "uid": "0a1b",
            "adoptFrom": "adb-tenants/old",
            "keepalivedAccount": "k",
            "keepalivedAccountOf": "adb-tenants/first",
            "imagePullSecrets": ["registry"],
            "vipPools": ["10.0.0.0/24", {"cidr": "10.0.1.0/24", "segment": "east"}, {"cidr": "10.0.2.0/24"}],
            "podNetwork": "10.244.0.0/16",
            "serviceNetwork": "10.96.0.0/12",
            "nodeAddresses": ["10.0.0.9", "10.0.0.10"],
            "reservedVrids": [51],
            "nodeKeepalived": {
                "image": "n",
                "tolerations": [],
                "nodes": [{"name": "a", "vrid": 1, "segment": "east"}, {"name": "b", "vrid": 2, "segment": "east"}],
                "of": "adb-tenants/first",
            },
        },
        "platform": {"mysql": {"name": "db.cm", "data": {"mysql.vip": "10.0.0.3", "more": ""}}},
        "tenants": [EVERY_FIELD],
    }
    fleet = load(raw)
    assert raw["cluster"].keys() == {field.key for field in CLUSTER.fields.values()}
    assert EVERY_FIELD.keys() == {field.key for field in TENANT.fields.values()}
    assert fleet.cluster == ClusterSpec(
        context="cell-7",
        namespace="adb",
        uid="0a1b",
        adopt_from="adb-tenants/old",
        keepalived_account="k",
        keepalived_account_of="adb-tenants/first",
        image_pull_secrets=("registry",),
        vip_pools=(
            VipPool(network=IPv4Network("10.0.0.0/24")),
            VipPool(network=IPv4Network("10.0.1.0/24"), segment="east"),
            VipPool(network=IPv4Network("10.0.2.0/24")),
        ),
        pod_network=IPv4Network("10.244.0.0/16"),
        service_network=IPv4Network("10.96.0.0/12"),
        node_addresses=(IPv4Address("10.0.0.9"), IPv4Address("10.0.0.10")),
        reserved_vrids=(51,),
        node_keepalived=NodeKeepalived(
            image="n",
            tolerations=(),
            nodes=(
                KeepalivedNode(name="a", vrid=1, segment="east"),
                KeepalivedNode(name="b", vrid=2, segment="east"),
            ),
            declared_by="adb-tenants/first",
        ),
    )
    assert fleet.platform.mysql == SharedObject(name="db.cm", data={"mysql.vip": "10.0.0.3", "more": ""})
    assert fleet.tenants == (
        TenantSpec(
            name="t",
            vip=IPv4Address("10.0.1.7"),
            hosts=Hosts(master="a", standby="b"),
            active_role=Role.STANDBY,
            vrid=9,
            segment="east",
            state=State.RETIRED,
            adopt=True,
            memory="1e3",
            cpu="0.5",
            memory_limit=5,
            image="i",
            data_path="/d/1",
            log_path="/d/2",
            update_strategy=UpdateStrategy.ROLLING_UPDATE,
            keepalived=Keepalived(image="k", per=KeepalivedPer.NODE),
            tolerations=(Toleration(key="x", operator="Exists", effect="NoExecute", toleration_seconds=3),),
            node_selector={"disk": "ssd"},
            allow_move=(AllowedMove(role=Role.MASTER, host="a", data_path="/d/1", log_path="/d/2"),),
            force="the master's node is gone",
            promotion=PromotionSpec(command=("p", "-x"), image="q", timeout_seconds=7),
            network_policy=NetworkPolicySpec(allow_from=(IPv4Network("10.0.0.0/8"),)),
            waivers=(Waiver(rule="E601", reason="alone"),),
        ),
    )


def test_a_promotion_has_the_control_pods_image_and_ten_minutes() -> None:
    fleet = load(
        {
            "defaults": {"promotion": {"command": ["p"]}},
            "tenants": [entry(1), entry(2, image="i"), entry(3, promotion={"command": ["q"], "timeoutSeconds": 5})],
        }
    )
    assert [tenant.promotion for tenant in fleet.tenants] == [
        PromotionSpec(command=("p",), image=TENANT3.image, timeout_seconds=600),
        PromotionSpec(command=("p",), image="i", timeout_seconds=600),
        PromotionSpec(command=("q",), image=TENANT3.image, timeout_seconds=5),
    ]


def test_secrets_are_not_in_what_a_fleet_prints() -> None:
    fleet = load(CONFIG)
    assert fleet.platform.adb_connect.data == {"adb.admin": "gpadmin", "adb.password": "demo-adb-password"}
    assert "demo" not in repr(fleet)


def test_the_message_lists_every_fault_by_its_path() -> None:
    raw = {"cluster": {"reservedVrids": [7]}, "tenants": [entry(7), entry(8, state="off"), {"name": "x", "vip": 5}]}
    reserved = "VRRP id 7, the VIP's last octet, is in cluster.reservedVrids; set vrid to a free id: 1-6, 9-255"
    with pytest.raises(FleetError) as refused:
        load(raw)
    assert str(refused.value).splitlines() == [
        "The configuration of this stack has 4 faults:",
        '  E104  tenants[1].state: "off" is not a choice; use running, stopped or retired',
        "  E103  tenants[2].vip: expected text, found the number 5; put it in quotes",
        "  E102  tenants[2]: hosts is missing; add it: the nodes of the two roles, {master: NODE, standby: NODE}",
        f"  E503  tenants[0].vip: {reserved}",
        "`python -m tenants lint Pulumi.<stack>.yaml` shows them with their lines.",
    ]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({}, [("E102", "tenants")]),
        ({"tenants": {}}, [("E103", "tenants")]),
        ({"tenants": "[]"}, [("E103", "tenants")]),
        ({"tenants": [], "cluster": []}, [("E103", "cluster")]),
        ({"tenants": [], "defaults": 5, "platform": "x"}, [("E103", "platform"), ("E103", "defaults")]),
        ({"tenants": [], "clusters": {}}, [("E101", "clusters")]),
        ({"tenants": [None, entry(1)]}, [("E103", "tenants[0]")]),
    ],
    ids=repr,
)
def test_sections_of_the_wrong_shape_are_named(raw: Raw, expected: list[tuple[str, str]]) -> None:
    assert rules(raw) == expected


def test_a_fault_in_one_field_hides_no_fault_in_another() -> None:
    raw = {"tenants": [entry(1, memory=True), entry(2, vip="192.168.143.1", vrid="x", dataPath="/etc")]}
    assert rules(raw) == [
        ("E103", "tenants[0].memory"),
        ("E103", "tenants[1].vrid"),
        ("E702", "tenants[1].dataPath"),
        ("E402", "tenants[0].vip"),
        ("E402", "tenants[1].vip"),
    ]


def test_segments_hold_255_tenants_each() -> None:
    tenants = [
        {**entry(number, vip=f"10.{segment}.0.{number % 256}"), "name": f"t{segment}-{number}"}
        | {"hosts": {"master": f"m{segment}-{number}", "standby": "s"}}
        for segment in range(3)
        for number in range(1, 255)
    ]
    pools = [{"cidr": f"10.{segment}.0.0/16", "segment": f"s{segment}"} for segment in range(3)]
    assert len(load({"cluster": {"vipPools": pools}, "tenants": tenants}).tenants) == 762
    one = load({"cluster": {"vipPools": pools[:1]}, "tenants": tenants[:254]})
    assert {tenant.segment for tenant in one.tenants} == {"s0"}
    with pytest.raises(FleetError, match=r"set vrid to a free id: 255\n"):
        load({"tenants": tenants[:255]})


SHARED: Raw = {"tenants": [entry(1), entry(2), entry(3)]}


@pytest.mark.parametrize(
    ("waiving", "left"),
    [
        ([], {0, 1, 2}),
        ([0], {1, 2}),
        ([0, 1], set()),
        ([0, 1, 2], set()),
    ],
    ids=repr,
)
def test_a_conflict_of_two_tenants_is_settled_by_the_waiver_of_either(waiving: list[int], left: set[int]) -> None:
    raw = copy.deepcopy(SHARED)
    for index, tenant in enumerate(raw["tenants"]):
        tenant["hosts"]["master"] = "m"
        if index in waiving:
            tenant["waive"] = [{"rule": "E601", "reason": "agreed"}]
    if left:
        assert rules(raw) == [("E601", f"tenants[{index}].hosts.master") for index in sorted(left)]
    else:
        assert len(load(raw).tenants) == 3


def test_a_waiver_in_the_defaults_holds_for_tenants_without_their_own() -> None:
    raw = copy.deepcopy(SHARED)
    raw["defaults"] = {"waive": [{"rule": "E403", "reason": "one network"}]}
    raw["cluster"] = {"vipPools": ["10.0.0.0/8"]}
    raw["tenants"][1]["waive"] = []
    assert rules(raw) == [("E403", "tenants[1].vip")]


def test_a_fault_in_the_defaults_is_reported_once_and_there() -> None:
    raw = {"defaults": {"vrid": 9, "dataPath": "/data5/x"}, "tenants": [entry(n) for n in range(1, 6)]}
    for tenant in raw["tenants"]:
        assert isinstance(tenant, dict)
        tenant["hosts"]["standby"] = "same"
    assert sorted(rules(raw)) == [("E502", "defaults.vrid"), ("E703", "defaults.dataPath")]


def test_values_of_a_fleet_cannot_be_changed() -> None:
    tenant = load({"tenants": [entry(1)]}).tenants[0]
    with pytest.raises(AttributeError):
        tenant.name = "other"  # type: ignore[misc]
