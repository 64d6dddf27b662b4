"""`python -m tenants permissions` prints the smallest permissions, and README's table is its output."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tenants import load
from tenants.__main__ import main
from tenants.permissions import WRITES, Extra, Grant, User, documents, grants
from tests.support.fleets import CONFIG, config_with, per_node
from tests.support.program import ROOT

EXAMPLE = "tests/data/permissions/Pulumi.prod.yaml"
PAGES = {"README.md": "| where | resources |", "README.zh-CN.md": "| 范围 | 资源 |"}
NOTHING_MORE = Extra()


def verbs(config: dict[str, Any], user: User, extra: Extra = NOTHING_MORE) -> dict[str, set[str]]:
    """Return the verbs of each resource, wherever they are granted."""
    found: dict[str, set[str]] = {}
    for each in grants(load(config), user, extra):
        found.setdefault(each.plural, set()).add(each.verb)
    return found


@pytest.mark.parametrize("page", PAGES)
def test_readme_has_the_printed_table(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["permissions", str(ROOT / EXAMPLE)]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    expected = [head.replace(PAGES["README.md"], PAGES[page]), *rows]
    lines = (ROOT / page).read_text().splitlines()
    begin = next(number for number, line in enumerate(lines) if line.startswith(PAGES[page]))
    assert lines[begin : begin + len(expected)] == expected, f"write the output of the command for {EXAMPLE} to {page}"


def test_a_fleet_needs_nothing_for_kinds_that_it_does_not_declare() -> None:
    plain, more = (
        verbs(CONFIG, User.UP),
        verbs(config_with(promotion={"command": ["a"]}, networkPolicy={"allowFrom": []}), User.UP),
    )
    assert more.keys() - plain.keys() == {"jobs", "networkpolicies"}
    assert {plural: more[plural] - plain[plural] for plural in plain} == {plural: set() for plural in plain}


def test_a_stack_that_uses_anothers_account_may_not_change_permissions() -> None:
    config = {**CONFIG, "cluster": {**CONFIG["cluster"], "keepalivedAccountOf": "adb-tenants/other"}}
    found = verbs(config, User.UP)
    assert found.keys() & {"clusterroles", "clusterrolebindings", "endpoints"} == set()
    assert found["serviceaccounts"] == {"list"}


def test_a_preview_writes_nothing_unless_a_tenant_is_adopted() -> None:
    def written(config: dict[str, Any]) -> set[str]:
        return {verb for of in verbs(config, User.PREVIEW).values() for verb in of} & set(WRITES)

    assert written(CONFIG) == set()
    assert written(config_with(adopt=True)) == {"create", "patch", "update"}


def test_shared_objects_are_deleted_and_secrets_listed_only_to_destroy() -> None:
    shared = ("secrets", "serviceaccounts", "clusterroles", "clusterrolebindings")
    daily, destroying = (verbs(CONFIG, User.UP, extra) for extra in (NOTHING_MORE, Extra(destroy=True)))
    assert not any("delete" in daily[plural] for plural in shared)
    assert "list" not in daily["secrets"]
    assert all({"delete", "list", "watch"} <= destroying[plural] for plural in shared)


def test_nodes_are_created_and_deleted_only_for_missing_ones() -> None:
    daily, missing = (verbs(CONFIG, User.UP, extra)["nodes"] for extra in (NOTHING_MORE, Extra(missing_nodes=True)))
    assert missing - daily == {"create", "delete"}


def test_a_keepalived_of_a_node_needs_what_a_tenants_own_does() -> None:
    for user in User:
        assert verbs(per_node(CONFIG), user) == verbs(CONFIG, user)


def test_no_grant_covers_another() -> None:
    extra = Extra(destroy=True, missing_nodes=True, repair=True)
    for user in User:
        found = grants(load(config_with(adopt=True, promotion={"command": ["a"]})), user, extra)
        assert [(one, other) for one in found for other in found if one.covers(other)] == []


def test_a_grant_covers_those_of_its_objects() -> None:
    every = Grant(group="", plural="secrets", verb="get", cluster_wide=False)
    one, two = replace(every, names=("a",)), replace(every, names=("a", "b"))
    assert [every.covers(one), two.covers(one), replace(every, cluster_wide=True).covers(every)] == [True] * 3
    assert [one.covers(every), one.covers(two), every.covers(replace(every, verb="list"))] == [False] * 3


def test_users_that_only_compare_may_only_make_dry_runs() -> None:
    def policies(config: dict[str, Any], *users: User, extra: Extra = NOTHING_MORE) -> set[str]:
        found = documents(load(config), "prod", dict.fromkeys(users, "U"), extra)
        return {
            validation["message"]
            for each in found
            if each["kind"] == "ValidatingAdmissionPolicy"
            for validation in each["spec"]["validations"]
        }

    labels = {"this user may only change the labels tenancy-… of nodes"}
    assert policies(CONFIG, User.PREVIEW) == set()
    assert policies(config_with(adopt=True), User.PREVIEW) == {"this user may only make dry runs"}
    assert policies(CONFIG, User.DRIFT) == {"this user may only make dry runs"}
    assert policies(CONFIG, User.DRIFT, extra=Extra(repair=True)) == labels
    assert policies(CONFIG, User.UP) == labels
    assert policies(CONFIG, User.UP, User.DRIFT) == labels, "`up` would be denied every write"
    assert policies(CONFIG, User.PREVIEW, User.DRIFT) == {"this user may only make dry runs"}


def test_the_output_binds_each_user(capsys: pytest.CaptureFixture[str]) -> None:
    account = "system:serviceaccount:ci:deploy"
    assert main(["permissions", str(ROOT / EXAMPLE), "--up", account]) == 0
    found = list(yaml.safe_load_all(capsys.readouterr().out))
    assert [(each["kind"], each["metadata"]["name"]) for each in found] == [
        ("Role", "adb-prod-up"),
        ("RoleBinding", "adb-prod-up"),
        ("ClusterRole", "adb-prod-up-adb"),
        ("ClusterRoleBinding", "adb-prod-up-adb"),
        ("ValidatingAdmissionPolicy", "adb-prod-up-adb"),
        ("ValidatingAdmissionPolicyBinding", "adb-prod-up-adb"),
    ]
    subjects = [each["subjects"] for each in found if each["kind"].endswith("RoleBinding")]
    assert subjects == [[{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": account}]] * 2


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("Pulumi.Prod_1.yaml", (ROOT / EXAMPLE).read_text(), "is not named"),
        ("Pulumi.prod.yaml", "config: {'adb-tenants:tenants': [{name: t}]}", "has findings"),
    ],
)
def test_what_cannot_be_printed_is_refused(
    name: str, content: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / name
    file.write_text(content)
    assert main(["permissions", str(file), "--up", "U"]) == 2
    assert message in capsys.readouterr().err
