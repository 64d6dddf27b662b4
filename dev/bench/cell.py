"""A temporary cluster for one measurement, with an empty stack of this checkout's program."""

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from dev.bench import fleets
from dev.bench.command import CommandLine
from dev.bench.fleets import Config
from dev.bench.meter import Meter
from dev.bench.objects import Objects
from dev.bench.results import Cost
from dev.local import cluster as local_cluster
from dev.local.cluster import KwokCluster, Node
from dev.local.places import CHECKOUT

_PROJECT = "adb-tenants"
_STACK = "bench"
_PROGRAM = ("Pulumi.yaml", "__main__.py", "components", "kube", "tenants")


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A cluster, and the commands that run against it."""

    cluster: KwokCluster
    meter: Meter
    directory: Path
    helm_path: Path
    environment: Mapping[str, str]

    @property
    def project(self) -> Path:
        """The directory of the program and the stack file."""
        return self.directory / "project"

    def configure(self, config: Config) -> None:
        file = self.project / f"Pulumi.{_STACK}.yaml"
        settings = yaml.safe_load(file.read_text()) if file.exists() else {}
        settings["config"] = {f"{_PROJECT}:{section}": content for section, content in config.items()}
        file.write_text(yaml.safe_dump(settings))

    def pulumi(self, *arguments: str, **environment: str) -> CommandLine:
        """Return a `pulumi` command on the stack, with additions to its environment."""
        return self._command("pulumi", *arguments, "--non-interactive", "--stack", _STACK, **environment)

    def up(self, *options: str, **environment: str) -> CommandLine:
        """Return a `pulumi up` without a preview."""
        return self.pulumi("up", "--yes", "--skip-preview", *options, **environment)

    def up_with_checkpoints(self) -> CommandLine:
        """Return a `pulumi up` that writes the state at each step, with the engine's own parallelism on two cores."""
        return self.up(PULUMI_SKIP_CHECKPOINTS="false", PULUMI_PARALLEL="8")

    def cost(self, command: CommandLine) -> Cost:
        """Return what the command costs, until it returns."""

        def work() -> tuple[float, float]:
            seconds = command.seconds()
            return seconds, seconds

        return self.meter.measure(work)

    def state_octets(self) -> int:
        """Return the size of the stack's checkpoint file."""
        # Compressed or not, with a backup beside it.
        (size,) = (
            file.stat().st_size
            for file in self.directory.glob(f"state/.pulumi/stacks/{_PROJECT}/{_STACK}.json*")
            if file.suffix != ".bak"
        )
        return size

    def objects(self) -> Objects:
        """Return the objects that the program has created."""
        return Objects.of_state(self.pulumi("stack", "export", "--show-secrets").output())

    def kubectl(self, *arguments: str) -> CommandLine:
        return self._command("kubectl", *arguments)

    def helm(self, *arguments: str) -> CommandLine:
        return self._command(str(self.helm_path), *arguments)

    def _command(self, *arguments: str, **environment: str) -> CommandLine:
        return CommandLine(arguments=arguments, directory=self.project, environment={**self.environment, **environment})


@contextmanager
def cell(config: Config, helm_path: Path, nodes: Sequence[Node] = ()) -> Iterator[Cell]:
    """Create a cluster with these nodes, or the fleet's, and an empty stack with the fleet's configuration."""
    with (
        tempfile.TemporaryDirectory(prefix="adb-bench-") as name,
        local_cluster.running(
            name="adb-bench", directory=Path(name) / "cluster", nodes=nodes or fleets.nodes(config)
        ) as cluster,
    ):
        directory = Path(name)
        created = Cell(
            cluster=cluster,
            meter=Meter(cluster),
            directory=directory,
            helm_path=helm_path,
            environment=_environment(cluster, directory),
        )
        (directory / "state").mkdir()
        created.project.mkdir()
        for part in _PROGRAM:
            (created.project / part).symlink_to(CHECKOUT / part)
        created.pulumi("stack", "init").output()
        created.configure(config)
        yield created


def _environment(cluster: KwokCluster, directory: Path) -> dict[str, str]:
    return {
        **os.environ,
        "KUBECONFIG": str(cluster.kubeconfig),
        "PULUMI_BACKEND_URL": f"{(directory / 'state').as_uri()}?metadata=skip",
        "PULUMI_CONFIG_PASSPHRASE": "bench",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        # No plugins or repositories of the user.
        "HELM_CACHE_HOME": str(directory / "helm"),
        "HELM_CONFIG_HOME": str(directory / "helm"),
        "HELM_DATA_HOME": str(directory / "helm"),
    }
