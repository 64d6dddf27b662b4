"""The objects of a fleet as a helm chart, ready-made: the least that helm could have to do with them."""

from collections.abc import Sequence
from pathlib import Path

from dev.bench import objects
from dev.bench.objects import Manifest

_ABOUT = """\
apiVersion: v2
name: fleet
version: 0.1.0
"""


def write(manifests: Sequence[Manifest], directory: Path) -> Path:
    """Write the chart; returns its directory."""
    objects.write(manifests, directory / "templates" / "fleet.yaml")
    (directory / "Chart.yaml").write_text(_ABOUT)
    return directory
