"""How kubectl and helm are given the objects that the program has declared."""

from pathlib import Path

from dev.bench import objects
from dev.bench.cell import Cell
from dev.bench.command import BenchCommand
from dev.bench.objects import Objects

_RELEASE = "fleet"
_CHART = """\
apiVersion: v2
name: fleet
version: 0.1.0
"""
# Before this tool another one may have been measured, and have set the same fields.
_BY_FORCE = "--force-conflicts"


def kubectl(here: Cell, made: Objects, verb: str) -> BenchCommand:
    """`kubectl apply` or `kubectl diff` of every object."""
    files = (_nodes(here, made), objects.write(made.owned, here.directory / "manifests" / "fleet.yaml"))
    return here.kubectl(verb, "--server-side", _BY_FORCE, *(f"--filename={file}" for file in files))


def helm(here: Cell, made: Objects, verb: str, *options: str) -> BenchCommand:
    """`helm install` or `helm upgrade` of a chart that holds every object ready-made, the least it can have to do."""
    chart = here.directory / "chart"
    objects.write(made.owned, chart / "templates" / "fleet.yaml")
    (chart / "Chart.yaml").write_text(_CHART)
    return here.helm(verb, _RELEASE, str(chart), _BY_FORCE, *options)


def label_nodes(here: Cell, made: Objects) -> BenchCommand:
    """The node labels, beside helm: it must not own nodes, since `helm uninstall` would delete them."""
    return here.kubectl("apply", "--server-side", _BY_FORCE, f"--filename={_nodes(here, made)}")


def _nodes(here: Cell, made: Objects) -> Path:
    return objects.write(made.node_labels, here.directory / "manifests" / "nodes.yaml")
