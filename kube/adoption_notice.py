"""The log message by which the program reports the objects that it adopts, and from which the review reads them.

The engine reports an adopted object as "create": it is new to the stack's state, not to the cluster.
"""

import json
from collections.abc import Iterable

from kube.manifest import items, mapping, text

_PREFIX = "Adopting existing objects in place, without restarting pods: "


def write(tenant: str, keys: Iterable[tuple[str, str]]) -> str:
    """Return the notice that these objects of a tenant, each a kind and a name, are adopted."""
    return _PREFIX + json.dumps({tenant: [f"{kind}/{name}" for kind, name in keys]})


def read(message: str) -> frozenset[tuple[str, str]] | None:
    """Return kind and name of each object of a notice; `None` for any other message."""
    notice = message.strip().removeprefix("info: ")
    if not notice.startswith(_PREFIX):
        return None
    try:
        by_tenant = mapping(json.loads(notice.removeprefix(_PREFIX)))
    except (ValueError, RecursionError):
        return None
    names = (text(each).partition("/") for objects in by_tenant.values() for each in items(objects))
    return frozenset((kind, name) for kind, _, name in names)
