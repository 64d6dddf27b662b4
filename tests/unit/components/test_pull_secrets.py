"""Image pull secrets of keepalived: configured for its account, or reported before a failover needs them."""

from collections.abc import Mapping
from typing import Any

import pulumi
import pytest

from components.keepalived_access import warn_of_lost_pull_secrets
from tenants import load
from tests.support.fleets import CONFIG, config_with
from tests.support.live_fleet import live_fleet
from tests.support.program import run_program

Json = dict[str, Any]


def with_secrets(*names: str) -> Json:
    config = config_with()
    config["cluster"]["imagePullSecrets"] = list(names)
    return config


def holding(*names: str) -> Json:
    return {"imagePullSecrets": [{"name": name} for name in names]}


def test_the_account_has_exactly_the_configured_secrets() -> None:
    account = run_program(with_secrets("a", "b")).manifest("ServiceAccount", "adb-keepalived")
    assert account["imagePullSecrets"] == [{"name": "a"}, {"name": "b"}]
    assert "imagePullSecrets" not in run_program(CONFIG).manifest("ServiceAccount", "adb-keepalived")


@pytest.mark.parametrize(
    ("declared", "accounts", "controller", "lines"),
    [
        ((), {"default": holding("a")}, {}, "[a]"),
        (("b",), {"default": holding("b", "a")}, {}, "[b, a]"),
        ((), {}, holding("c"), "[c]"),
        (("a",), {"default": holding("a")}, {}, None),
        ((), {"default": holding("a"), "adb-keepalived": holding("a")}, {}, None),
        ((), {"default": holding("default-dockercfg-x7k2p")}, {}, None),
        ((), {}, {}, None),
    ],
    ids=str,
)
def test_the_warning_contains_the_lines_to_add(
    declared: tuple[str, ...],
    accounts: Mapping[str, Json],
    controller: Json,
    lines: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    objects = {
        ("ReplicationController", "tenant3-vip"): {"spec": {"template": {"spec": controller}}},
        **{("ServiceAccount", name): account for name, account in accounts.items()},
    }
    warned: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", warned.append)
    warn_of_lost_pull_secrets(live_fleet(load(with_secrets(*declared)), objects=objects))
    added = [text.partition("adb-tenants:cluster:\n")[2].strip() for text in warned]
    assert added == ([] if lines is None else [f"imagePullSecrets: {lines}"])
