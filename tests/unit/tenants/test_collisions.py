"""Files of one cluster that are linted together: a conflict between their tenants is found in each file."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenants.boundary import examine, examine_together
from tenants.findings import LintFinding
from tenants.lint import exit_code, lint_files
from tests.support.faults import Planted, faults_between_values
from tests.support.fleets import entry
from tests.support.strategies import Raw, stack_file

Paths = set[tuple[str, str]]
"""Rule and path of each finding."""


def stack(*tenants: Raw, **sections: Any) -> Raw:
    return {**sections, "tenants": list(tenants)}


def second(raw: Raw) -> Raw:
    """Return the same for a second stack in its namespace."""
    return {**raw, "cluster": {"keepalivedAccount": "second", **raw.get("cluster", {})}}


def hosts(master: str, standby: str) -> Raw:
    return {"master": master, "standby": standby}


def nodes(*vrids: int, of: str | None = None) -> Raw:
    """Return a section with keepalived of the nodes m1, m2 … of these VRRP ids."""
    listed = [{"name": f"m{number}", "vrid": vrid} for number, vrid in enumerate(vrids, start=1)]
    return {"cluster": {"nodeKeepalived": {"nodes": listed} | ({"of": of} if of else {})}}


def lint_together(directory: Path, files: Mapping[str, Raw]) -> dict[str, Paths]:
    """Lint files and return what is found in each; a finding must have its line and name the other file."""
    lines = {}
    for file, raw in files.items():
        text, lines[str(directory / file)] = stack_file(raw)
        (directory / file).write_text(text)
    reports = lint_files(list(lines))
    for report in reports:
        others = [file for file in lines if file != report.file]
        for finding in report.findings:
            at = {".".join(map(str, path)).replace(".", "|"): line for path, line in lines[report.file].items()}
            assert finding.position.line == at[re.sub(r"[.\[\]]+", "|", finding.path).strip("|")], str(finding)
            assert any(other in finding.message for other in others), f"names no other file: {finding.message}"
    found = {Path(report.file).name: {(it.rule.id, it.path) for it in report.faults} for report in reports}
    assert exit_code(reports) == (1 if any(found.values()) else 0)
    return found


VIP, HOST = "tenants[0].vip", "tenants[0].hosts.master"
NODE = "cluster.nodeKeepalived.nodes[0]"
EAST = [{"cidr": "10.0.1.0/24", "segment": "east"}]
MYSQL = {"mysql": {"data": {"mysql.vip": "10.0.0.3"}}}
AS_AGREED = [{"rule": "E601", "reason": "agreed"}, {"rule": "E703", "reason": "agreed"}]
WEST = {"cluster": {"namespace": "west"}}
ACCOUNT = {"cluster": {"keepalivedAccount": "keepalived"}}
PER_NODE = {"keepalived": {"per": "node"}}

COLLISIONS: dict[str, tuple[Raw, Raw, Paths, Paths]] = {
    "one address": (
        *(stack(entry(1)), stack(entry(2, vip="192.168.143.1", vrid=2))),
        *({("E402", VIP)}, {("E402", VIP)}),
    ),
    "one address in two namespaces": (
        *(stack(entry(1)), stack(entry(2, vip="192.168.143.1", vrid=2), **WEST)),
        *({("E402", VIP)}, {("E402", VIP)}),
    ),
    "one VRRP id": (
        *(stack(entry(1)), stack(entry(2, vrid=1))),
        *({("E502", VIP)}, {("E502", "tenants[0].vrid")}),
    ),
    "one VRRP id on a segment that only one file names": (
        *(stack(entry(1, vip="10.0.1.9"), cluster={"vipPools": EAST}), stack(entry(2, vip="10.0.1.8", vrid=9))),
        *({("E502", VIP)}, {("E502", "tenants[0].vrid")}),
    ),
    "one name in a namespace": (
        *(stack(entry(1)), stack(entry(2, name="tenant1"))),
        *({("E203", "tenants[0].name")}, {("E203", "tenants[0].name")}),
    ),
    "one name on a node of two namespaces": (
        *(stack(entry(1)), stack(entry(2, name="tenant1", hosts=hosts("m2", "m1"), dataPath="/data1/x"), **WEST)),
        *(
            {("E203", HOST), ("E703", "tenants[0]")},
            {("E203", "tenants[0].hosts.standby"), ("E703", "tenants[0]")},
        ),
    ),
    "two keepalived pods on a node": (
        *(stack(entry(1)), stack(entry(2, hosts=hosts("m1", "s2")), **WEST)),
        *({("E601", HOST)}, {("E601", HOST)}),
    ),
    "one node's keepalived that both declare": (
        *(stack(**nodes(201)), stack(**nodes(201))),
        *({("E601", NODE)}, {("E601", NODE)}),
    ),
    "a keepalived pod on a node that has one": (
        *(stack(**nodes(201)), stack(entry(1))),
        *({("E601", NODE)}, {("E601", HOST)}),
    ),
    "a keepalived pod on a node whose keepalived a third stack declares": (
        *(stack(**nodes(201, of="adb-tenants/c")), stack(entry(1))),
        *({("E601", NODE)}, {("E601", HOST)}),
    ),
    "one VRRP id of a node and a tenant": (
        *(stack(**nodes(9)), stack(entry(9))),
        *({("E502", f"{NODE}.vrid")}, {("E502", VIP)}),
    ),
    "one directory of a host": (
        *(stack(entry(1, dataPath="/data1/db")), stack(entry(2, hosts=hosts("m2", "m1"), logPath="/data1/db/log"))),
        *({("E703", "tenants[0].dataPath")}, {("E703", "tenants[0].logPath")}),
    ),
    "one shared object that both declare": (
        *(stack(entry(1), platform=MYSQL), stack(entry(2), platform=MYSQL)),
        *({("E205", "platform.mysql")}, {("E205", "platform.mysql")}),
    ),
    "a shared object with the name of a tenant's": (
        *(stack(entry(1)), stack(entry(2), platform={"mysql": {"name": "tenant1-vip-cm"}})),
        *(set(), {("E205", "platform.mysql")}),
    ),
    "one keepalived account": (
        *(stack(entry(1), **ACCOUNT), stack(entry(2), **ACCOUNT)),
        *({("E205", "cluster.keepalivedAccount")}, {("E205", "cluster.keepalivedAccount")}),
    ),
    "one network that is two segments": (
        *(stack(entry(1, vip="10.0.1.1"), cluster={"vipPools": EAST}), stack(cluster={"vipPools": ["10.0.1.0/24"]})),
        *({("E408", "cluster.vipPools[0]")}, {("E408", "cluster.vipPools[0]")}),
    ),
}


@pytest.mark.parametrize("what", COLLISIONS)
@pytest.mark.parametrize("turned", [False, True], ids=["a b", "b a"])
def test_a_collision_is_found_in_both_files(tmp_path: Path, what: str, turned: bool) -> None:
    a, b, in_a, in_b = COLLISIONS[what]
    files = {"a.yaml": a, "b.yaml": second(b)}
    assert lint_together(tmp_path, dict(reversed(files.items())) if turned else files) == {
        "a.yaml": in_a,
        "b.yaml": in_b,
    }


NO_COLLISIONS: dict[str, tuple[Raw, Raw]] = {
    "of two clusters": (stack(entry(1), cluster={"context": "a"}), stack(entry(1), cluster={"context": "b"})),
    "of the current cluster and a named one": (stack(entry(1)), stack(entry(1), cluster={"context": "b"})),
    "of one name in two namespaces on other nodes": (stack(entry(1)), stack(entry(2, name="tenant1"), **WEST)),
    "one id on two segments": (
        stack(entry(1, vip="10.0.1.9"), cluster={"vipPools": EAST}),
        stack(entry(2, vip="10.0.2.9"), cluster={"vipPools": [{"cidr": "10.0.2.0/24", "segment": "west"}]}),
    ),
    "a shared object that one declares and the other reads": (
        stack(entry(1), platform=MYSQL),
        stack(entry(2), platform={"mysql": {"name": "mysql-configmap"}}),
    ),
    "an account that one declares and the other uses": (
        stack(entry(1), **ACCOUNT),
        stack(entry(2), cluster={"keepalivedAccount": "keepalived", "keepalivedAccountOf": "adb-tenants/a"}),
    ),
    "a shared object of the same name in two namespaces": (
        stack(entry(1), platform=MYSQL),
        stack(entry(2), platform=MYSQL, **WEST),
    ),
    "a node's keepalived that one declares and both use": (
        stack(entry(1, hosts=hosts("m1", "m2"), **PER_NODE), **nodes(201, 202)),
        stack(
            entry(2, hosts=hosts("m2", "m1"), **PER_NODE, dataPath="/data1/x"),
            **nodes(201, 202, of="adb-tenants/a"),
        ),
    ),
    "the VRRP id that a tenant without a keepalived of its own would have": (
        stack(entry(9, hosts=hosts("m1", "m2"), **PER_NODE), **nodes(201, 202)),
        stack(entry(8, vrid=9)),
    ),
    "what the one waives": (stack(entry(1)), stack(entry(2, hosts=hosts("m1", "s1"), waive=AS_AGREED))),
    "what the other waives": (stack(entry(1, waive=AS_AGREED)), stack(entry(2, hosts=hosts("m1", "s1")))),
    "a node where the one's keepalived pod does not run": (
        stack(entry(1)),
        stack(*(entry(n, hosts=hosts("m1", f"s{n}"), state=state) for n, state in ((2, "stopped"), (3, "retired")))),
    ),
}


@pytest.mark.parametrize("what", NO_COLLISIONS)
def test_what_does_not_collide_is_accepted(tmp_path: Path, what: str) -> None:
    a, b = NO_COLLISIONS[what]
    assert lint_together(tmp_path, {"a.yaml": a, "b.yaml": second(b)}) == {"a.yaml": set(), "b.yaml": set()}


def test_a_file_that_is_named_twice_does_not_collide_with_itself(tmp_path: Path) -> None:
    file, link = tmp_path / "a.yaml", tmp_path / "link.yaml"
    file.write_text(stack_file(stack(entry(1)))[0])
    link.symlink_to(file)
    (report,) = lint_files([str(file), str(link), str(file)])
    assert (report.file, report.findings) == (str(file), ())


def test_an_unusable_file_hides_no_finding_of_the_others(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text(stack_file(stack(entry(1)))[0])
    (tmp_path / "broken").write_text("config: [\n")
    reports = lint_files([str(tmp_path / name) for name in ("a", "broken", "b", "missing")])
    assert [bool(report.faults) for report in reports] == [True] * 4
    assert exit_code(reports) == 2


def renumbered(findings: tuple[LintFinding, ...], *, first: int, files: Mapping[str, int]) -> set[tuple[str, bool]]:
    """Return findings as if all tenants were in one file, where the first tenant of each file has its number."""

    def in_one_file(found: re.Match[str]) -> str:
        return f"tenants[{int(found[1]) + (files[found[2]] if found[2] else first)}]"

    numbered, of_node = re.compile(r"tenants\[(\d+)\](?: of ([a-z.]+))?"), re.compile(r"(?<=nodes\[\d\]) of [a-z.]+")
    return {
        (of_node.sub("", numbered.sub(in_one_file, str(finding))), finding.waived is not None) for finding in findings
    }


@settings(max_examples=300, deadline=None)
@given(faults_between_values(), st.data())
def test_tenants_have_the_same_findings_in_one_file_and_in_several(planted: Planted, data: st.DataObject) -> None:
    raw = planted.raw
    cut = data.draw(st.integers(0, len(raw["tenants"])))
    files = {"a.yaml": 0, "b.yaml": cut}
    whole = renumbered(examine(raw).findings, first=0, files={})
    parts = {
        "a.yaml": {**raw, "tenants": raw["tenants"][:cut]},
        "b.yaml": second({**{key: raw[key] for key in raw if key != "platform"}, "tenants": raw["tenants"][cut:]}),
    }
    if "nodeKeepalived" in (cluster := parts["b.yaml"]["cluster"]):
        cluster["nodeKeepalived"] = {**cluster["nodeKeepalived"], "of": "adb-tenants/a"}
    apart = [
        renumbered(verdict.findings, first=first, files=files)
        for first, verdict in zip(files.values(), examine_together(parts), strict=True)
    ]
    assert apart[0] | apart[1] == whole
