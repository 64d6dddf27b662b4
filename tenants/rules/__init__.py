"""Every rule by topic.

A rule is a `Rule` in the module of its topic, and checked there in one of two ways: a function that reads one value
returns it or an `Invalid`, to which the reader of the configuration adds the path; `check` looks at whole fleets and
yields findings. Only there are waivers known, so a waivable rule is checked in `check`.
"""

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import NamedTuple

from tenants.draft import FleetDraft, Source
from tenants.findings import FieldPath, Invalid, Rule, quoted
from tenants.reporting import Check
from tenants.rules import addresses, exceptions, files, hosts, keepalived, names, paths, pods, shape, vrrp


class Topic(NamedTuple):
    """Rules that belong together, a section of the generated page."""

    title: str
    module: ModuleType

    @property
    def rules(self) -> Sequence[Rule]:
        """The rules of its module, in the order of writing."""
        return [value for value in vars(self.module).values() if isinstance(value, Rule)]

    @property
    def check(self) -> Check | None:
        """Its module's check of whole fleets, if there is one."""
        check: Check | None = getattr(self.module, "check", None)
        return check


TOPICS = (
    Topic("The file", files),
    Topic("Keys and types", shape),
    Topic("Names", names),
    Topic("Hosts", hosts),
    Topic("Addresses", addresses),
    Topic("VRRP ids", vrrp),
    Topic("Keepalived", keepalived),
    Topic("Paths", paths),
    Topic("Pods", pods),
    Topic("Exceptions", exceptions),
)
RULES: Mapping[str, Rule] = {rule.id: rule for topic in TOPICS for rule in topic.rules}


def check(fleets: Sequence[FleetDraft]) -> None:
    """Check the fleets of one cluster, and add to each stack's findings what is reported in it.

    Of several findings of one rule at one path, a directory in conflict on two hosts for instance, only the first is
    added: one that is waived, and one that is not.
    """
    seen: set[tuple[Source, str, FieldPath, bool]] = set()
    for topic in TOPICS:
        for source, finding in topic.check(fleets) if topic.check else ():
            key = (source, finding.rule.id, finding.path, finding.waived is None)
            if key not in seen:
                seen.add(key)
                source.findings.append(finding)


def waivable_rule(text: str) -> str | Invalid:
    """Return the id of a rule that may be waived."""
    rule = RULES.get(text)
    if rule and rule.waivable:
        return text
    waivable = ", ".join(rule.id for rule in RULES.values() if rule.waivable)
    fault = "cannot be waived" if rule else "is not the id of a rule"
    return Invalid(exceptions.WAIVER, f"{quoted(text)} {fault}; use one of {waivable}")
