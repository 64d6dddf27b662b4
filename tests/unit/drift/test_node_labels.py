"""A tenant's label on a node of another tenant, unless another fleet has a tenant of that name."""

from collections.abc import Sequence
from typing import Any

import pytest

from drift.deployed import Declared
from drift.node_labels import foreign_labels
from kube.manifest import at, text


def node(name: str, **labels: str) -> dict[str, Any]:
    return {"kind": "Node", "metadata": {"name": name, "labels": labels}}


def declared(manifest: dict[str, Any], *, is_patch: bool) -> Declared:
    return Declared(manifest=manifest, is_patch=is_patch, uid="", secret_fields=frozenset())


FLEET = (
    declared(node("m1", **{"tenancy-a": "master"}), is_patch=True),
    declared(node("m2", **{"tenancy-a": "standby", "tenancy-b": "master"}), is_patch=True),
    declared({"kind": "StatefulSet", "metadata": {"name": "a-master", "namespace": "cell"}}, is_patch=False),
)


def stateful_set(namespace: str, host: str = "") -> dict[str, Any]:
    pod: dict[str, Any] = {"nodeSelector": {"tenancy-a": "master"}}
    if host:
        term = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [host]}]}
        required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}
        pod["affinity"] = {"nodeAffinity": required}
    return {"metadata": {"name": "a-master", "namespace": namespace}, "spec": {"template": {"spec": pod}}}


def found(nodes: Sequence[dict[str, Any]], elsewhere: Sequence[dict[str, Any]]) -> set[tuple[str, str]]:
    return {
        (text(at(each, "metadata", "name")), label) for each, label in foreign_labels(FLEET, nodes, lambda: elsewhere)
    }


OWN = (
    node("m1", **{"tenancy-a": "master", "os": "linux"}),
    node("m2", **{"tenancy-a": "standby", "tenancy-b": "master"}),
    node("m3", **{"tenancy-of-another-fleet": "master"}),
)
STRAY = node("m3", **{"tenancy-a": "master", "tenancy-b": "standby"})


def test_declared_labels_and_those_of_other_tenants_are_not_foreign() -> None:
    def never() -> Sequence[dict[str, Any]]:
        raise AssertionError("not needed")

    assert list(foreign_labels(FLEET, OWN, never)) == []


@pytest.mark.parametrize(
    ("elsewhere", "foreign"),
    [
        pytest.param([], {"tenancy-a", "tenancy-b"}, id="no other fleet"),
        pytest.param([stateful_set("other")], {"tenancy-b"}, id="another fleet, not pinned"),
        pytest.param([stateful_set("other", "m3")], {"tenancy-b"}, id="another fleet, pinned to this node"),
        pytest.param([stateful_set("other", "m9")], {"tenancy-a", "tenancy-b"}, id="another fleet, pinned elsewhere"),
        pytest.param([stateful_set("cell")], {"tenancy-a", "tenancy-b"}, id="the same namespace"),
    ],
)
def test_a_tenants_label_elsewhere_is_foreign_unless_another_fleet_uses_it(
    elsewhere: list[dict[str, Any]], foreign: set[str]
) -> None:
    assert found([*OWN, STRAY], elsewhere) == {("m3", label) for label in foreign}
