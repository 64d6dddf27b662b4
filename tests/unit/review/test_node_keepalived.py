"""Tenants whose VIPs are entries of their nodes' keepalived: what clients notice of each change, and which clients.

Made from a recorded preview of a fleet with keepalived per node: tenant3 and tenant5 are served by m1, tenant4 by m3.
"""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from review.danger import Danger
from review.machine import document
from review.markdown import comment
from review.verdict import Review
from tests.support.previews import COMPONENTS, Step, findings, judged, recorded, step_of

VIP, BACKEND = "192.168.143.144", "adb-cell/tenant3-vip"
ENTRY = f"{COMPONENTS}Tenant$adb:tenants:VirtualIp$kubernetes:core/v1:ConfigMapPatch::tenant3-vip"
OWN = f"{COMPONENTS}Tenant$adb:tenants:VirtualIp$kubernetes:core/v1:ReplicationController::tenant3-vip"
OWN_CONFIG = f"{COMPONENTS}Tenant$adb:tenants:VirtualIp$kubernetes:core/v1:ConfigMap::tenant3-vip-cm"
DATABASES = f"{COMPONENTS}Tenant$adb:tenants:ControlNode$kubernetes:apps/v1:StatefulSet::tenant3-"


def of_node(kind: str, node: str) -> str:
    return f"{COMPONENTS}NodeKeepalived$kubernetes:core/v1:{kind}::adb-keepalived-{node}.adb-cell"


def entry(node: str = "m1", vip: str = VIP, backend: str = BACKEND) -> dict[str, Any]:
    return {"kind": "ConfigMap", "metadata": {"name": f"adb-keepalived-{node}.adb-cell"}, "data": {vip: backend}}


def config_map(**labels: str) -> dict[str, Any]:
    return {"kind": "ConfigMap", "metadata": {"labels": labels}, "data": {VIP: BACKEND}}


def controller(
    node: str = "m1", *, replicas: int = 1, vrid: int = 201, labels: dict[str, str] | None = None
) -> dict[str, Any]:
    pod = {
        "nodeName": f"{node}.adb-cell",
        "containers": [{"name": "keepalived", "image": "kube-keepalived-vip:0.9", "args": [f"--vrid={vrid}"]}],
    }
    spec = {"replicas": replicas, "template": {"spec": pod}}
    return {"kind": "ReplicationController", "metadata": {"labels": labels or {}}, "spec": spec}


def database(*, state: str = "running") -> dict[str, Any]:
    metadata = {"annotations": {"adb-tenants/state": state}}
    return {"kind": "StatefulSet", "metadata": metadata, "spec": {"replicas": 1 if state == "running" else 0}}


def step(operation: str, urn: str, before: object = None, after: object = None) -> Step:
    states = {"oldState": before, "newState": after}
    return {
        "op": operation,
        "urn": urn,
        **{key: {"custom": True, "inputs": inputs} for key, inputs in states.items() if inputs is not None},
    }


def review_of(steps: Sequence[Step], *, own: bool = False, state: str = "running", known: bool = True) -> Review:
    """Review these steps in the recorded fleet.

    Args:
        steps: What changes.
        own: Whether tenant3 had a keepalived of its own.
        state: That tenant3 had.
        known: Whether the stack's outputs have tenant3.
    """
    digest = recorded("node-keepalived-image-change")
    stack = step_of(digest["steps"], "Stack", "adb-tenants-dev")
    tenants = stack["oldState"]["outputs"]["tenants"]
    tenants["tenant3"]["state"] = state
    if own:
        del tenants["tenant3"]["keepalived"]
    if not known:
        del tenants["tenant3"]
    return judged({**digest, "steps": [stack, *steps]})


def lines(of: Review) -> list[str]:
    """Return each finding with its danger and id."""
    return [f"{each.danger.word} {each.rule.id} {each.text()}" for each in findings(of)]


MOVED = step("replace", ENTRY, entry("m1"), entry("m2"))
TO_NODE = (
    step("delete", OWN, controller()),
    step("delete", OWN_CONFIG, config_map()),
    step("create", ENTRY, None, entry("m1")),
)
TO_TENANT = (
    step("create", OWN, None, controller()),
    step("create", OWN_CONFIG, None, config_map()),
    step("delete", ENTRY, entry("m1")),
)
OLD, NEW = "192.168.143.144", "192.168.143.150"

ENTRIES: dict[str, tuple[Sequence[Step], list[str]]] = {
    "moves": ((MOVED,), ["traffic R226 VIP moves from m1.adb-cell to m2.adb-cell, no pod starts"]),
    "new address": (
        (step("update", ENTRY, entry(), entry(vip=NEW)),),
        [f"traffic R221 VIP {OLD} → {NEW}: clients of the old address are cut off"],
    ),
    "moves with a new address": (
        (step("replace", ENTRY, entry("m1"), entry("m2", vip=NEW)),),
        [
            "traffic R226 VIP moves from m1.adb-cell to m2.adb-cell, no pod starts",
            f"traffic R221 VIP {OLD} → {NEW}: clients of the old address are cut off",
        ],
    ),
    "new backend": (
        (step("update", ENTRY, entry(), entry(backend="adb-cell/other-vip")),),
        ["traffic R222 the VIP's backend changes in keepalived's ConfigMap"],
    ),
    "created": ((step("create", ENTRY, None, entry()),), ["none R227 VIP is entered on m1.adb-cell, no pod starts"]),
    "replaced": (
        (step("replace", ENTRY, entry(), entry()),),
        ["traffic R228 the VIP's entry on m1.adb-cell is replaced: the VIP is not announced until keepalived reads it"],
    ),
    "deleted": (
        (step("delete", ENTRY, entry()),),
        ["traffic R229 the VIP's entry on m1.adb-cell is removed: the VIP is no longer announced"],
    ),
    "changed, not shown how": (
        (step("update", ENTRY, entry(), entry()),),
        ["traffic R906 ConfigMapPatch tenant3-vip changes, but the preview does not show how, rated traffic"],
    ),
    "unknown operation": (
        (step("operation-of-tomorrow", ENTRY, entry(), entry()),),
        ["traffic R904 unrecognised operation on ConfigMapPatch tenant3-vip, rated traffic"],
    ),
}


@pytest.mark.parametrize(("steps", "expected"), ENTRIES.values(), ids=ENTRIES)
def test_a_change_of_an_entry_is_rated_by_what_clients_notice(steps: Sequence[Step], expected: list[str]) -> None:
    removed = len(steps) == 1 and steps[0]["op"] == "delete"
    # With another object, lest the tenant as a whole is removed.
    others = [step("update", OWN_CONFIG, config_map(), config_map(a="b"))]
    assert lines(review_of([*steps, *others] if removed else steps)) == expected


@pytest.mark.parametrize(
    "steps",
    [(MOVED,), (step("create", OWN, None, controller(replicas=0)), *TO_TENANT[1:])],
    ids=["moves", "changes"],
)
def test_nobody_notices_a_move_of_a_stopped_tenants_vip(steps: Sequence[Step]) -> None:
    assert review_of(steps, state="stopped").danger is Danger.NONE


@pytest.mark.parametrize(
    ("steps", "own", "expected"),
    [
        (
            TO_NODE,
            True,
            (
                "traffic R243 the tenant's own keepalived on m1.adb-cell ends, then that of node m1.adb-cell announces "
                "the VIP: clients wait until then; this touches no database"
            ),
        ),
        (
            TO_TENANT,
            False,
            (
                "traffic R244 the VIP leaves the keepalived of node m1.adb-cell, then the tenant's own starts on "
                "m1.adb-cell: clients wait until then; this touches no database"
            ),
        ),
    ],
    ids=["to the node's", "to the tenant's own"],
)
def test_a_change_between_the_two_kinds_is_one_finding(steps: Sequence[Step], own: bool, expected: str) -> None:
    reviewed = review_of(steps, own=own)
    neighbours = ["traffic R242 keepalived starts on m1.adb-cell, where it clears the forwarding of tenant5 too"]
    assert lines(reviewed) == [expected, *([] if own else neighbours)]
    drawn = comment(reviewed)
    (before,) = (line for line in drawn.splitlines() if "before0[" in line)
    (after,) = (line for line in drawn.splitlines() if "after0[" in line)
    assert (f"VIP {VIP}" in before, f"VIP {VIP}" in after) == (True, True)
    assert ("keepalived of node m1" in before, "keepalived of node m1" in after) == (not own, own)


def test_a_new_address_is_reported_beside_a_change_between_the_two_kinds() -> None:
    steps = (*TO_NODE[:2], step("create", ENTRY, None, entry(vip=NEW)))
    assert [line.split()[1] for line in lines(review_of(steps, own=True))] == ["R243", "R221"]


@pytest.mark.parametrize(("state", "expected"), [("retired", "R104"), ("running", "R105")])
def test_a_tenant_without_keepalived_of_its_own_is_removed_as_any_other(state: str, expected: str) -> None:
    databases = [step("delete", f"{DATABASES}{role}", database(state=state)) for role in ("master", "standby")]
    reviewed = review_of([*databases, step("delete", ENTRY, entry())], state=state)
    assert lines(reviewed)[0].split()[1] == expected
    assert reviewed.tenants[0].path_after is None


def test_a_tenant_without_keepalived_of_its_own_is_created_as_any_other() -> None:
    databases = [step("create", f"{DATABASES}{role}", None, database()) for role in ("master", "standby")]
    reviewed = review_of([*databases, step("create", ENTRY, None, entry("m2"))], known=False)
    assert lines(reviewed) == [f"none R101 created: VIP {VIP}, master on its node, standby on its node"]
    path = reviewed.tenants[0].path_after
    assert path is not None
    assert (path.keepalived_host, path.keepalived_per) == ("m2.adb-cell", "node")


RC, CONFIG = of_node("ReplicationController", "m1"), of_node("ConfigMap", "m1")
REPLACED = (
    "traffic R433 keepalived pod of node m1.adb-cell, which serves tenant3, tenant5, is replaced: VIPs there are not "
    "announced until the new pod has started"
)
REMOVED = "traffic R434 keepalived of node m1.adb-cell is removed: the VIPs of tenant3, tenant5 are no longer announced"

OF_NODES: dict[str, tuple[Sequence[Step], list[str]]] = {
    "pod replaced": ((step("replace", RC, controller(), controller()),), [REPLACED]),
    "VRRP id": (
        (step("replace", RC, controller(), controller(vrid=7)),),
        [REPLACED, "traffic R437 VRRP id of node m1.adb-cell 201 → 7"],
    ),
    "pod of a node without VIPs replaced": (
        (step("replace", of_node("ReplicationController", "m2"), controller("m2"), controller("m2")),),
        [
            (
                "traffic R433 keepalived pod of node m2.adb-cell, which serves no tenant of this stack, is replaced: "
                "VIPs there are not announced until the new pod has started"
            )
        ],
    ),
    "both removed": ((step("delete", RC, controller()), step("delete", CONFIG, config_map())), [REMOVED]),
    "removed with its tenants moved": (
        (
            step("delete", of_node("ReplicationController", "m3"), controller("m3")),
            step("replace", ENTRY.replace("tenant3", "tenant4"), entry("m3"), entry("m1")),
        ),
        [
            "traffic R226 VIP moves from m3.adb-cell to m1.adb-cell, no pod starts",
            "none R435 keepalived of node m3.adb-cell is removed: no VIP of this stack is left there",
        ],
    ),
    "labels": (
        (step("update", RC, controller(), controller(labels={"a": "b"})),),
        ["none R405 ReplicationController adb-keepalived-m1.adb-cell: only labels or annotations change"],
    ),
    "scaled up again": (
        (step("update", RC, controller(replicas=0), controller()),),
        ["none R431 keepalived of node m1.adb-cell starts"],
    ),
    "unknown field": (
        (step("update", RC, controller(), {**controller(), "status": {}}),),
        ["traffic R905 unrecognised change of ReplicationController adb-keepalived-m1.adb-cell, rated traffic: status"],
    ),
    "ConfigMap replaced": (
        (step("replace", CONFIG, {}, {}),),
        [
            (
                "traffic R439 ConfigMap of node m1.adb-cell's keepalived, which serves tenant3, tenant5, is replaced: "
                "VIPs there are not announced until they are entered again"
            )
        ],
    ),
    "address of its own": (
        (step("update", CONFIG, {"data": {"169.254.0.201": ""}}, {"data": {"169.254.0.7": ""}}),),
        ["none R438 address of node m1.adb-cell's keepalived itself 169.254.0.201 → 169.254.0.7"],
    ),
    "VIP of nobody": (
        (step("update", CONFIG, {"data": {}}, {"data": {VIP: BACKEND}}),),
        [
            (
                "traffic R905 unrecognised change of ConfigMap adb-keepalived-m1.adb-cell, rated traffic: "
                'data["192.168.143.144"]'
            )
        ],
    ),
    "ConfigMap's labels": (
        (step("update", CONFIG, config_map(), config_map(a="b")),),
        ["none R405 ConfigMap adb-keepalived-m1.adb-cell: only labels or annotations change"],
    ),
    "unknown operation": (
        (step("operation-of-tomorrow", RC, controller(), controller()), step("operation-of-tomorrow", CONFIG, {}, {})),
        [
            "traffic R904 unrecognised operation on ConfigMap adb-keepalived-m1.adb-cell, rated traffic",
            "traffic R904 unrecognised operation on ReplicationController adb-keepalived-m1.adb-cell, rated traffic",
        ],
    ),
}


@pytest.mark.parametrize(("steps", "expected"), OF_NODES.values(), ids=OF_NODES)
def test_a_nodes_keepalived_is_judged_by_the_tenants_it_serves(steps: Sequence[Step], expected: list[str]) -> None:
    assert lines(review_of(steps)) == expected


def test_a_nodes_keepalived_that_starts_clears_tenants_with_their_own() -> None:
    assert lines(review_of([step("create", RC, None, controller())], own=True)) == [
        (
            "traffic R432 keepalived of node m1.adb-cell starts and clears the forwarding of tenant3, whose own "
            "keepalived runs there"
        ),
        "none R401 created: ReplicationController adb-keepalived-m1.adb-cell",
    ]


def test_a_nodes_keepalived_that_starts_clears_no_tenant_that_changes_to_it() -> None:
    reviewed = review_of([step("create", RC, None, controller()), *TO_NODE], own=True)
    assert [line.split()[1] for line in lines(reviewed)] == ["R243", "R401"]


def test_a_stopped_tenant_is_not_named_among_those_served() -> None:
    reviewed = review_of([step("replace", RC, controller(), controller())], state="stopped")
    assert "which serves tenant5, is replaced" in lines(reviewed)[0]


def test_a_tenants_own_keepalived_that_starts_clears_those_that_the_node_serves() -> None:
    new = OWN.replace("tenant3", "tenant9")
    assert lines(review_of([step("create", new, None, controller("m3", vrid=9))])) == [
        "traffic R242 keepalived starts on m3.adb-cell, where it clears the forwarding of tenant4 too",
        "none R231 keepalived pod starts on m3.adb-cell",
    ]


def test_a_failover_clears_no_neighbour_where_the_node_has_keepalived() -> None:
    assert not any("R242" in line for line in lines(review_of([step("replace", ENTRY, entry("m1"), entry("m3"))])))


def test_the_headline_names_the_tenants_that_shared_objects_affect() -> None:
    def headline(node: str) -> str:
        changed = step("replace", of_node("ReplicationController", node), controller(node), controller(node))
        return comment(review_of([changed])).splitlines()[1].partition(" — ")[2]

    assert {node: headline(node) for node in ("m1", "m2")} == {
        "m1": "<code>tenant3</code>, <code>tenant5</code>",
        "m2": "tenants of other stacks",
    }


def test_the_json_names_the_tenants_that_shared_objects_affect() -> None:
    changed = [step("replace", RC, controller(), controller()), step("update", CONFIG, {}, {"status": {}})]
    found = json.loads(document(review_of(changed)))["shared"]["findings"]
    assert [(each["id"], each["tenants"]) for each in found] == [("R905", None), ("R433", ["tenant3", "tenant5"])]
