"""A stack file is cut in two between its tenants; whatever cannot be cut is refused and left as it is."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tenants.__main__ import main
from tenants.split import CannotSplitError, split
from tests.support.strategies import Raw, sound_fleets, stack_file

WHOLE = """\
# yaml-language-server: $schema=tenants/schema.json
config:
  adb-tenants:cluster:
    imagePullSecrets: [registry]   # of the account
    # Where it is.
    context: prod
  # What all share.
  adb-tenants:platform:
    adbops: {data: {rm.addr: 10.0.0.1, rm.port: "8080"}}
    mysql:
      name: db
      data:
        mysql.vip: {secure: v1:abc}
  other:key: {secure: v1:def}
  adb-tenants:tenants:
    # The first one.
    - name: tenant1
      vip: 192.168.143.1   # by agreement
      hosts: {master: m1, standby: s1}

    # The second one,
    # which moves.
    - {name: tenant2, vip: 192.168.143.2, hosts: {master: m2, standby: s2}}
    - name: tenant3
      vip: 192.168.143.3
      hosts: {master: m3, standby: s3}
# The key.
encryptionsalt: v1:xyz
"""
STAYS = WHOLE.replace(
    """\
    # The second one,
    # which moves.
    - {name: tenant2, vip: 192.168.143.2, hosts: {master: m2, standby: s2}}
""",
    "",
)
MOVED = """\
# yaml-language-server: $schema=tenants/schema.json
config:
  adb-tenants:cluster:
    keepalivedAccountOf: adb-tenants/prod
    adoptFrom: adb-tenants/prod
    # Where it is.
    context: prod
  # What all share.
  adb-tenants:platform:
    mysql:
      name: db
  other:key: {secure: v1:def}
  adb-tenants:tenants:
    # The second one,
    # which moves.
    - {name: tenant2, vip: 192.168.143.2, hosts: {master: m2, standby: s2}}
# The key.
encryptionsalt: v1:xyz
"""
STEPS = """
  pulumi stack init east
  pulumi state move --source prod --dest east \\
    'urn:pulumi:prod::adb-tenants::adb:tenants:Tenant::tenant2'
  pulumi up --stack east
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    written = tmp_path / "Pulumi.prod.yaml"
    written.write_text(WHOLE)
    return written


def test_both_files_keep_their_lines_and_lint_clean(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["split", str(file), "east", "tenant2"]) == 0
    assert STEPS in capsys.readouterr().out
    new = file.with_name("Pulumi.east.yaml")
    assert (file.read_text(), new.read_text()) == (STAYS, MOVED)
    assert {each.name for each in file.parent.iterdir()} == {file.name, new.name}
    assert main(["lint", str(file), str(new)]) == 0


PER_NODE = """\
config:
  adb-tenants:cluster:
    # Where it is.
    context: prod
    # For all.
    nodeKeepalived:
      # Of our registry.
      image: keepalived:2
      nodes:
        - {name: m1, vrid: 201}   # rack 1
        - {name: m2, vrid: 202}
      tolerations: []
    namespace: adb
  adb-tenants:defaults: {keepalived: {per: node}}
  adb-tenants:tenants:
    - {name: tenant1, vip: 192.168.143.1, hosts: {master: m1, standby: m2}}
    - {name: tenant2, vip: 192.168.143.2, hosts: {master: m1, standby: m2}}
"""
PER_NODE_MOVED = """\
config:
  adb-tenants:cluster:
    keepalivedAccountOf: adb-tenants/prod
    adoptFrom: adb-tenants/prod
    # Where it is.
    context: prod
    # For all.
    nodeKeepalived:
      of: adb-tenants/prod
      # Of our registry.
      nodes:
        - {name: m1, vrid: 201}   # rack 1
        - {name: m2, vrid: 202}
    namespace: adb
  adb-tenants:defaults: {keepalived: {per: node}}
  adb-tenants:tenants:
    - {name: tenant2, vip: 192.168.143.2, hosts: {master: m1, standby: m2}}
"""


def test_the_old_stack_keeps_the_keepalived_of_nodes_and_the_new_one_uses_it(file: Path) -> None:
    file.write_text(PER_NODE)
    assert main(["split", str(file), "east", "tenant2"]) == 0
    new = file.with_name("Pulumi.east.yaml")
    assert file.read_text() == PER_NODE.replace(PER_NODE.splitlines(keepends=True)[-1], "")
    assert new.read_text() == PER_NODE_MOVED
    assert main(["lint", str(file), str(new)]) == 0
    # Once more: the first stack still declares it.
    two = file.with_name("Pulumi.north.yaml")
    new.write_text(
        PER_NODE_MOVED.replace("    adoptFrom: adb-tenants/prod\n", "")
        + "    - {name: tenant3, vip: 192.168.143.3, hosts: {master: m2, standby: m1}}\n"
    )
    assert main(["split", str(new), "north", "tenant3"]) == 0
    assert "      of: adb-tenants/prod\n" in two.read_text()
    assert main(["lint", str(file), str(new), str(two)]) == 0


REFUSED = {
    "an unknown tenant": (["tenant9"], {}, "it has no tenant tenant9; the tenants are tenant1, tenant2, tenant3"),
    "all tenants": (["tenant1", "tenant2", "tenant3"], {}, "no tenant would stay"),
    "a retired tenant": (["tenant1"], {"name: tenant1": "name: tenant1\n      state: retired"}, "tenant1 is retired"),
    "an unfinished adoption": (["tenant1"], {"context: prod": "adoptFrom: a/b"}, "complete that adoption"),
    "a finding": (["tenant1"], {"143.3": "143.300"}, "has findings; fix them first"),
    "an anchor in what stays": (
        ["tenant2"],
        {"hosts: {master: m1": "tolerations: &t []\n      hosts: {master: m1", "2, hosts": "2, tolerations: *t, hosts"},
        "write the two files by hand",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_split_is_refused_and_unchanged(
    file: Path, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    tenants, replaced, message = REFUSED[what]
    whole = WHOLE
    for old, new in replaced.items():
        assert old in whole
        whole = whole.replace(old, new)
    file.write_text(whole)
    assert main(["split", str(file), "east", *tenants]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"{file} is not split: ")
    assert message in error
    assert {each.name: each.read_text() for each in file.parent.iterdir()} == {file.name: whole}


@pytest.mark.parametrize("stack", ["prod", "a/b", ""])
def test_a_stack_that_exists_or_cannot_is_refused(file: Path, stack: str) -> None:
    assert main(["split", str(file), stack, "tenant1"]) == 2
    assert [each.read_text() for each in file.parent.iterdir()] == [WHOLE]


def test_a_list_in_flow_style_is_refused() -> None:
    raw = {"adb-tenants:tenants": [{"name": "a", "vip": "10.0.0.1"}, {"name": "b", "vip": "10.0.0.2"}]}
    text = yaml.safe_dump({"config": raw}, default_flow_style=True)
    with pytest.raises(CannotSplitError, match="write the two files by hand"):
        split(text.encode(), stack="prod", tenants=["a"])


@given(raw=sound_fleets(), chosen=st.sets(st.integers(0, 20)))
def test_each_tenant_of_any_fleet_is_in_one_of_the_files(raw: Raw, chosen: set[int]) -> None:
    entries = raw["tenants"]
    moved = [entry for number, entry in enumerate(entries) if number in chosen]
    retired = any({**raw.get("defaults", {}), **entry}.get("state") == "retired" for entry in moved)
    text, _ = stack_file(raw)
    names = [entry["name"] for entry in moved]
    if not moved or len(moved) == len(entries) or retired:
        return
    files = split(text.encode(), stack="prod", tenants=names)
    stays, goes = (_sections(each) for each in (files.kept, files.moved))
    assert stays == {**raw, "tenants": [entry for entry in entries if entry not in moved]}
    assert goes["tenants"] == moved
    assert goes.get("defaults") == raw.get("defaults")
    others: Raw = {"keepalivedAccountOf": "adb-tenants/prod", "adoptFrom": "adb-tenants/prod"}
    if "nodeKeepalived" in raw.get("cluster", {}):
        nodes = raw["cluster"]["nodeKeepalived"]["nodes"]
        others["nodeKeepalived"] = {"nodes": nodes, "of": "adb-tenants/prod"}
    assert goes["cluster"] == {**raw.get("cluster", {}), **others}
    assert all(shared.keys() == {"name"} for shared in goes.get("platform", {}).values()), "its data stays"


def _sections(text: str) -> dict[str, Any]:
    return {key.removeprefix("adb-tenants:"): value for key, value in yaml.safe_load(text)["config"].items()}
