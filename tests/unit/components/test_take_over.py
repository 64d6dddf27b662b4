"""No difference passes unsaid: every field of what is live is changed, one at a time, and judged."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any
from unittest import mock

import pytest
import yaml

from components.adoption.take_over import Found, Judged, Takeover, judged
from components.live.cluster import LiveCluster
from components.live.nodes import LiveNodes
from components.live.stack_home import StackHome
from components.objects import declared
from kube.comparison import overlay
from kube.dry_run import Rejection
from kube.manifest import Key, Manifest, mapping
from tenants import load
from tenants.fleet import TenantSpec
from tests.support.program import ROOT
from tests.unit.components.test_registered import config_with

Json = dict[str, Any]
Way = tuple[str | int, ...]

LIVE = ROOT / "tests" / "data" / "seed" / "live"
REFUSED = {Takeover.FIXED, Takeover.ENTRY, Takeover.BY_HAND}
CLIENTS_REACH = ("service-tenant3-vip", "configmap-tenant3-vip-cm")
JUDGED_AS_THE_HOST = (("spec", "template", "spec", "nodeSelector"), ("spec", "template", "spec", "affinity"))
KEPT_FOR_ITSELF = ("apiVersion", "kind", "metadata", "status")
"""By the API server, or what tells one object from another."""


def tenant3(**changes: Any) -> tuple[TenantSpec, Mapping[Key, Manifest]]:
    """The tenant, and what is declared of it."""
    fleet = load(config_with(adopt=True, **changes))
    (tenant,) = fleet.tenants
    live = mock.create_autospec(LiveCluster, instance=True)
    live.objects.return_value = {}
    live.nodes.return_value = {name: {"metadata": {"name": name}} for name in fleet.node_names}
    home = StackHome(stack="adb-tenants/dev", namespace="default", uid="u1", identifier="any")
    return tenant, declared.manifests(
        tenant, home=home, hosts=LiveNodes(fleet, live), platform=fleet.platform, keepalived_account="adb-keepalived"
    )


TENANT, DECLARED = tenant3()


def of_seed(name: str) -> tuple[Json, Manifest]:
    """A live object of the seed, and what is declared of it."""
    live: Json = yaml.safe_load((LIVE / f"{name}.yaml").read_text())
    return live, DECLARED[live["kind"], "default", live["metadata"]["name"]]


def said_of(
    live: Manifest, manifest: Manifest, clean: Manifest | Rejection, tenant: TenantSpec = TENANT
) -> list[Judged]:
    return judged(tenant, Found(live=live, declared=manifest, taken=clean, clean=clean))


def ways(value: Any, way: Way = ()) -> Iterator[Way]:
    """To every value in an object: maps and lists too."""
    if way:
        yield way
    for key, child in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from ways(child, (*way, key))


def changed(live: Manifest, way: Way) -> Json:
    """The object with one value changed: a text or number to another, a map or list to one that holds more."""
    found: Any = copy.deepcopy(live)
    parent = found
    for step in way[:-1]:
        parent = parent[step]
    match parent[way[-1]]:
        case dict() as inner:
            inner["somethingElse"] = "x"
        case list() as inner:
            inner.append({"name": "another", "mountPath": "/another", "port": 1} if isinstance(inner[0], dict) else "x")
        case bool() as value:
            parent[way[-1]] = not value
        case int() as value:
            parent[way[-1]] = value + 1
        case value:
            parent[way[-1]] = f"{value}-x"
    return dict(found)


def fields(live: Manifest) -> list[Way]:
    return [way for way in ways(dict(live)) if way[0] not in KEPT_FOR_ITSELF]


@pytest.mark.parametrize(
    "name", ["service-tenant3-vip", "configmap-tenant3-vip-cm", "replicationcontroller-tenant3-vip"]
)
def test_what_the_seed_left_is_adopted(name: str) -> None:
    live, manifest = of_seed(name)
    clean = mapping(overlay(live, manifest))
    assert {each.verdict for each in said_of(live, manifest, clean)} <= {Takeover.NAMED}


@pytest.mark.parametrize("name", CLIENTS_REACH)
def test_every_change_of_what_clients_reach_is_refused(name: str) -> None:
    live, manifest = of_seed(name)
    clean = mapping(overlay(live, manifest))
    assert [
        way
        for way in fields(live)
        # An address that the API server has allotted is in what it makes of the declaration.
        if way != ("spec", "clusterIP")
        and not REFUSED & {each.verdict for each in said_of(changed(live, way), manifest, clean)}
    ] == []


@pytest.mark.parametrize(
    "key", [key for key in DECLARED if key[0] in ("StatefulSet", "ReplicationController")], ids=str
)
def test_no_change_of_what_runs_a_pod_passes_unsaid(key: Key) -> None:
    manifest = DECLARED[key]
    assert said_of(manifest, manifest, manifest) == []
    silent = [way for way in fields(manifest) if not said_of(changed(manifest, way), manifest, manifest)]
    assert [way for way in silent if way[:4] not in JUDGED_AS_THE_HOST and not is_unseen(way)] == []


def is_unseen(way: Way) -> bool:
    """Whether the change is a volume that nothing mounts."""
    return way[3:] == ("volumes",)


@pytest.mark.parametrize("key", list(DECLARED), ids=str)
def test_a_field_that_nobody_has_heard_of_is_never_passed_over(key: Key) -> None:
    manifest = DECLARED[key]
    part = "data" if key[0] == "ConfigMap" else "spec"
    live = {**manifest, part: {**mapping(manifest[part]), "unheardOf": {"a": 1}}, "newField": True}
    assert {each.verdict for each in said_of(live, manifest, manifest)} == (
        {Takeover.ENTRY, Takeover.BY_HAND} if part == "data" else {Takeover.BY_HAND}
    )


STATEFUL_SET = DECLARED["StatefulSet", "default", "tenant3-master"]


def with_metadata(**metadata: Any) -> Manifest:
    return {**STATEFUL_SET, "metadata": {**mapping(STATEFUL_SET["metadata"]), **metadata}}


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({"deletionTimestamp": "2026-11-25T09:00:00Z"}, (Takeover.BY_HAND, "it is being deleted")),
        (
            {"ownerReferences": [{"kind": "Adb", "name": "tenant3"}]},
            (Takeover.BY_HAND, "it belongs to Adb tenant3, which would put it back, or take it along"),
        ),
        (
            {"labels": {"argocd.argoproj.io/instance": "adb"}},
            (
                Takeover.NAMED,
                "is also kept by the Argo CD application adb, which may put it back or delete it: take it out there",
            ),
        ),
    ],
    ids=str,
)
def test_what_others_keep_is_told(metadata: Json, said: tuple[Takeover, str]) -> None:
    live = with_metadata(**metadata)
    assert [(each.verdict, each.words) for each in said_of(live, STATEFUL_SET, STATEFUL_SET)] == [said]


def test_data_is_where_the_pod_has_it_whatever_its_template_says() -> None:
    pod = copy.deepcopy(mapping(mapping(STATEFUL_SET["spec"])["template"]))
    volumes: Any = mapping(pod["spec"])["volumes"]
    volumes[0]["hostPath"]["path"] = "/data9/x"
    found = Found(live=STATEFUL_SET, declared=STATEFUL_SET, taken=STATEFUL_SET, clean=STATEFUL_SET, pod=pod)
    assert [each.words for each in judged(TENANT, found)] == [
        "its pod has its data in /data9/x, and the entry says dataPath: /data0/tenant3/data"
    ]


def test_a_rolling_update_that_is_due_would_come_with_the_take_over() -> None:
    tenant, manifests = tenant3(updateStrategy="RollingUpdate")
    rolling = manifests["StatefulSet", "default", "tenant3-master"]
    live = {**rolling, "status": {"updateRevision": "new"}}
    pod = {**mapping(mapping(rolling["spec"])["template"]), "metadata": {"labels": {"controller-revision-hash": "old"}}}
    found = Found(live=live, declared=rolling, taken=rolling, clean=rolling, pod=pod)
    assert [each.words for each in judged(tenant, found)] == [
        "its pod runs an older template, and updateStrategy: RollingUpdate would restart its database at once"
    ]


def test_what_the_api_server_refuses_is_said_in_its_words_where_there_are_none_of_ours() -> None:
    refusal = Rejection(message="* spec.x: Forbidden: may not")
    (said,) = said_of(STATEFUL_SET, STATEFUL_SET, refusal)
    assert (said.verdict, said.words) == (
        Takeover.FIXED,
        "the API server refuses what is declared (* spec.x: Forbidden: may not)",
    )
