"""One real control plane for all engine tests; a cell and a stack of its own for each."""

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.local import cluster as local_cluster
from dev.local.cluster import KwokCluster
from tests.support.cell import Cell, new_cell
from tests.support.stack import Stack

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KwokCluster]:
    """A control plane that lives as long as the tests do."""
    directory = tmp_path_factory.mktemp("cluster")
    with local_cluster.running(directory=directory, name="adb-engine-tests", nodes=()) as started:
        yield started


@pytest.fixture(scope="session")
def cluster_environment(cluster: KwokCluster) -> dict[str, str]:
    """Environment in which kubectl and the engine find it."""
    return {**os.environ, "KUBECONFIG": str(cluster.kubeconfig)}


@pytest.fixture
def cell(cluster_environment: dict[str, str]) -> Cell:
    """A namespace with two nodes, m1 and m2."""
    return new_cell(f"cell-{next(_numbers)}", cluster_environment, "m1", "m2")


@pytest.fixture
def stack(cell: Cell, tmp_path: Path) -> Stack:
    """An empty stack whose fleet is to live in the cell."""
    return Stack(tmp_path, name="dev", environment=cell.environment)
