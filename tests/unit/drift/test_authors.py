"""Who set a field, read from `managedFields` as the API server writes them."""

from typing import Any

import pytest

from drift.authors import author, left_by_its_maker
from kube.comparison import FieldPath

MADE, LATER, LAST = "2026-11-24T10:00:00Z", "2026-11-24T11:00:00Z", "2026-11-24T12:00:00Z"
SELECTOR: FieldPath = ("spec", "selector", "debug")
FIELDS: dict[str, Any] = {"f:spec": {"f:selector": {}}}
VARIABLE: FieldPath = ("spec", "env", 1, "value")


def entry(manager: str, fields: dict[str, Any], time: str = LATER, **more: str) -> dict[str, Any]:
    return {"manager": manager, "operation": "Update", "time": time, "fieldsV1": fields, **more}


def live(*entries: dict[str, Any]) -> dict[str, Any]:
    return {
        "metadata": {"creationTimestamp": MADE, "managedFields": list(entries)},
        "spec": {
            "selector": {"debug": "on"},
            "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
            "verbs": ["get", "list"],
        },
    }


@pytest.mark.parametrize(
    ("fields", "place", "is_theirs"),
    [
        ({"f:spec": {"f:selector": {}}}, SELECTOR, True),
        ({"f:spec": {"f:selector": {"f:debug": {}}}}, SELECTOR, True),
        ({"f:spec": {"f:selector": {"f:app": {}}}}, SELECTOR, False),
        ({"f:metadata": {}}, SELECTOR, False),
        ({"f:spec": {"f:env": {'k:{"name":"B"}': {".": {}, "f:value": {}}}}}, VARIABLE, True),
        ({"f:spec": {"f:env": {'k:{"name":"B"}': {".": {}, "f:value": {}}}}}, VARIABLE[:-1], True),
        ({"f:spec": {"f:env": {'k:{"name":"A"}': {".": {}, "f:value": {}}}}}, VARIABLE, False),
        ({"f:spec": {"f:env": {"i:1": {"f:value": {}}}}}, VARIABLE, True),
        ({"f:spec": {"f:verbs": {'v:"list"': {}}}}, ("spec", "verbs", 1), True),
        ({"f:spec": {"f:verbs": {'v:"list"': {}}}}, ("spec", "verbs", 0), False),
        ({"f:spec": {"f:verbs": {}}}, ("spec", "verbs", 7), True),
    ],
)
def test_the_author_is_who_manages_the_field_or_what_it_is_part_of(
    fields: dict[str, Any], place: FieldPath, is_theirs: bool
) -> None:
    found = author(live(entry("kubectl-edit", fields)), place)
    assert (found.manager if found else None) == ("kubectl-edit" if is_theirs else None)


def test_the_last_who_set_it_is_named_but_not_the_plugin_nor_a_controllers_status() -> None:
    found = author(
        live(
            entry("kubectl-edit", FIELDS, LATER),
            entry("console", FIELDS, LAST),
            entry("kube-controller-manager", FIELDS, "2026-11-24T13:00:00Z", subresource="status"),
            entry("pulumi-kubernetes-1a2b", FIELDS, "2026-11-24T14:00:00Z", operation="Apply"),
        ),
        SELECTOR,
    )
    assert found
    assert (found.manager, found.time) == ("console", LAST)


OURS = entry("pulumi-kubernetes-1a2b", {"f:spec": {"f:type": {}}}, LATER, operation="Apply")


@pytest.mark.parametrize(
    ("entries", "left"),
    [
        pytest.param([entry("okhttp", FIELDS, MADE), OURS], True, id="adopted and left alone since"),
        pytest.param([entry("okhttp", FIELDS, LATER), OURS], False, id="its maker has come back"),
        pytest.param(
            [entry("okhttp", FIELDS, MADE), entry("kubectl-edit", FIELDS, LATER), OURS], False, id="changed since"
        ),
        pytest.param(
            [entry("okhttp", FIELDS, MADE), {**OURS, "time": MADE}], False, id="we made it, others came within a second"
        ),
        pytest.param([{**OURS, "fieldsV1": FIELDS, "time": MADE}], False, id="we made it"),
        pytest.param([], False, id="nobody keeps count"),
    ],
)
def test_only_what_the_maker_of_an_adopted_object_put_there_and_left_alone_is_left_behind(
    entries: list[dict[str, Any]], left: bool
) -> None:
    assert left_by_its_maker(live(*entries), SELECTOR) == left
