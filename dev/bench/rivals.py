"""Commands by which kubectl and helm create the objects that the program has declared."""

from pathlib import Path

from dev.bench import objects
from dev.bench.cell import Cell
from dev.bench.command import CommandLine
from dev.bench.objects import Objects

_RELEASE = "fleet"
_CHART = "apiVersion: v2\nname: fleet\nversion: 0.1.0\n"
# Another tool may have been measured before, and be the manager of the same fields.
_BY_FORCE = "--force-conflicts"


def kubectl(here: Cell, created: Objects, verb: str) -> CommandLine:
    """Return `kubectl apply` or `kubectl diff` of every object."""
    files = (_nodes(here, created), objects.write(created.owned, here.directory / "manifests" / "fleet.yaml"))
    return here.kubectl(verb, "--server-side", _BY_FORCE, *(f"--filename={file}" for file in files))


def helm(here: Cell, created: Objects, verb: str, *options: str) -> CommandLine:
    """Return `helm install` or `helm upgrade` of a chart without templating, the least that helm may have to do."""
    chart = here.directory / "chart"
    objects.write(created.owned, chart / "templates" / "fleet.yaml")
    (chart / "Chart.yaml").write_text(_CHART)
    return here.helm(verb, _RELEASE, str(chart), _BY_FORCE, *options)


def label_nodes(here: Cell, created: Objects) -> CommandLine:
    """Return `kubectl apply` of the node labels: helm must not own nodes, since `helm uninstall` would delete them."""
    return here.kubectl("apply", "--server-side", _BY_FORCE, f"--filename={_nodes(here, created)}")


def _nodes(here: Cell, created: Objects) -> Path:
    return objects.write(created.node_labels, here.directory / "manifests" / "nodes.yaml")
