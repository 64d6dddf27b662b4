"""Makes a stack file of what was found in a cluster: one that the rules take, whatever is unsound in it being said.

A rule that may be waived is waived "as found"; a tenant that breaks another one is left out. So the file needs no hand
before the first preview, and nothing in it is passed over in silence.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from typing import Any

import yaml

from tenants.boundary import examine
from tenants.contract import PROJECT
from tenants.discover import Discovery, Entry, left_out
from tenants.findings import LintFinding, printable
from tenants.goscalars import resolve
from tenants.rules.vrrp import VRID_UNIQUE

REASON = "as found"
Sections = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class StackText:
    """A stack file, and what there is to say about it."""

    text: str
    remarks: Sequence[str]
    """Sentences: what was left out, waived or chosen, and why."""


def stack_text(discovery: Discovery) -> StackText:
    """Write what was found as a stack file without findings."""
    sections = _sections(discovery)
    remarks = [*discovery.remarks]
    while faults := examine(sections).faults:
        _settle(sections, faults, remarks)
    config = {f"{PROJECT}:{key}": value for key, value in sections.items() if value or key == "tenants"}
    text = yaml.dump({"config": config}, Dumper=_Dumper, sort_keys=False, width=120, allow_unicode=True)
    return StackText(text=text, remarks=remarks)


def _sections(discovery: Discovery) -> Sections:
    return {
        "cluster": {"namespace": discovery.namespace} if discovery.namespace else {},
        "platform": {key: {"name": name} for key, name in discovery.platform.items()},
        "tenants": [dict(entry) for entry in discovery.entries],
    }


def _settle(sections: Sections, faults: Sequence[LintFinding], remarks: list[str]) -> None:
    """Do what one round of findings asks for; every round adds a waiver or takes something away."""
    tenants: list[Entry] = sections["tenants"]
    if _segments_help(sections, faults, remarks):
        return
    for section in ("cluster", "platform"):
        for fault in (fault for fault in faults if fault.path[0] == section):
            # Names that the API server would not take either.
            sections[section].pop(fault.path[1])
            remarks.append(printable(f"{section} is left as it is by default: {fault}"))
    by_tenant: dict[int, list[LintFinding]] = {}
    for fault in faults:
        if fault.path[0] == "tenants" and isinstance(fault.path[1], int):
            by_tenant.setdefault(fault.path[1], []).append(fault)
    hopeless = {
        index: fault
        for index, found in by_tenant.items()
        for fault in found
        if not fault.rule.waivable or any(waiver["rule"] == fault.rule.id for waiver in tenants[index].get("waive", ()))
    }
    for index, fault in hopeless.items():
        remarks.append(left_out(tenants[index]["name"], f"{fault.rule.id}, {fault.message}"))
    if not hopeless:
        for index, found in by_tenant.items():
            for rule, fault in {fault.rule.id: fault for fault in found}.items():
                tenants[index].setdefault("waive", []).append({"rule": rule, "reason": REASON})
                remarks.append(printable(f"{tenants[index]['name']}: {rule} is waived, {REASON}: {fault.message}."))
    sections["tenants"] = [entry for index, entry in enumerate(tenants) if index not in hopeless]


def _segments_help(sections: Sections, faults: Sequence[LintFinding], remarks: list[str]) -> bool:
    """Take each /24 for a segment of its own, where VRRP ids are the same only in different ones.

    A fleet that works shows that these are not heard by each other; nothing else in the cluster tells of segments.
    """
    if "vipPools" in sections["cluster"] or not any(fault.rule is VRID_UNIQUE for fault in faults):
        return False
    networks: set[IPv4Network] = set()
    for entry in sections["tenants"]:
        try:
            networks.add(IPv4Network(f"{IPv4Address(entry['vip'])}/24", strict=False))
        except AddressValueError:
            continue
    if len(networks) < 2:
        return False
    sections["cluster"]["vipPools"] = [
        {"cidr": str(network), "segment": f"net-{str(network.network_address).replace('.', '-')}"}
        for network in sorted(networks)
    ]
    remarks.append(
        "cluster.vipPools takes each /24 for a network segment of its own, since VRRP ids are used in several of them; "
        "correct it where that is not so."
    )
    return True


class _Dumper(yaml.SafeDumper):
    """Quotes what Pulumi's parser would not take for text, which is more than PyYAML thinks of."""


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None if isinstance(resolve(text), str) else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)
_Dumper.ignore_aliases = lambda *_: True  # type: ignore[method-assign]
