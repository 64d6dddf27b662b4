"""What counts as a difference, whether the declaration speaks of it, and that putting it right leaves none."""

from typing import Any, NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kube.comparison import Difference, differences, laid_over, put_right
from kube.masking import MISSING


class Case(NamedTuple):
    declared: Any
    clean: Any
    live: Any
    differ: list[tuple[str, Any, Any, bool]]
    """Path, what should be, what is, and whether it is declared."""


def named(*names: str, **fields: Any) -> list[dict[str, Any]]:
    return [{"name": name, **fields} for name in names]


SPECS = {
    "a server's default is no difference": Case({"replicas": 1}, {"replicas": 1, "a": 0}, {"replicas": 1, "a": 0}, []),
    "a declared field": Case({"replicas": 1}, {"replicas": 1}, {"replicas": 0}, [("spec.replicas", 1, 0, True)]),
    "a default that nobody declares": Case({}, {"a": 1}, {"a": 2}, [("spec.a", 1, 2, False)]),
    "a field that is gone": Case({"a": 1}, {"a": 1}, {}, [("spec.a", 1, MISSING, True)]),
    "a field that is too much": Case({}, {}, {"a": {"b": [1]}}, [("spec.a", MISSING, {"b": [1]}, False)]),
    "a declared zero that the server leaves out": Case(
        {"hostNetwork": False}, {}, {"hostNetwork": True}, [("spec.hostNetwork", MISSING, True, True)]
    ),
    "a selector's key": Case(
        {"selector": {"app": "adb"}},
        {"selector": {"app": "adb"}},
        {"selector": {"app": "adb", "debug": "on"}},
        [("spec.selector.debug", MISSING, "on", False)],
    ),
    "labels where there are none, one by one": Case(
        {},
        {"metadata": {}},
        {"metadata": {"labels": {"a": "1", "b.c/d": "2"}}},
        [
            ("spec.metadata.labels.a", MISSING, "1", False),
            ('spec.metadata.labels["b.c/d"]', MISSING, "2", False),
        ],
    ),
    "labels that are all gone, one by one": Case(
        {"labels": {"a": "1", "b": "2"}},
        {"labels": {"a": "1", "b": "2"}},
        {},
        [("spec.labels.a", "1", MISSING, True), ("spec.labels.b", "2", MISSING, True)],
    ),
    "a variable, by its name wherever it stands": Case(
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
    "one volume mounted twice, told apart by its paths": Case(
        {"volumeMounts": [{"name": "data", "mountPath": "/data"}]},
        {"volumeMounts": [{"name": "data", "mountPath": "/data"}]},
        {"volumeMounts": [{"name": "data", "mountPath": "/x"}, {"name": "data", "mountPath": "/data"}]},
        [("spec.volumeMounts[/x]", MISSING, {"name": "data", "mountPath": "/x"}, False)],
    ),
    "arguments, by position": Case(
        {"args": ["--vrid=144"]}, {"args": ["--vrid=144"]}, {"args": ["--vrid=1"]},
        [("spec.args[0]", "--vrid=144", "--vrid=1", True)],
    ),
    "an argument that is put in between": Case(
        {"args": ["a", "b"]}, {"args": ["a", "b"]}, {"args": ["x", "a", "y", "b"]},
        [("spec.args[0]", MISSING, "x", False), ("spec.args[2]", MISSING, "y", False)],
    ),
    "a rule among rules without a name": Case(
        {"rules": [{"verbs": ["get"]}]}, {"rules": [{"verbs": ["get"]}]}, {"rules": [{"verbs": ["get", "list"]}]},
        [("spec.rules[0].verbs[1]", MISSING, "list", False)],
    ),
    "a member that is gone": Case(
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


def said(found: list[Difference]) -> list[tuple[str, Any, Any, bool]]:
    return [(each.path, each.expected, each.actual, each.declared) for each in found]


@pytest.mark.parametrize("case", SPECS.values(), ids=SPECS.keys())
def test_each_difference_is_told_once_with_whether_it_is_declared(case: Case) -> None:
    declared, clean, live = ({"kind": "Anything", "spec": spec} for spec in case[:3])
    assert said(differences(declared, clean, live)) == case.differ


def test_what_is_the_clusters_own_or_other_tools_to_write_is_no_difference() -> None:
    declared = {"kind": "ServiceAccount", "metadata": {"name": "a", "annotations": {"ours": "1"}}}
    clean = {**declared, "metadata": {**declared["metadata"], "resourceVersion": "1"}}  # type: ignore[dict-item]
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
    assert said(differences(declared, clean, live)) == [
        ("metadata.labels.theirs", MISSING, "1", False),
        ("metadata.annotations.ours", "1", "2", True),
    ]


def test_of_what_is_declared_in_part_only_that_part_is_compared() -> None:
    declared = {"kind": "Node", "metadata": {"name": "m1", "labels": {"tenancy-a": "master", "tenancy-b": "standby"}}}
    live = {"kind": "Node", "metadata": {"name": "m1", "labels": {"os": "linux", "tenancy-b": "master"}}, "spec": {}}
    clean: Any = laid_over(live, declared)
    assert said(differences(declared, clean, live)) == [
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
def test_what_is_put_right_does_not_differ_any_more(declared: Any, clean: Any, live: Any) -> None:
    declared, clean, live = ({"spec": spec} for spec in (declared, clean, live))
    found = [each for each in differences(declared, clean, live) if not _is_order(each)]
    left = [each for each in differences(declared, clean, put_right(live, found)) if not _is_order(each)]
    # Labels of which none is left: the API server leaves them out.
    assert [each for each in left if each.actual != {}] == []


def _is_order(difference: Difference) -> bool:
    """Whether only the order of a list's members differs: the engine's to put right, never done here."""
    return isinstance(difference.expected, list) and isinstance(difference.actual, list)


@given(VALUES, VALUES)
def test_putting_right_leaves_the_object_that_was_read_as_it_is(clean: Any, live: Any) -> None:
    manifest = {"spec": live}
    before = repr(manifest)
    put_right(manifest, [each for each in differences({}, {"spec": clean}, manifest) if not each.declared])
    assert repr(manifest) == before
