"""Tenants are declared in an order that helps clients who wait, and few at a time."""

import asyncio
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import pytest

from components import declaration
from components.declaration import MOST_AT_ONCE, declare_tenants
from components.live.fleet import LiveFleet
from kube.facts import STACK_ANNOTATION, STATE_ANNOTATION
from tenants import load
from tenants.fleet import TenantSpec
from tests.support.fleets import config_with
from tests.support.program import ClusterOfMocks, run_program

TENANTS = 3 * MOST_AT_ONCE


def fleet_of(count: int) -> dict[str, Any]:
    config = config_with()
    entries = [
        {**config["tenants"][0], "name": f"tenant{each}", "vip": f"192.168.143.{each + 1}"} for each in range(count)
    ]
    hosts = [{"hosts": {"master": f"m{each}", "standby": f"s{each}"}} for each in range(count)]
    return {**config, "tenants": [{**entry, **host} for entry, host in zip(entries, hosts, strict=True)]}


@dataclass(kw_only=True)
class Declared:
    """Records what is declared; each tenant is finished after some seconds.

    One ends with an error, as without `--continue-on-error`, and one was not made.
    """

    failing: str = ""
    unmade: str = ""
    seconds: float = 0.0
    order: list[str] = field(default_factory=list)
    unfinished: int = 0
    most: int = 0

    def __call__(self, spec: TenantSpec) -> Any:
        self.order.append(spec.name)
        self.unfinished += 1
        self.most = max(self.most, self.unfinished)

        async def registered() -> bool:
            await asyncio.sleep(self.seconds)
            self.unfinished -= 1
            if spec.name == self.failing:
                raise ValueError(spec.name)
            return spec.name != self.unmade

        return mock.Mock(registered=registered)


def live_fleet(objects: dict[tuple[str, str], Any] | None = None) -> LiveFleet:
    cluster = mock.Mock(objects=lambda: objects or {})
    return LiveFleet(fleet=load(fleet_of(TENANTS)), cluster=cluster, home=mock.Mock(), nodes=mock.Mock())


def test_tenants_that_clients_wait_for_are_declared_first() -> None:
    live = live_fleet(
        {
            ("Service", "tenant5-vip"): {"spec": {"selector": {"role": "master"}}},
            ("Service", "tenant9-vip"): {"spec": {"selector": {"role": "standby"}}},
            ("StatefulSet", "tenant7-master"): {"metadata": {"annotations": {STATE_ANNOTATION: "stopped"}}},
            ("Service", "tenant3-standby"): {"spec": {"selector": {"role": "standby"}}},
        }
    )
    declared = Declared()
    asyncio.run(declare_tenants(live, declared, {}))
    others = [f"tenant{each}" for each in range(TENANTS) if each not in (7, 9)]
    assert declared.order == ["tenant7", "tenant9", *others]


def test_the_rest_is_declared_after_the_urgent_tenant_is_finished() -> None:
    ours = {"name": "tenant2-vip", "annotations": {STACK_ANNOTATION: "adb-tenants/dev"}}
    service = {"metadata": ours, "spec": {"selector": {"role": "standby"}}}
    program = run_program(fleet_of(4), cluster=ClusterOfMocks(services=[service]))
    tenants = [found.name.split("-")[0] for found in program.resources.values() if found.name.startswith("tenant")]
    urgent = tenants.count("tenant2")
    assert tenants[:urgent] == ["tenant2"] * urgent


def test_few_tenants_are_unfinished_at_a_time() -> None:
    declared = Declared(seconds=0.01)
    asyncio.run(declare_tenants(live_fleet(), declared, {}))
    assert (len(declared.order), declared.most) == (TENANTS, MOST_AT_ONCE)


def test_tenants_that_wait_for_their_pods_do_not_hold_up_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(declaration, "PATIENCE_SECONDS", 0.01)
    declared = Declared(seconds=1)
    asyncio.run(declare_tenants(live_fleet(), declared, {}))
    assert declared.most == TENANTS


def test_after_an_error_the_other_tenants_are_declared() -> None:
    declared = Declared(failing="tenant1")
    with pytest.raises(ValueError, match="tenant1"):
        asyncio.run(declare_tenants(live_fleet(), declared, {}))
    assert len(declared.order) == TENANTS


@pytest.mark.parametrize(("unmade", "complete"), [("", True), ("tenant1", False)])
def test_a_fleet_is_complete_if_every_tenant_was_made(unmade: str, complete: bool) -> None:
    declared = Declared(unmade=unmade)
    assert asyncio.run(declare_tenants(live_fleet(), declared, {})) == complete
    assert len(declared.order) == TENANTS
