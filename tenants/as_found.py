"""Writes the tenants found in a cluster as a stack file that lint accepts.

A waivable rule that a tenant breaks is waived "as found"; a tenant that breaks another rule is left out. So the file
needs no edit before the first preview, and a remark names everything that was waived or left out. Keepalived pods that
share a node are the seed's way of having many tenants on few nodes: one remark for all of them, and the way out as a
comment in the file.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from typing import Any

import yaml

from tenants.boundary import examine
from tenants.contract import PROJECT
from tenants.discover import Discovery, Entry, left_out, most_frequent
from tenants.findings import LintFinding, Rule, listed, printable
from tenants.fleet import Role
from tenants.goscalars import resolve
from tenants.rules.keepalived import ONE_PER_NODE
from tenants.rules.vrrp import HIGHEST, LOWEST, VRID_UNIQUE

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
    text = _dumped({"config": config})
    sharing = [entry for entry in sections["tenants"] if _is_waived(entry, ONE_PER_NODE)]
    if sharing:
        proposal = _proposed_node_keepalived(sections, discovery.vrids)
        remarks.append(_sharing_remark(sharing, is_proposed=bool(proposal)))
        head = f"  {PROJECT}:cluster:\n"
        text = text.replace(head, head + proposal, 1)
    return StackText(text=text, remarks=remarks)


def _sections(discovery: Discovery) -> Sections:
    return {
        "cluster": {
            **({"namespace": discovery.namespace} if discovery.namespace else {}),
            **({"nodeKeepalived": dict(discovery.node_keepalived)} if discovery.node_keepalived else {}),
        },
        "platform": {key: {"name": name} for key, name in discovery.platform.items()},
        "tenants": [dict(entry) for entry in discovery.entries],
    }


def _settle(sections: Sections, faults: Sequence[LintFinding], remarks: list[str]) -> None:
    """Resolve one round of findings; every round adds a waiver or removes something."""
    tenants: list[Entry] = sections["tenants"]
    if _segments_help(sections, faults, remarks):
        return
    for section in ("cluster", "platform"):
        for fault in (fault for fault in faults if fault.path[0] == section and not _is_of_nodes(fault)):
            # Names that the API server would refuse too.
            sections[section].pop(fault.path[1])
            remarks.append(printable(f"{section} keeps its default: {fault}"))
    _settle_nodes(sections, faults, remarks)
    by_tenant: dict[int, list[LintFinding]] = {}
    for fault in faults:
        if fault.path[0] == "tenants" and isinstance(fault.path[1], int):
            by_tenant.setdefault(fault.path[1], []).append(fault)
    hopeless = {
        index: fault
        for index, found in by_tenant.items()
        for fault in found
        if not fault.rule.waivable or _is_waived(tenants[index], fault.rule)
    }
    for index, fault in hopeless.items():
        remarks.append(left_out(tenants[index]["name"], f"{fault.rule.id}, {fault.message}"))
    if not hopeless:
        for index, found in by_tenant.items():
            remarks += _waive(tenants[index], found)
    sections["tenants"] = [entry for index, entry in enumerate(tenants) if index not in hopeless]


def _waive(entry: Entry, faults: Iterable[LintFinding]) -> Iterator[str]:
    """Waive the rules that a tenant breaks, and yield remarks."""
    for rule, fault in {fault.rule: fault for fault in faults}.items():
        entry.setdefault("waive", []).append({"rule": rule.id, "reason": REASON})
        # One remark for all whose keepalived pods share nodes, once it is known which they are.
        if rule is not ONE_PER_NODE:
            yield printable(f"{entry['name']}: {rule.id} is waived, {REASON}: {fault.message}.")


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
    for node in sections["cluster"].get("nodeKeepalived", {}).get("nodes", ()):
        if segment := _segment(node["name"], sections):
            node["segment"] = segment
    remarks.append(
        "cluster.vipPools declares each /24 as a network segment of its own, since several of them use the same VRRP "
        "ids; correct it where that is wrong."
    )
    return True


# --- keepalived pods that share a node, and those of nodes ------------------------------------------------------------


def _settle_nodes(sections: Sections, faults: Sequence[LintFinding], remarks: list[str]) -> None:
    """Leave out the nodes' keepalived that break a rule; where a tenant does too, that one is settled first."""
    of_tenants = {fault.rule for fault in faults if fault.path[0] == "tenants"}
    hopeless = [fault for fault in faults if _is_of_nodes(fault) and fault.rule not in of_tenants]
    if not hopeless:
        return
    keepalived: Sections = sections["cluster"]["nodeKeepalived"]
    left = {fault.path[3]: fault for fault in hopeless if len(fault.path) > 3 and fault.path[2] == "nodes"}
    for index, fault in left.items():
        name = keepalived["nodes"][index]["name"]
        remarks.append(left_out(f"The keepalived of node {name}", f"{fault.rule.id}, {fault.message}"))
    keepalived["nodes"] = [node for index, node in enumerate(keepalived["nodes"]) if index not in left]
    for fault in (fault for fault in hopeless if fault not in left.values() and fault.path[2] != "nodes"):
        keepalived.pop(str(fault.path[2]), None)
        remarks.append(printable(f"cluster keeps its default: {fault}"))
    if not keepalived["nodes"]:
        del sections["cluster"]["nodeKeepalived"]


def _is_of_nodes(fault: LintFinding) -> bool:
    return fault.path[:2] == ("cluster", "nodeKeepalived")


def _sharing_remark(sharing: Sequence[Entry], *, is_proposed: bool) -> str:
    nodes = sorted({entry["hosts"][entry.get("activeRole", Role.MASTER)] for entry in sharing})
    way_out = (
        "the file has cluster.nodeKeepalived for that, as a comment; see"
        if is_proposed
        else "write cluster.nodeKeepalived, as described in"
    )
    return printable(
        f"{ONE_PER_NODE.id} is waived, {REASON}, for {_some([entry['name'] for entry in sharing])}: their keepalived "
        f"pods share {_some(nodes)}, and each start of one cuts off the other tenants of its node. The adoption starts "
        f"none. To end that, let them share one keepalived for each node: {way_out} docs/operations.md, Keepalived per "
        "node."
    )


def _some(words: list[str], *, most: int = 4) -> str:
    return listed(words[: most + (len(words) == most + 1)], total=len(words))


def _proposed_node_keepalived(sections: Sections, taken: Collection[int]) -> str:
    """Write keepalived of all nodes as a comment; empty if the file has some, or too few VRRP ids are free."""
    tenants: Sequence[Entry] = sections["tenants"]
    names = sorted({node for entry in tenants for node in entry["hosts"].values()})
    # From the top, since the ids of new tenants are last octets, which are given from the bottom.
    free = [vrid for vrid in range(HIGHEST, LOWEST - 1, -1) if vrid not in taken]
    if "nodeKeepalived" in sections["cluster"] or "namespace" not in sections["cluster"] or len(free) < len(names):
        return ""
    nodes = []
    for name, vrid in zip(names, free, strict=False):
        segment = _segment(name, sections)
        nodes.append({"name": name, "vrid": vrid, **({"segment": segment} if segment else {})})
    image = most_frequent(entry.get("keepalived", {}).get("image") for entry in tenants)
    tolerations = most_frequent(entry.get("tolerations") for entry in tenants)
    proposed = {
        **({"image": image} if image is not None else {}),
        **({"tolerations": tolerations} if tolerations is not None else {}),
        "nodes": nodes,
    }
    lines = [*_PROPOSAL, *_dumped({"nodeKeepalived": proposed}, flow=None).splitlines()]
    return "".join(f"    # {line}\n" for line in lines)


_PROPOSAL = (
    "Once the tenants are adopted, each node can have one keepalived for all its tenants, which then need",
    "`keepalived: {per: node}`: see docs/operations.md, Keepalived per node. Other equipment may use these VRRP ids:",
    "check them.",
)


def _segment(node: str, sections: Sections) -> str | None:
    """Return the segment of the VIPs that a node may serve, the most frequent of several; `None` if there are none."""
    segments: dict[IPv4Network, str] = {
        IPv4Network(pool["cidr"]): pool["segment"] for pool in sections["cluster"].get("vipPools", ())
    }
    served = [entry["vip"] for entry in sections["tenants"] if node in entry["hosts"].values()]
    found = [segment for vip in served for network, segment in segments.items() if _is_in(vip, network)]
    return most_frequent(found) if found else None


def _is_in(vip: str, network: IPv4Network) -> bool:
    try:
        return IPv4Address(vip) in network
    except AddressValueError:
        return False


def _is_waived(entry: Entry, rule: Rule) -> bool:
    return any(waiver["rule"] == rule.id for waiver in entry.get("waive", ()))


def _dumped(value: Sections, *, flow: bool | None = False) -> str:
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, width=120, allow_unicode=True, default_flow_style=flow)


class _Dumper(yaml.SafeDumper):
    """Quotes what Pulumi's parser would not read as text, which is more than PyYAML quotes."""


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None if isinstance(resolve(text), str) else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)
_Dumper.ignore_aliases = lambda *_: True  # type: ignore[method-assign]
