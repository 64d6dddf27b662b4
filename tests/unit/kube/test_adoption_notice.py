"""The adoption notice: what the program writes is what the review reads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kube import adoption_notice

KEYS = st.frozensets(st.tuples(st.sampled_from(["Service", "StatefulSet", "ConfigMap"]), st.text()))


@given(tenant=st.text(), keys=KEYS)
def test_any_tenant_and_names_round_trip(tenant: str, keys: frozenset[tuple[str, str]]) -> None:
    assert adoption_notice.read(adoption_notice.write(tenant, sorted(keys))) == keys


@pytest.mark.parametrize(
    "name", ["a, Service b", 'a"], "t": ["Service/b', "a/b", "a\nb", "Adopting existing objects in place", "é\ud800"]
)
def test_hostile_names_round_trip(name: str) -> None:
    key = ("Service", name)
    assert adoption_notice.read(f"info: {adoption_notice.write(name, [key])}\n") == frozenset({key})


@pytest.mark.parametrize(
    "message", ["", "a adopts b", adoption_notice.write("t", [])[:-2], adoption_notice.write("t", []) + "x"]
)
def test_other_messages_are_no_notice(message: str) -> None:
    assert adoption_notice.read(message) is None
