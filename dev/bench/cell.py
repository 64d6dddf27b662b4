"""A cluster of its own for one measurement, and a stack of this checkout's program that may live on it."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from dev.bench import fleets
from dev.bench.command import BenchCommand
from dev.bench.fleets import Config
from dev.bench.objects import Objects
from dev.local import cluster as local_cluster
from dev.local.cluster import KwokCluster
from dev.local.places import CHECKOUT

_PROJECT = "adb-tenants"
_STACK = "bench"
_PROGRAM = ("Pulumi.yaml", "__main__.py", "components", "kube", "tenants")

WITHOUT_CHECKPOINTS = "PULUMI_SKIP_CHECKPOINTS=true, --parallel 64"
"""What `Cell.up_without_checkpoints` adds, in a user's words."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """Where a fleet is brought up, by whichever tool."""

    cluster: KwokCluster
    directory: Path
    helm_path: Path
    environment: Mapping[str, str]

    @property
    def project(self) -> Path:
        """Where the program and the stack's configuration lie."""
        return self.directory / "project"

    def configure(self, config: Config) -> None:
        """Write the stack's configuration, as its user would edit it."""
        file = self.project / f"Pulumi.{_STACK}.yaml"
        settings = yaml.safe_load(file.read_text()) if file.exists() else {}
        settings["config"] = {f"{_PROJECT}:{section}": content for section, content in config.items()}
        file.write_text(yaml.safe_dump(settings))

    def pulumi(self, *arguments: str, **environment: str) -> BenchCommand:
        """`pulumi` on the stack, with additions to its environment."""
        return self._command("pulumi", *arguments, "--non-interactive", "--stack", _STACK, **environment)

    def up(self, *options: str, **environment: str) -> BenchCommand:
        """`pulumi up` without a preview before it."""
        return self.pulumi("up", "--yes", "--skip-preview", *options, **environment)

    def up_without_checkpoints(self) -> BenchCommand:
        """The same in a hurry: the state is written once, at the end, and as much as possible happens at once."""
        return self.up("--parallel", "64", PULUMI_SKIP_CHECKPOINTS="true")

    def objects(self) -> Objects:
        """What the stack has made."""
        return Objects.of_state(self.pulumi("stack", "export", "--show-secrets").output())

    def kubectl(self, *arguments: str) -> BenchCommand:
        """`kubectl` on the cluster."""
        return self._command("kubectl", *arguments)

    def helm(self, *arguments: str) -> BenchCommand:
        """`helm` on the cluster."""
        return self._command(str(self.helm_path), *arguments)

    def _command(self, *arguments: str, **environment: str) -> BenchCommand:
        return BenchCommand(
            arguments=arguments, directory=self.project, environment={**self.environment, **environment}
        )


@contextmanager
def cell(config: Config, helm_path: Path) -> Iterator[Cell]:
    """A new cluster with the fleet's nodes, and an empty stack that is configured to be this fleet."""
    with (
        tempfile.TemporaryDirectory(prefix="adb-bench-") as name,
        local_cluster.running(
            name="adb-bench", directory=Path(name) / "cluster", nodes=fleets.nodes(config)
        ) as cluster,
    ):
        directory = Path(name)
        made = Cell(
            cluster=cluster, directory=directory, helm_path=helm_path, environment=_environment(cluster, directory)
        )
        (directory / "state").mkdir()
        made.project.mkdir()
        for part in _PROGRAM:
            (made.project / part).symlink_to(CHECKOUT / part)
        made.pulumi("stack", "init").output()
        made.configure(config)
        yield made


def _environment(cluster: KwokCluster, directory: Path) -> dict[str, str]:
    outside = dict(os.environ)
    # Where it is set, as in many containers, each run of the program compiles 650 modules anew: 2 of 5 s of processor
    # time in the preview of one tenant, 2026-11.
    outside.pop("PYTHONDONTWRITEBYTECODE", None)
    return {
        **outside,
        "KUBECONFIG": str(cluster.kubeconfig),
        "PULUMI_BACKEND_URL": f"{(directory / 'state').as_uri()}?metadata=skip",
        "PULUMI_CONFIG_PASSPHRASE": "bench",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        # Nothing of the user's own helm: neither plugins nor repositories.
        "HELM_CACHE_HOME": str(directory / "helm"),
        "HELM_CONFIG_HOME": str(directory / "helm"),
        "HELM_DATA_HOME": str(directory / "helm"),
    }
