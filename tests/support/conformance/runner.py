"""Runs the steps with one plugin, on a new cluster and stack, with the real engine and API server."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

from dev.local.cluster import KwokCluster, Node, running
from tests.support import conformance
from tests.support.conformance.observation import Normaliser, Observation
from tests.support.conformance.plugins import Plugin
from tests.support.conformance.steps import Manifest, Operation, Step

_PROGRAM = conformance.DIRECTORY / "program"
_STACK = "conformance"
_UNUSED_PORT = 1
_NODES = (Node("m1", "192.168.143.101"), Node("m2", "192.168.143.102"))


def observe(plugin: Plugin, steps: tuple[Step, ...], directory: Path) -> Iterator[tuple[str, Observation]]:
    """Run the steps in order; yield the name and the observation of each."""
    with running(name=f"conformance-{plugin.name}", directory=directory / "cluster", nodes=_NODES) as cluster:
        runner = _Runner(plugin, cluster, directory)
        for step in steps:
            yield step.name, runner.run(step)


class _Runner:
    def __init__(self, plugin: Plugin, cluster: KwokCluster, directory: Path) -> None:
        self._cluster = cluster
        self._project = directory / "program"
        shutil.copytree(_PROGRAM, self._project)
        (directory / "state").mkdir()
        server = yaml.safe_load(cluster.kubeconfig.read_text())["clusters"][0]["cluster"]["server"]
        kubeconfigs = self._write_kubeconfigs(directory, server)
        self._placeholders = {f"<{name}>": str(path) for name, path in kubeconfigs.items()}
        names = {server.removeprefix("https://"): "<server>", cluster.context: "<context>"}
        # The longest first, since the shortest is a prefix of the others.
        names |= {str(path): f"<{name}>" for name, path in sorted(kubeconfigs.items(), reverse=True)}
        self._normaliser = Normaliser(names)
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("PULUMI_", "KUBE"))},
            "PATH": os.pathsep.join((str(plugin.directory), str(Path(sys.executable).parent), cluster.path)),
            "HOME": str(directory),
            "PULUMI_HOME": str(directory / "pulumi"),
            "PULUMI_BACKEND_URL": (directory / "state").as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "conformance",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }
        self._state: list[Observation] = []
        self._pulumi("stack", "init", _STACK)
        self._salt = (self._project / f"Pulumi.{_STACK}.yaml").read_text()

    def _write_kubeconfigs(self, directory: Path, server: str) -> dict[str, Path]:
        """Write the cluster's kubeconfig, one with an unused port, and one of a user without rights."""
        given = self._cluster.kubeconfig.read_text()
        stranger = yaml.safe_load(given)
        stranger["users"][0]["user"] |= {"as": "stranger"}
        written = {
            "kubeconfig": given,
            "kubeconfig-nowhere": given.replace(server, f"https://127.0.0.1:{_UNUSED_PORT}"),
            "kubeconfig-stranger": yaml.safe_dump(stranger),
        }
        paths = {name: directory / name for name in written}
        for name, path in paths.items():
            path.write_text(written[name])
        return paths

    def run(self, step: Step) -> Observation:
        for action in step.foreign:
            self._cluster.kubectl(*action.kubectl, stdin=json.dumps(action.stdin) if action.stdin else None)
        self._configure({"providers": step.providers, "objects": step.objects})
        observed: Observation = {operation: self._operate(operation) for operation in step.operations}
        if set(step.operations) != {"preview"}:
            before, self._state = self._state, self._normaliser.state(self._pulumi("stack", "export", "--show-secrets"))
            observed["state"] = {
                "changed": [resource for resource in self._state if resource not in before],
                "unchanged": sorted(resource["resource"] for resource in self._state if resource in before),
            }
        return observed

    def _configure(self, values: Manifest) -> None:
        text = json.dumps({f"conformance:{key}": value for key, value in values.items()})
        for placeholder, path in self._placeholders.items():
            text = text.replace(placeholder, path)
        settings = yaml.safe_load(self._salt) | {"config": json.loads(text)}
        (self._project / f"Pulumi.{_STACK}.yaml").write_text(yaml.safe_dump(settings))

    def _operate(self, operation: Operation) -> Observation:
        if operation == "preview":
            return self._normaliser.preview(self._pulumi("preview", "--json", "--stack", _STACK))
        return self._normaliser.events(self._pulumi(operation, "--yes", "--skip-preview", "--json", "--stack", _STACK))

    def _pulumi(self, *arguments: str) -> str:
        # A failure is not an error here: it is in the output, and so in the observation.
        done = subprocess.run(
            ["pulumi", "--non-interactive", "--color=never", *arguments],
            cwd=self._project,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout or done.returncode == 0, f"pulumi {' '.join(arguments)}: {done.stderr}"
        return done.stdout
