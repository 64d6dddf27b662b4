"""VIPs in a node's ConfigMap: the stack's own are declared by patches of it, other stacks' are no drift."""

from collections.abc import Mapping
from typing import Any

import pytest

from drift.deployed import Declared, DeployedStack
from drift.findings import Drift, Repair
from drift.repair import repair
from drift.survey import Survey, compare
from tests.support.cluster_of_lists import ClusterOfLists, manifest

Found = dict[str, Any]

NODE = {"adb-keepalived": "m1"}
OURS = {"192.168.143.1": "cell/a-vip"}
THEIRS = {"192.168.143.2": "cell/b-vip"}
OWN_ADDRESS = {"169.254.0.201": ""}


def stack(*, patches: Mapping[str, str] = OURS, declares_node: bool = True) -> DeployedStack:
    """Return a stack with tenant `a`, whose VIP is a patch of a node's ConfigMap."""

    def declared(each: dict[str, Any], *, is_patch: bool = False) -> Declared:
        return Declared(manifest=each, is_patch=is_patch, uid="u1", secret_fields=frozenset())

    node = declared(manifest("ConfigMap", "adb-keepalived-m1", labels=NODE, data=OWN_ADDRESS))
    service = declared(manifest("Service", "a-vip"))
    entries = [
        declared(manifest("ConfigMap", "adb-keepalived-m1", data={vip: backend}), is_patch=True)
        for vip, backend in patches.items()
    ]
    # A state lists a patch after what it depends on; nothing here may rely on that.
    return DeployedStack(stack="prod", context=None, objects=(*entries, service, *([node] if declares_node else [])))


def config_map(data: Mapping[str, str], manager: str = "pulumi-kubernetes-1a2b", operation: str = "Apply") -> Found:
    """Return the node's ConfigMap, all of whose data one field manager has written."""
    fields: dict[str, Any] = {"f:data": {f"f:{vip}": {} for vip in data}}
    entry = {"manager": manager, "operation": operation, "time": "2026-11-24T10:00:00Z", "fieldsV1": fields}
    found = manifest("ConfigMap", "adb-keepalived-m1", labels=NODE, data={**OWN_ADDRESS, **data})
    found["metadata"] |= {"uid": "u1", "managedFields": [entry]}
    return found


def compared(deployed: DeployedStack, *live: dict[str, Any], services: str = "ab") -> tuple[Survey, ClusterOfLists]:
    cluster = ClusterOfLists([*live, *(manifest("Service", f"{name}-vip") for name in services)])
    return compare(deployed, cluster), cluster


def summary(drift: tuple[Drift, ...]) -> list[tuple[str, str, str, Repair]]:
    return [(each.path, each.expected, each.actual, each.repair) for each in drift]


@pytest.mark.parametrize("data", [OURS, {**OURS, **THEIRS}], ids=["ours", "ours and another stack's"])
@pytest.mark.parametrize("declares_node", [True, False])
def test_declared_entries_are_no_drift(data: Mapping[str, str], declares_node: bool) -> None:
    survey, _ = compared(stack(declares_node=declares_node), config_map(data))
    assert (survey.drift, survey.leftovers, dict(survey.replacements)) == ((), (), {})
    assert survey.objects == 2


def test_a_removed_entry_is_repaired_by_up() -> None:
    survey, _ = compared(stack(), config_map({}))
    assert summary(survey.drift) == [('data["192.168.143.1"]', '"cell/a-vip"', "(none)", Repair.UP)]


@pytest.mark.parametrize(
    ("found", "services"),
    [
        (config_map({**OURS, **THEIRS}, manager="kubectl-patch", operation="Update"), "ab"),
        # As a killed `up` leaves it: the patch of a stack, for a Service that is gone.
        (config_map({**OURS, **THEIRS}), "a"),
    ],
    ids=["entered by hand", "without Service"],
)
def test_an_entry_that_no_stack_declares_is_removed_by_a_repair(found: dict[str, Any], services: str) -> None:
    survey, cluster = compared(stack(), found, services=services)
    assert summary(survey.drift) == [('data["192.168.143.2"]', "(none)", '"cell/b-vip"', Repair.HERE)]
    repair(survey, cluster)
    assert [each["data"] for each in cluster.written] == [{**OWN_ADDRESS, **OURS}]


def test_an_entry_of_our_own_tenant_on_another_node_is_removed_by_a_repair() -> None:
    survey, _ = compared(stack(patches={}), config_map(OURS))
    assert summary(survey.drift) == [('data["192.168.143.1"]', "(none)", '"cell/a-vip"', Repair.HERE)]


@pytest.mark.parametrize(
    ("declares_node", "repaired_by", "advice"),
    [
        (True, Repair.UP, ""),
        (
            False,
            Repair.BY_HAND,
            "`pulumi up --refresh` of the stack that declares the node's keepalived, then of this one",
        ),
    ],
)
def test_a_missing_config_map_is_repaired_by_the_stack_that_declares_it(
    declares_node: bool, repaired_by: Repair, advice: str
) -> None:
    survey, _ = compared(stack(declares_node=declares_node))
    assert [(each.name, each.repair, each.advice) for each in survey.drift] == [
        ("adb-keepalived-m1", repaired_by, advice)
    ]


def test_the_same_data_in_another_config_map_is_drift() -> None:
    def of_tenant(data: Mapping[str, str]) -> Found:
        found = config_map(data)
        found["metadata"] |= {"name": "a-vip-cm", "labels": {}}
        return found

    own = Declared(manifest=of_tenant(OURS), is_patch=False, uid="u1", secret_fields=frozenset())
    deployed = DeployedStack(stack="prod", context=None, objects=(own,))
    survey, _ = compared(deployed, of_tenant({**OURS, **THEIRS}))
    assert [each.path for each in survey.drift] == ['data["192.168.143.2"]']
