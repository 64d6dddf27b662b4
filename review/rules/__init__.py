"""Every rule of the review, by topic. A topic's rules are all that its module defines, in that order."""

from collections.abc import Mapping

from review.findings import Rule
from review.rules import belonging, database, shared, tenant, traffic, unknown

TOPICS: Mapping[str, tuple[Rule, ...]] = {
    title: tuple(value for value in vars(module).values() if isinstance(value, Rule))
    for title, module in {
        "Tenants": tenant,
        "Traffic": traffic,
        "Databases": database,
        "Shared objects": shared,
        "Belonging": belonging,
        "Unknown": unknown,
    }.items()
}
