import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dev.bench import fleets
from dev.local.user_error import UserError
from tenants import load
from tenants.fleet import Role


@settings(deadline=None)
@given(tenants=st.integers(1, fleets.MOST_TENANTS))
def test_every_fleet_is_valid_and_its_nodes_are_its_hosts(tenants: int) -> None:
    config = fleets.fleet(tenants)
    assert len(load(config).tenants) == tenants
    nodes = fleets.nodes(config)
    assert sorted(node.name for node in nodes) == sorted(load(config).node_names)
    assert len({node.address for node in nodes}) == len(nodes)


def test_any_tenant_of_the_largest_fleet_may_fail_over() -> None:
    names = [tenant.name for tenant in load(fleets.fleet(fleets.MOST_TENANTS)).tenants]
    config = fleets.fleet(fleets.MOST_TENANTS, {name: {"activeRole": "standby"} for name in names})
    assert {tenant.active_role for tenant in load(config).tenants} == {Role.STANDBY}


@pytest.mark.parametrize("tenants", [-1, 0, fleets.MOST_TENANTS + 1])
def test_more_tenants_than_vrrp_ids_of_a_segment_are_refused(tenants: int) -> None:
    with pytest.raises(UserError, match=f"{tenants} tenants: choose from 1 to {fleets.MOST_TENANTS}"):
        fleets.fleet(tenants)
