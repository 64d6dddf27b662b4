"""The NetworkPolicy of a tenant: what may connect, and that no pod runs without it."""

from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest

from components.objects import declared
from kube.facts import STACK_ANNOTATION
from tenants import load
from tests.support.fleets import config_with
from tests.support.live_fleet import live_fleet
from tests.support.program import KUBERNETES_VERSION, run_program

KEY = ("NetworkPolicy", "default", "tenant3-policy")
PODS = {"matchLabels": {"app": "adb", "tenancy": "tenant3"}}
OWN = [{"podSelector": PODS}, {"podSelector": {"matchLabels": {"adb-tenants/promotion-of": "tenant3"}}}]
SSH = {"from": OWN, "ports": [{"port": 22, "protocol": "TCP"}]}
URN = "urn:pulumi:dev::adb-tenants::adb:tenants:Tenant$kubernetes:networking.k8s.io/v1:NetworkPolicy::tenant3-policy"


def adb(*networks: str) -> dict[str, Any]:
    blocks = [{"ipBlock": {"cidr": network}} for network in networks]
    return {"from": [*OWN, *blocks], "ports": [{"port": 5432, "protocol": "TCP"}]}


@pytest.mark.parametrize(
    ("allow_from", "node_addresses", "ingress"),
    [
        (["10.0.0.0/8", "192.168.7.9/32"], [], [adb("10.0.0.0/8", "192.168.7.9/32"), SSH]),
        (["10.0.0.0/8"], ["10.1.1.1", "10.1.1.2"], [adb("10.0.0.0/8", "10.1.1.1/32", "10.1.1.2/32"), SSH]),
        (["10.1.1.1/32"], ["10.1.1.1"], [adb("10.1.1.1/32"), SSH]),
        ([], ["10.1.1.1"], [adb("10.1.1.1/32"), SSH]),
        ([], [], [adb(), SSH]),
    ],
)
def test_listed_clients_and_nodes_reach_5432_and_own_pods_ssh_too(
    allow_from: list[str], node_addresses: list[str], ingress: list[Any]
) -> None:
    config = config_with(networkPolicy={"allowFrom": allow_from})
    config["cluster"] = {**config.get("cluster", {}), "nodeAddresses": node_addresses}
    registered = run_program(config).manifest("NetworkPolicy", "tenant3-policy")
    assert registered == {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {
            "name": "tenant3-policy",
            "namespace": "default",
            "annotations": {STACK_ANNOTATION: "adb-tenants/dev"},
        },
        "spec": {"podSelector": PODS, "policyTypes": ["Ingress"], "ingress": ingress},
    }
    kubernetes_validate.validate(registered, KUBERNETES_VERSION, strict=True)
    fleet = load(config)
    assert declared.manifests(fleet.tenants[0], live_fleet(fleet))[KEY] == registered


def test_with_a_policy_only_the_policy_is_new() -> None:
    before = run_program(config_with())
    after = run_program(config_with(networkPolicy={"allowFrom": []}))
    assert after.resources.keys() - before.resources.keys() == {URN}
    assert {urn: after.resources[urn].inputs for urn in before.resources} == {
        urn: each.inputs for urn, each in before.resources.items()
    }


def test_both_databases_start_after_their_policy() -> None:
    resources = run_program(config_with(networkPolicy={"allowFrom": []})).resources.values()
    assert {each.name for each in resources if URN in each.dependencies} == {"tenant3-master", "tenant3-standby"}
