"""Objects of a cluster, and values that none of them should have."""

from typing import Any

from hypothesis import strategies as st

Json = dict[str, Any]

ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)


def node(name: str, **labels: str) -> Json:
    """Return a node; `_` in the names of labels is `-`."""
    return {"kind": "Node", "metadata": {"name": name, "labels": {k.replace("_", "-"): v for k, v in labels.items()}}}


def one_of(objects: list[Json], kind: str, name: str) -> Json:
    """Return the only object of this kind and name."""
    (found,) = (each for each in objects if (each["kind"], each["metadata"]["name"]) == (kind, name))
    return found


def places(value: Any) -> list[tuple[Any, Any]]:
    """Return every container and key in a JSON value."""
    items = list(value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ())
    return [(value, key) for key, _ in items] + [place for _, inner in items for place in places(inner)]
