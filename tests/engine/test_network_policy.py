"""A tenant's NetworkPolicy is created and removed beside running pods, and not without its tenant."""

import pytest

from tests.support.cell import Cell
from tests.support.fleets import tenant3, with_tenants
from tests.support.stack import Refused, Stack

pytestmark = pytest.mark.engine


def policies(cell: Cell) -> list[str]:
    return [each["metadata"]["name"] for each in cell.live("networkpolicies")]


def test_a_policy_comes_and_goes_and_no_pod_notices(cell: Cell, stack: Stack) -> None:
    stack.up(tenant3(cell))
    before = cell.uids()
    isolated = tenant3(cell, networkPolicy={"allowFrom": ["10.0.0.0/8"]})
    assert stack.up(isolated).counts == {"create": 1}
    assert policies(cell) == ["tenant3-policy"]
    assert stack.preview(isolated).none

    wider = tenant3(cell, networkPolicy={"allowFrom": ["10.0.0.0/8", "192.168.0.0/16"]})
    assert stack.up(wider).counts == {"update": 1}
    blocks = cell.get("networkpolicy", "tenant3-policy")["spec"]["ingress"][0]["from"]
    assert [block["ipBlock"]["cidr"] for block in blocks if "ipBlock" in block] == ["10.0.0.0/8", "192.168.0.0/16"]

    with pytest.raises(Refused, match="tenant3"):
        stack.up(with_tenants(wider, []))
    assert policies(cell) == ["tenant3-policy"], "a refused removal of its tenant has removed it"
    assert stack.preview(wider).none

    assert stack.up(tenant3(cell)).counts == {"delete": 1}
    assert policies(cell) == []
    assert cell.uids() == before
