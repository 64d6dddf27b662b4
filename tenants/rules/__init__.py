"""Every rule by topic, and the checks that look at all fleets of a cluster."""

from collections.abc import Callable, Mapping, Sequence

from tenants.draft import FleetDraft
from tenants.findings import Invalid, Rule, quoted
from tenants.rules import addresses, files, hosts, keepalived, names, paths, pods, shape, vrrp

WAIVER = Rule(
    id="E901",
    title="A waiver names a rule that can be waived",
    why="Some rules keep a fleet from being built at all; others only from being safe, and of those a tenant may know "
    "better.",
)
EMPTY_MOVE = Rule(
    id="E902",
    title="An allowed move names the new place",
    why="`allowMove` is the second key to starting a database elsewhere; it opens for the place that it names alone.",
)

TOPICS: Mapping[str, tuple[Rule, ...]] = {
    "The file": files.RULES,
    "Keys and types": shape.RULES,
    "Names": names.RULES,
    "Hosts": hosts.RULES,
    "Addresses": addresses.RULES,
    "VRRP ids": vrrp.RULES,
    "Keepalived": keepalived.RULES,
    "Paths": paths.RULES,
    "Pods": pods.RULES,
    "Exceptions": (WAIVER, EMPTY_MOVE),
}
RULES: Mapping[str, Rule] = {rule.id: rule for rules in TOPICS.values() for rule in rules}

CHECKS: tuple[Callable[[Sequence[FleetDraft]], None], ...] = (
    names.check,
    hosts.check,
    addresses.check,
    vrrp.check,
    keepalived.check,
    paths.check,
)
"""Each takes the fleets of one cluster, and notes what it finds where it stands."""


def waivable_rule(text: str) -> str | Invalid:
    """The id of a rule that may be waived."""
    rule = RULES.get(text)
    if rule and rule.waivable:
        return text
    can_be = ", ".join(rule.id for rule in RULES.values() if rule.waivable)
    fault = "cannot be waived" if rule else "is no rule's id"
    return Invalid(WAIVER, f"{quoted(text)} {fault}; those that can are {can_be}")
