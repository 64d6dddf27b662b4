"""Every field of a live object is changed, one at a time: adoption refuses or reports each difference."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from components.adoption.fields import Decision, Existing
from components.adoption.judgement import judge
from kube.comparison import overlay
from kube.dry_run import Rejection
from kube.manifest import Key, Manifest, mapping
from tests.support.adoption import DECLARED, TENANT, adopting, judgements
from tests.support.program import ROOT

Json = dict[str, Any]
Path = tuple[str | int, ...]

LIVE = ROOT / "tests" / "data" / "seed" / "live"
REFUSED = {Decision.IMMUTABLE, Decision.FIX_ENTRY, Decision.FIX_BY_HAND, Decision.FIX_FIRST}
REACHED_BY_CLIENTS = ("service-tenant3-vip", "configmap-tenant3-vip-cm")
JUDGED_BY_NODE = (("spec", "template", "spec", "nodeSelector"), ("spec", "template", "spec", "affinity"))
NOT_COMPARED = ("apiVersion", "kind", "metadata", "status")
"""They identify the object, or the API server manages them."""


def of_seed(name: str) -> tuple[Json, Manifest]:
    """A live object of the seed, and the declared one."""
    live: Json = yaml.safe_load((LIVE / f"{name}.yaml").read_text())
    return live, DECLARED[live["kind"], "default", live["metadata"]["name"]]


def paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """The path of every value in an object, maps and lists included."""
    if path:
        yield path
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in members:
        yield from paths(child, (*path, key))


def changed(live: Manifest, path: Path) -> Json:
    """The object with one value changed: a string or number replaced, a map or list extended."""
    found: Any = copy.deepcopy(live)
    parent = found
    for step in path[:-1]:
        parent = parent[step]
    match parent[path[-1]]:
        case dict() as inner:
            inner["somethingElse"] = "x"
        case list() as inner:
            inner.append({"name": "another", "mountPath": "/another", "port": 1} if isinstance(inner[0], dict) else "x")
        case bool() as value:
            parent[path[-1]] = not value
        case int() as value:
            parent[path[-1]] = value + 1
        case value:
            parent[path[-1]] = f"{value}-x"
    return dict(found)


def fields(live: Manifest) -> list[Path]:
    return [path for path in paths(dict(live)) if path[0] not in NOT_COMPARED]


@pytest.mark.parametrize(
    "name", ["service-tenant3-vip", "configmap-tenant3-vip-cm", "replicationcontroller-tenant3-vip"]
)
def test_objects_of_the_seed_are_adopted(name: str) -> None:
    live, manifest = of_seed(name)
    outcome = mapping(overlay(live, manifest))
    assert {each.decision for each in judgements(live, manifest, outcome)} <= {Decision.REPORT}


@pytest.mark.parametrize("name", REACHED_BY_CLIENTS)
def test_any_change_of_the_way_to_a_database_is_refused(name: str) -> None:
    live, manifest = of_seed(name)
    outcome = mapping(overlay(live, manifest))
    assert [
        path
        for path in fields(live)
        # The API server's outcome contains the address that it has allotted.
        if path != ("spec", "clusterIP")
        and not REFUSED & {each.decision for each in judgements(changed(live, path), manifest, outcome)}
    ] == []


@pytest.mark.parametrize(
    "key", [key for key in DECLARED if key[0] in ("StatefulSet", "ReplicationController")], ids=str
)
def test_any_change_of_a_workload_is_refused_or_reported(key: Key) -> None:
    manifest = DECLARED[key]
    assert judgements(manifest, manifest, manifest) == []
    unnoticed = [path for path in fields(manifest) if not judgements(changed(manifest, path), manifest, manifest)]
    # A volume that is not mounted is no difference.
    assert [path for path in unnoticed if path[:4] not in JUDGED_BY_NODE and path[3:] != ("volumes",)] == []


@pytest.mark.parametrize("key", list(DECLARED), ids=str)
def test_an_unknown_field_is_refused(key: Key) -> None:
    manifest = DECLARED[key]
    part = "data" if key[0] == "ConfigMap" else "spec"
    live = {**manifest, part: {**mapping(manifest[part]), "unheardOf": {"a": 1}}, "newField": True}
    assert {each.decision for each in judgements(live, manifest, manifest)} == (
        {Decision.FIX_ENTRY, Decision.FIX_BY_HAND} if part == "data" else {Decision.FIX_BY_HAND}
    )


STATEFUL_SET = DECLARED["StatefulSet", "default", "tenant3-master"]


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({"deletionTimestamp": "2026-11-25T09:00:00Z"}, "it is being deleted: wait until it is gone, then retry"),
        (
            {"ownerReferences": [{"kind": "Adb", "name": "tenant3"}]},
            "it is owned by Adb tenant3, which may revert or delete it: remove the ownerReference first",
        ),
        (
            {"labels": {"argocd.argoproj.io/instance": "adb"}},
            "is also managed by the Argo CD application adb, which may revert or delete it: remove it there",
        ),
    ],
    ids=str,
)
def test_other_managers_of_an_object_are_named(metadata: Json, expected: str) -> None:
    live = {**STATEFUL_SET, "metadata": {**mapping(STATEFUL_SET["metadata"]), **metadata}}
    decision = Decision.REPORT if "labels" in metadata else Decision.FIX_FIRST
    assert [(each.decision, each.words) for each in judgements(live, STATEFUL_SET, STATEFUL_SET)] == [
        (decision, expected)
    ]


def test_the_data_of_the_pod_counts_rather_than_its_template() -> None:
    pod = copy.deepcopy(mapping(mapping(STATEFUL_SET["spec"])["template"]))
    volumes: Any = mapping(pod["spec"])["volumes"]
    volumes[0]["hostPath"]["path"] = "/data9/x"
    existing = Existing(live=STATEFUL_SET, declared=STATEFUL_SET, applied=STATEFUL_SET, replaced=STATEFUL_SET, pod=pod)
    assert [each.words for each in judge(TENANT, existing)] == [
        "its pod has its data in /data9/x, but the entry has dataPath: /data0/tenant3/data"
    ]


def test_a_pending_rolling_update_is_refused() -> None:
    tenant, manifests = adopting(updateStrategy="RollingUpdate")
    rolling = manifests["StatefulSet", "default", "tenant3-master"]
    live = {**rolling, "status": {"updateRevision": "new"}}
    pod = {**mapping(mapping(rolling["spec"])["template"]), "metadata": {"labels": {"controller-revision-hash": "old"}}}
    existing = Existing(live=live, declared=rolling, applied=rolling, replaced=rolling, pod=pod)
    (judgement,) = judge(tenant, existing)
    assert judgement.decision is Decision.FIX_FIRST
    assert judgement.words == (
        "its pod runs an older template, and updateStrategy: RollingUpdate would restart its database immediately; set "
        "`updateStrategy: OnDelete` in the entry"
    )


def test_a_rejection_that_nothing_else_explains_is_quoted() -> None:
    (judgement,) = judgements(STATEFUL_SET, STATEFUL_SET, Rejection(message="* spec.x: Forbidden: may not"))
    assert judgement.decision is Decision.FIX_FIRST
    assert judgement.words == (
        "the API server rejects the declared object (* spec.x: Forbidden: may not): change the entry or the live "
        "object accordingly"
    )


POLICY = adopting(networkPolicy={"allowFrom": ["10.0.0.0/8"]})[1]["NetworkPolicy", "default", "tenant3-policy"]


def block(cidr: str, **more: Any) -> Json:
    return {"ipBlock": {"cidr": cidr, **more}}


@pytest.mark.parametrize(
    ("blocks", "allowed"),
    [
        ([], "no network"),
        ([block("10.0.0.0/16")], "10.0.0.0/16"),
        ([block("10.0.0.0/8"), block("10.1.1.1/32")], "10.0.0.0/8, 10.1.1.1/32"),
    ],
    ids=str,
)
def test_other_networks_of_a_policy_are_fixed_in_the_entry(blocks: list[Json], allowed: str) -> None:
    live: Any = copy.deepcopy(POLICY)
    live["spec"]["ingress"][0]["from"][2:] = blocks
    assert [(each.decision, each.words) for each in judgements(live, POLICY, POLICY)] == [
        (
            Decision.FIX_ENTRY,
            f"it allows {allowed}, but networkPolicy.allowFrom of the entry and cluster.nodeAddresses allow 10.0.0.0/8",
        )
    ]


def test_the_order_of_a_policys_peers_has_no_meaning() -> None:
    live: Any = copy.deepcopy(POLICY)
    live["spec"]["ingress"][0]["from"].insert(0, live["spec"]["ingress"][0]["from"].pop())
    assert judgements(live, POLICY, POLICY) == []


@pytest.mark.parametrize(
    "peers", [[], [{"namespaceSelector": {}}], [block("10.0.0.0/8", **{"except": ["10.1.0.0/16"]})]]
)
def test_other_peers_of_a_policy_are_fixed_by_hand(peers: list[Json]) -> None:
    live: Any = copy.deepcopy(POLICY)
    live["spec"]["ingress"][0]["from"] = peers
    assert {each.decision for each in judgements(live, POLICY, POLICY)} == {Decision.FIX_BY_HAND}


@pytest.mark.parametrize(("rule", "port"), [(0, 5433), (1, 23)])
def test_other_ports_of_a_policy_are_fixed_by_hand(rule: int, port: int) -> None:
    live: Any = copy.deepcopy(POLICY)
    live["spec"]["ingress"][rule]["ports"][0]["port"] = port
    assert {each.decision for each in judgements(live, POLICY, POLICY)} == {Decision.FIX_BY_HAND}
