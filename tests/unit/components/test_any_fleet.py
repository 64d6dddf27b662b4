"""Any valid fleet is declared, and the order of its entries has no effect."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.program import Manifest, run_program
from tests.support.strategies import sound_fleets


def declared(raw: dict[str, Any]) -> dict[str, tuple[str, Manifest]]:
    """Every declared resource of a fleet by URN: its type and inputs."""
    return {urn: (found.type, found.inputs) for urn, found in run_program(raw).resources.items()}


# Each example runs the whole program twice, about 0.2 s.
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(raw=sound_fleets(), data=st.data())
def test_the_order_of_entries_has_no_effect(raw: dict[str, Any], data: st.DataObject) -> None:
    shuffled = {**raw, "tenants": data.draw(st.permutations(raw["tenants"]))}
    platform = {"adbops": "rm.addr rm.port", "mysql": "mysql.vip", "adbConnect": "adb.admin adb.password"}
    platform |= {"mysqlConnect": "user password"}
    platform |= dict.fromkeys(("rootSshKey", "gpadminSshKey"), "authorized_keys id_rsa id_rsa.pub known_hosts")
    declaring = {key: {"data": dict.fromkeys(names.split(), "x")} for key, names in platform.items()}
    assert declared({**raw, "platform": declaring}) == declared({**shuffled, "platform": declaring})
