"""Field managers, read from `managedFields` as the API server writes them."""

from typing import Any

import pytest

from drift.field_managers import is_original, latest_manager
from kube.comparison import FieldPath

CREATED, LATER, LAST = "2026-11-24T10:00:00Z", "2026-11-24T11:00:00Z", "2026-11-24T12:00:00Z"
SELECTOR: FieldPath = ("spec", "selector", "debug")
FIELDS: dict[str, Any] = {"f:spec": {"f:selector": {}}}
VARIABLE: FieldPath = ("spec", "env", 1, "value")


def entry(manager: str, fields: dict[str, Any], time: str = LATER, **more: str) -> dict[str, Any]:
    return {"manager": manager, "operation": "Update", "time": time, "fieldsV1": fields, **more}


def live(*entries: dict[str, Any]) -> dict[str, Any]:
    return {
        "metadata": {"creationTimestamp": CREATED, "managedFields": list(entries)},
        "spec": {
            "selector": {"debug": "on"},
            "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
            "verbs": ["get", "list"],
        },
    }


@pytest.mark.parametrize(
    ("fields", "field_path", "is_manager"),
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
def test_a_fields_manager_owns_the_field_or_a_parent_of_it(
    fields: dict[str, Any], field_path: FieldPath, is_manager: bool
) -> None:
    found = latest_manager(live(entry("kubectl-edit", fields)), field_path)
    assert (found.name if found else None) == ("kubectl-edit" if is_manager else None)


def test_the_latest_manager_is_neither_the_plugin_nor_of_the_status() -> None:
    found = latest_manager(
        live(
            entry("kubectl-edit", FIELDS, LATER),
            entry("console", FIELDS, LAST),
            entry("kube-controller-manager", FIELDS, "2026-11-24T13:00:00Z", subresource="status"),
            entry("pulumi-kubernetes-1a2b", FIELDS, "2026-11-24T14:00:00Z", operation="Apply"),
        ),
        SELECTOR,
    )
    assert found
    assert (found.name, found.time) == ("console", LAST)


OURS = entry("pulumi-kubernetes-1a2b", {"f:spec": {"f:type": {}}}, LATER, operation="Apply")


@pytest.mark.parametrize(
    ("entries", "original"),
    [
        pytest.param([entry("okhttp", FIELDS, CREATED), OURS], True, id="unchanged since the adoption"),
        pytest.param([entry("okhttp", FIELDS, LATER), OURS], False, id="changed by its creator"),
        pytest.param(
            [entry("okhttp", FIELDS, CREATED), entry("kubectl-edit", FIELDS, LATER), OURS], False, id="changed since"
        ),
        pytest.param(
            [entry("okhttp", FIELDS, CREATED), {**OURS, "time": CREATED}],
            False,
            id="created by Pulumi, changed within a second",
        ),
        pytest.param([{**OURS, "fieldsV1": FIELDS, "time": CREATED}], False, id="created by Pulumi"),
        pytest.param([], False, id="no record"),
    ],
)
def test_only_unchanged_fields_of_the_creator_are_original(entries: list[dict[str, Any]], original: bool) -> None:
    assert is_original(live(*entries), SELECTOR) == original
