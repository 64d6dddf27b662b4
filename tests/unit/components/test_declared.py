"""Adoption compares with what the program declares, and the table of objects contains every object of it."""

from dataclasses import fields
from typing import Any

import pytest

from components.objects import declared
from kube.manifest import key_of
from kube.urn import parse_urn
from tenants import load
from tenants.objects import COMPONENTS, OBJECTS, SHARED_OBJECTS, Part, identify, live_keys, tenant_of_component
from tests.support.fleets import config_with, per_node
from tests.support.live_fleet import live_fleet
from tests.support.program import ClusterOfMocks, run_program

TENANT4 = {"name": "tenant4", "vip": "192.168.143.145", "hosts": {"master": "m3", "standby": "m4"}}
KINDS = ("Service", "StatefulSet", "ConfigMap", "ReplicationController")
EVERY_OPTION: dict[str, Any] = {
    "cpu": 4,
    "nodeSelector": {"disk": "ssd"},
    "promotion": {"command": ["true"], "timeoutSeconds": 1},
    "networkPolicy": {"allowFrom": ["10.0.0.0/8"]},
}
"""With it, a tenant has every object that a tenant can have."""
WITH_EVERY_OBJECT = (config_with(**EVERY_OPTION), per_node(config_with(**EVERY_OPTION)))
"""Except that its keepalived is either its own or its node's."""


@pytest.mark.parametrize("kubelet_version", ["v1.34.9", "v1.36.3"])
@pytest.mark.parametrize(
    "entry",
    [
        {},
        {"activeRole": "standby", "vrid": 7},
        {"state": "stopped"},
        {"dataPath": "/data9/x", "memory": "1Gi", "tolerations": [], "updateStrategy": "RollingUpdate"},
        {"keepalived": {"image": "keepalived:2"}, "image": "adb:2", "memoryLimit": 7},
    ],
    ids=str,
)
def test_plain_manifests_are_what_the_program_registers(entry: dict[str, Any], kubelet_version: str) -> None:
    config = config_with(**entry)
    config["tenants"].append(TENANT4)
    fleet = load(config)
    live = live_fleet(fleet, kubelet_version=kubelet_version)
    plain = [manifest for tenant in fleet.tenants for manifest in declared.manifests(tenant, live).values()]
    registered = [
        manifest
        for manifest in run_program(config, cluster=ClusterOfMocks(kubelet_version=kubelet_version)).manifests()
        if manifest["kind"] in KINDS and manifest["metadata"]["name"].startswith("tenant")
    ]
    assert {key_of(each): each for each in plain} == {key_of(each): each for each in registered}
    assert len(plain) == len(registered) == 7 * len(fleet.tenants)


def test_every_option_sets_each_optional_field() -> None:
    (tenant,) = load(config_with(**EVERY_OPTION)).tenants
    unset = {each.name for each in fields(tenant) if getattr(tenant, each.name) in (None, (), {})}
    assert unset == {"allow_move", "force", "waivers"}, "an option that may declare an object is not in EVERY_OPTION"
    tenants = [tenant for config in WITH_EVERY_OBJECT for tenant in load(config).tenants]
    assert all(any(map(row.is_declared, tenants)) for row in OBJECTS)


def test_every_declared_object_is_in_the_table() -> None:
    urns = [parse_urn(urn) for config in WITH_EVERY_OBJECT for urn in run_program(config).resources]
    objects = [urn for urn in urns if not urn.types[-1].startswith("adb:tenants:")]
    assert {urn for urn in objects if identify(urn).part is Part.UNKNOWN} == set()
    # Part, component and role of each tenant's object, as the table and as the program have them.
    table = {
        (row.kind.name, f"tenant3{row.suffix}", row.component)
        for row in OBJECTS
        if not (row.part is Part.PROMOTION and row.suffix.endswith("standby"))
    }
    assert {
        (urn.kind, urn.name, urn.types[-2].rpartition(":")[2]) for urn in objects if identify(urn).tenant
    } == table, "the program and the table differ"
    assert {part for part in Part if part is not Part.UNKNOWN} == {identify(urn).part for urn in objects}


def test_every_component_is_in_the_table() -> None:
    components = [
        urn
        for config in WITH_EVERY_OBJECT
        for urn in map(parse_urn, run_program(config).resources)
        if urn.types[-1].startswith("adb:tenants:")
    ]
    assert {urn.kind for urn in components} == COMPONENTS.keys() | SHARED_OBJECTS.keys()
    assert {tenant_of_component(urn) for urn in components if urn.kind in COMPONENTS} == {"tenant3"}


def test_adoption_compares_every_live_object_of_the_table() -> None:
    for config in WITH_EVERY_OBJECT:
        fleet = load(config)
        (tenant,) = fleet.tenants
        compared = declared.manifests(tenant, live_fleet(fleet))
        assert {(kind, name) for kind, _, name in compared} == set(live_keys(tenant))
