"""Writes the tenants found in a cluster as a stack file that lint accepts.

A waivable rule that a tenant breaks is waived "as found"; a tenant that breaks another rule is left out. So the file
needs no edit before the first preview, and a remark names everything that was waived or left out.
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
    """A stack file, and remarks about it."""

    text: str
    remarks: Sequence[str]
    """Sentences: what is left out, waived or chosen, and why."""


def stack_text(discovery: Discovery) -> StackText:
    """Write discovered tenants as a stack file without findings."""
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
    """Resolve one round of findings; every round adds a waiver or removes something."""
    tenants: list[Entry] = sections["tenants"]
    if _segments_help(sections, faults, remarks):
        return
    for section in ("cluster", "platform"):
        for fault in (fault for fault in faults if fault.path[0] == section):
            # Names that the API server would refuse too.
            sections[section].pop(fault.path[1])
            remarks.append(printable(f"{section} keeps its default: {fault}"))
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
    """Declare each /24 as a segment of its own if tenants share VRRP ids; tell whether that was done.

    A fleet that works shows that such tenants do not hear each other; nothing else in the cluster describes segments.
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
        "cluster.vipPools declares each /24 as a network segment of its own, since several of them use the same VRRP "
        "ids; correct it where that is wrong."
    )
    return True


class _Dumper(yaml.SafeDumper):
    """Quotes what Pulumi's parser would not read as text, which is more than PyYAML quotes."""


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None if isinstance(resolve(text), str) else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)
_Dumper.ignore_aliases = lambda *_: True  # type: ignore[method-assign]
