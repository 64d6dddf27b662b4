"""Each fault of the matrix loses nothing and restarts nothing, and the next `up` completes what it interrupted."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.local import places
from dev.local.cluster import KwokCluster
from dev.local.conditions import conditions
from tests.support.cell import eventually, new_cell
from tests.support.matrix import page
from tests.support.matrix.fault import Fault
from tests.support.matrix.judge import judged
from tests.support.matrix.matrix import FAULTS
from tests.support.matrix.results import Results, Row
from tests.support.matrix.scene import NODES, Scene
from tests.support.program import ROOT

pytestmark = pytest.mark.engine

_numbers = itertools.count(1)


def scene_in(cluster: KwokCluster, environment: dict[str, str], directory: Path) -> Scene:
    """Return a fleet that is not deployed yet."""
    names = [node for nodes in NODES.values() for node in nodes]
    return Scene(cluster, new_cell(f"faults-{next(_numbers)}", environment, *names), directory)


@pytest.fixture(scope="module")
def deployed(
    cluster: KwokCluster, cluster_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Scene:
    """A deployed fleet: each row finds what the one before has left."""
    scene = scene_in(cluster, cluster_environment, tmp_path_factory.mktemp("faults"))
    scene.stack.up(scene.config)
    eventually(scene.serves, what="the fleet serves", seconds=60)
    return scene


@pytest.fixture
def scene(
    fault: Fault,
    request: pytest.FixtureRequest,
    cluster: KwokCluster,
    cluster_environment: dict[str, str],
    tmp_path: Path,
) -> Scene:
    """The fleet that a fault hits."""
    if fault.deployed:
        found: Scene = request.getfixturevalue("deployed")
        return found
    return scene_in(cluster, cluster_environment, tmp_path)


@pytest.fixture(scope="module")
def rows() -> Iterator[list[Row]]:
    """What has been found; written to docs/reliability.md if every fault has been injected."""
    found: list[Row] = []
    yield found
    if [row.name for row in found] == [fault.name for fault in FAULTS]:
        tools = {"Pulumi": ["pulumi", "version"], "Kubernetes": ["kube-apiserver", "--version"]}
        Results(conditions=conditions(places.of_checkout(), tools), rows=found).write(
            ROOT / "docs" / "reliability" / "faults.json"
        )
        page.write(ROOT / "docs")


@pytest.mark.parametrize(
    "fault", [pytest.param(each, id=each.name, marks=[] if each.quick else pytest.mark.nightly) for each in FAULTS]
)
@pytest.mark.timeout(1800)
def test_nothing_is_lost_and_the_next_up_completes_it(fault: Fault, scene: Scene, rows: list[Row]) -> None:
    row = judged(fault, scene)
    rows.append(row)
    if row.faulty:
        pytest.fail("\n\n".join(row.faulty), pytrace=False)
