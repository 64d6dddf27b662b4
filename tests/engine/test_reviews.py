"""Reviews of real previews, for each case in tests/data/review.

`RECORD_REVIEWS=1 python -m pytest tests/engine/test_reviews.py` records the previews and the expected reviews again.
"""

import copy
import itertools
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kube import adoption_notice
from review.preview import ABOUT_TOOLS
from tests.support.cell import Cell, new_cell
from tests.support.fleets import tenant3, with_tenants
from tests.support.legacy import create_legacy_tenant
from tests.support.review_cases import CASES, DIRECTORY, Case, written_review
from tests.support.stack import Stack

pytestmark = pytest.mark.engine

RECORD = "RECORD_REVIEWS" in os.environ
NAMESPACE = "adb-cell"
"""The namespace in recorded previews."""
NOISE = frozenset({"sourcePosition", "stackTrace", "managedFields", "propertyDependencies"})
"""Paths of the recording machine, and field managers."""


def _fleet(cell: Cell, *edits: Any, platform: Any = None, cluster: Any = None) -> dict[str, Any]:
    base = tenant3(cell)
    tenants: dict[str, dict[str, Any]] = {
        "tenant3": base["tenants"][0],
        "tenant4": {"name": "tenant4", "vip": "192.168.143.145", "hosts": {"master": "m3", "standby": "m1"}},
    }
    for edit in edits:
        for name, fields in edit.items():
            if fields is None:
                del tenants[name]
            else:
                tenants[name] = {"name": name, **tenants.get(name, {}), **fields}
    config = with_tenants(base, [_placed(cell, entry) for entry in tenants.values()])
    config["cluster"] |= {key: _on_nodes(cell, value) for key, value in (cluster or {}).items() if value is not None}
    config["platform"] = copy.deepcopy(config["platform"])
    for name, shared in (platform or {}).items():
        if shared is None:
            del config["platform"][name]
        else:
            config["platform"][name]["data"].update(shared["data"])
    return config


def _on_nodes(cell: Cell, node_keepalived: dict[str, Any]) -> dict[str, Any]:
    """Replace short names of nodes by full ones."""
    nodes = [{**node, "name": cell.node(node["name"])} for node in node_keepalived["nodes"]]
    return {**node_keepalived, "nodes": nodes}


def _placed(cell: Cell, entry: dict[str, Any]) -> dict[str, Any]:
    """Replace short names of nodes by full ones."""
    full = {short: cell.node(short) for short in ("m1", "m2", "m3")}
    hosts = {role: full.get(host, host) for role, host in entry["hosts"].items()}
    moves = [move | ({"host": full[move["host"]]} if "host" in move else {}) for move in entry.get("allowMove", [])]
    return {**entry, "hosts": hosts} | ({"allowMove": moves} if moves else {})


@pytest.fixture(scope="module")
def deployed(
    cluster_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Case], tuple[Cell, Stack]]:
    """Deploy the initial state of a case, once for all cases that share it: a preview changes nothing."""
    made: dict[str, tuple[Cell, Stack]] = {}
    numbers = itertools.count(1)

    def bring_up(case: Case) -> tuple[Cell, Stack]:
        start = json.dumps(
            [
                *(case.deployed, case.deployed_cluster, case.legacy, case.by_hand),
                *(case.scaled_down, case.lost_nodes, case.state_lost),
            ]
        )
        if start not in made:
            cell = new_cell(f"reviews-{next(numbers)}", cluster_environment, "m1", "m2", "m3")
            stack = Stack(tmp_path_factory.mktemp("stack"), name="dev", environment=cell.environment)
            if case.deployed != "nothing":
                stack.up(_fleet(cell, case.deployed, cluster=case.deployed_cluster))
            if case.legacy:
                hosts = {"master": cell.node("m1"), "standby": cell.node("m2")}
                create_legacy_tenant(cell, "tenant3", vip="192.168.143.144", hosts=hosts)
            if case.by_hand:
                _meddle(cell)
            for stateful_set in case.scaled_down:
                cell.kubectl("scale", "statefulset", stateful_set, "--replicas", "0")
                cell.kubectl("wait", "--for", "delete", f"pod/{stateful_set}-0", "--timeout", "60s")
            for node in case.lost_nodes:
                cell.kubectl("delete", "node", cell.node(node))
            if case.state_lost:
                stack = Stack(tmp_path_factory.mktemp("stack"), name="dev", environment=cell.environment)
            made[start] = (cell, stack)
        return made[start]

    return bring_up


def _meddle(cell: Cell) -> None:
    """Make manual changes that the engine's refresh sees."""
    cell.kubectl("scale", "statefulset", "tenant3-standby", "--replicas", "0")
    cell.kubectl("delete", "service", "tenant4-vip")
    cell.kubectl("patch", "service", "tenant3-vip", "--patch", '{"spec": {"selector": {"role": "standby"}}}')


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_review_of_a_real_preview_is_as_recorded(
    case: Case, deployed: Callable[[Case], tuple[Cell, Stack]], tmp_path: Path
) -> None:
    cell, stack = deployed(case)
    deployed_fleet = case.deployed if case.deployed != "nothing" else {}
    cluster = {**case.deployed_cluster, **case.cluster}
    stack.configure(_fleet(cell, deployed_fleet, case.edit, platform=case.platform, cluster=cluster))
    environment = {"PULUMI_ENABLE_STREAMING_JSON_PREVIEW": "true"} if case.form == "events" else {}
    preview = stack.pulumi("preview", "--json", *case.options, **environment).stdout
    preview = preview.replace(cell.namespace, NAMESPACE)
    if RECORD:
        case.directory.mkdir(exist_ok=True)
        case.preview.write_text(_without_noise(preview, case.form))
        case.review.write_text(written_review(case.preview))
    fresh = tmp_path / case.preview.name
    fresh.write_text(preview)
    assert written_review(fresh) == case.review.read_text(), "the preview differs from the recorded one"


def _without_noise(preview: str, form: str) -> str:
    if form == "events":
        events = [json.loads(line) for line in preview.splitlines() if line]
        kept = [event for event in events if not _is_chatter(event.get("diagnosticEvent", {}))]
        return "".join(json.dumps(_cleaned(event)) + "\n" for event in kept)
    digest = json.loads(preview)
    digest["diagnostics"] = [entry for entry in digest.get("diagnostics", []) if not _is_chatter(entry)]
    return json.dumps(_cleaned(digest)) + "\n"


def _is_chatter(diagnostic: dict[str, Any]) -> bool:
    """Whether the review ignores it; it may contain a path of this machine."""
    message = diagnostic.get("message", "-").strip().removeprefix("warning: ")
    read = {"info": adoption_notice.read(message), "warning": not ABOUT_TOOLS.match(message), "error": message}
    return bool(diagnostic) and not read.get(diagnostic.get("severity", ""))


def _cleaned(document: Any) -> Any:
    if isinstance(document, dict):
        return {key: _cleaned(value) for key, value in document.items() if key not in NOISE}
    if isinstance(document, list):
        return [_cleaned(entry) for entry in document]
    return document


def test_every_case_is_recorded() -> None:
    recorded = {path.name for path in DIRECTORY.iterdir() if path.is_dir()}
    assert recorded == {case.name for case in CASES}
