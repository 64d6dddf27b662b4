"""What counts as a difference, whether it is declared, and that a repair leaves none."""

from typing import Any, NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kube.comparison import Difference, differences, overlay, repaired
from kube.masking import MISSING


class Case(NamedTuple):
    declared: Any
    expected: Any
    live: Any
    differ: list[tuple[str, Any, Any, bool]]
    """Path, expected, actual, and whether it is declared."""


def named(*names: str, **fields: Any) -> list[dict[str, Any]]:
    return [{"name": name, **fields} for name in names]


SPECS = {
    "a server's default is no difference": Case({"replicas": 1}, {"replicas": 1, "a": 0}, {"replicas": 1, "a": 0}, []),
    "a declared field": Case({"replicas": 1}, {"replicas": 1}, {"replicas": 0}, [("spec.replicas", 1, 0, True)]),
    "an undeclared default": Case({}, {"a": 1}, {"a": 2}, [("spec.a", 1, 2, False)]),
    "a missing field": Case({"a": 1}, {"a": 1}, {}, [("spec.a", 1, MISSING, True)]),
    "an added field": Case({}, {}, {"a": {"b": [1]}}, [("spec.a", MISSING, {"b": [1]}, False)]),
    "a declared zero that the server omits": Case(
        {"hostNetwork": False}, {}, {"hostNetwork": True}, [("spec.hostNetwork", MISSING, True, True)]
    ),
    "a selector's key": Case(
        {"selector": {"app": "adb"}},
        {"selector": {"app": "adb"}},
        {"selector": {"app": "adb", "debug": "on"}},
        [("spec.selector.debug", MISSING, "on", False)],
    ),
    "added labels, one by one": Case(
        {},
        {"metadata": {}},
        {"metadata": {"labels": {"a": "1", "b.c/d": "2"}}},
        [
            ("spec.metadata.labels.a", MISSING, "1", False),
            ('spec.metadata.labels["b.c/d"]', MISSING, "2", False),
        ],
    ),
    "missing labels, one by one": Case(
        {"labels": {"a": "1", "b": "2"}},
        {"labels": {"a": "1", "b": "2"}},
        {},
        [("spec.labels.a", "1", MISSING, True), ("spec.labels.b", "2", MISSING, True)],
    ),
    "a variable, by name": Case(
        {"env": named("A", "B")},
        {"env": named("A", "B")},
        {"env": [{"name": "X", "value": "1"}, *named("A", "B")]},
        [("spec.env[X]", MISSING, {"name": "X", "value": "1"}, False)],
    ),
    "a field inside a named member": Case(
        {"containers": named("db", image="v1")},
        {"containers": named("db", image="v1", stdin=False)},
        {"containers": [{"name": "debug"}, *named("db", image="v2", stdin=True)]},
        [
            ("spec.containers[db].image", "v1", "v2", True),
            ("spec.containers[db].stdin", False, True, False),
            ("spec.containers[debug]", MISSING, {"name": "debug"}, False),
        ],
    ),
    "another order": Case(
        {"env": named("A", "B")},
        {"env": named("A", "B")},
        {"env": named("B", "A", "C")},
        [("spec.env[C]", MISSING, {"name": "C"}, False), ("spec.env", ["A", "B"], ["B", "A"], True)],
    ),
    "a volume mounted twice, by path": Case(
        {"volumeMounts": [{"name": "data", "mountPath": "/data"}]},
        {"volumeMounts": [{"name": "data", "mountPath": "/data"}]},
        {"volumeMounts": [{"name": "data", "mountPath": "/x"}, {"name": "data", "mountPath": "/data"}]},
        [("spec.volumeMounts[/x]", MISSING, {"name": "data", "mountPath": "/x"}, False)],
    ),
    "arguments, by position": Case(
        {"args": ["--vrid=144"]}, {"args": ["--vrid=144"]}, {"args": ["--vrid=1"]},
        [("spec.args[0]", "--vrid=144", "--vrid=1", True)],
    ),
    "an inserted argument": Case(
        {"args": ["a", "b"]}, {"args": ["a", "b"]}, {"args": ["x", "a", "y", "b"]},
        [("spec.args[0]", MISSING, "x", False), ("spec.args[2]", MISSING, "y", False)],
    ),
    "a rule without a name": Case(
        {"rules": [{"verbs": ["get"]}]}, {"rules": [{"verbs": ["get"]}]}, {"rules": [{"verbs": ["get", "list"]}]},
        [("spec.rules[0].verbs[1]", MISSING, "list", False)],
    ),
    "a missing member": Case(
        {"args": ["a", "b"]}, {"args": ["a", "b"]}, {"args": ["a"]}, [("spec.args[1]", "b", MISSING, True)]
    ),
    "one kind of volume for another": Case(
        {"volumes": named("data", hostPath={"path": "/data"})},
        {"volumes": named("data", hostPath={"path": "/data", "type": ""})},
        {"volumes": named("data", emptyDir={})},
        [
            ("spec.volumes[data].hostPath.path", "/data", MISSING, True),
            ("spec.volumes[data].hostPath.type", "", MISSING, False),
            ("spec.volumes[data].emptyDir", MISSING, {}, False),
        ],
    ),
}  # fmt: skip


def facts(found: list[Difference]) -> list[tuple[str, Any, Any, bool]]:
    return [(each.path, each.expected, each.actual, each.declared) for each in found]


@pytest.mark.parametrize("case", SPECS.values(), ids=SPECS.keys())
def test_each_difference_is_reported_once_declared_or_not(case: Case) -> None:
    declared, expected, live = ({"kind": "Anything", "spec": spec} for spec in case[:3])
    assert facts(differences(declared, expected, live)) == case.differ


def test_fields_of_the_cluster_and_of_other_tools_do_not_differ() -> None:
    declared = {"kind": "ServiceAccount", "metadata": {"name": "a", "annotations": {"ours": "1"}}}
    expected = {**declared, "metadata": {**declared["metadata"], "resourceVersion": "1"}}  # type: ignore[dict-item]
    live = {
        **declared,
        "metadata": {
            "name": "a",
            "uid": "1",
            "resourceVersion": "2",
            "generation": 3,
            "managedFields": [],
            "finalizers": ["theirs"],
            "ownerReferences": [],
            "annotations": {"ours": "2", "theirs": "1"},
            "labels": {"theirs": "1"},
        },
        "secrets": [{"name": "token"}],
        "status": {"ready": True},
    }
    assert facts(differences(declared, expected, live)) == [
        ("metadata.labels.theirs", MISSING, "1", False),
        ("metadata.annotations.ours", "1", "2", True),
    ]


def test_of_a_patch_only_declared_fields_are_compared() -> None:
    declared = {"kind": "Node", "metadata": {"name": "m1", "labels": {"tenancy-a": "master", "tenancy-b": "standby"}}}
    live = {"kind": "Node", "metadata": {"name": "m1", "labels": {"os": "linux", "tenancy-b": "master"}}, "spec": {}}
    expected: Any = overlay(live, declared)
    assert facts(differences(declared, expected, live)) == [
        ("metadata.labels.tenancy-b", "standby", "master", True),
        ("metadata.labels.tenancy-a", "master", MISSING, True),
    ]


NAMES = st.sampled_from(["a", "b", "c"])
VALUES = st.recursive(
    st.integers(0, 3) | st.sampled_from(["x", "y"]),
    lambda inner: (
        st.dictionaries(NAMES, inner, min_size=1)
        | st.lists(inner, min_size=1, max_size=4)
        | st.lists(
            st.builds(lambda name, value: {"name": name, "value": value}, NAMES, inner),
            min_size=1,
            unique_by=lambda member: member["name"],
        )
    ),
    max_leaves=12,
)


@given(VALUES, VALUES, VALUES)
@example(0, [0, 0, 0, 1], [0])
def test_a_repaired_object_does_not_differ(declared: Any, expected: Any, live: Any) -> None:
    declared, expected, live = ({"spec": spec} for spec in (declared, expected, live))
    found = [each for each in differences(declared, expected, live) if not _is_order(each)]
    left = [each for each in differences(declared, expected, repaired(live, found)) if not _is_order(each)]
    # The API server omits empty labels.
    assert [each for each in left if each.actual != {}] == []


def _is_order(difference: Difference) -> bool:
    """Whether only the order of list members differs, which Pulumi repairs."""
    return isinstance(difference.expected, list) and isinstance(difference.actual, list)


@given(VALUES, VALUES)
def test_a_repair_does_not_modify_its_input(expected: Any, live: Any) -> None:
    manifest = {"spec": live}
    before = repr(manifest)
    repaired(manifest, [each for each in differences({}, {"spec": expected}, manifest) if not each.declared])
    assert repr(manifest) == before
