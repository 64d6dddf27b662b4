"""Measures the first `up` of a fleet, against `kubectl apply` and `helm install` of the same objects."""

import time
from collections.abc import Sequence
from pathlib import Path

from dev.bench import fleets, rivals
from dev.bench.cell import WITHOUT_CHECKPOINTS, Cell, cell
from dev.bench.command import CommandLine
from dev.bench.comparison import Comparison
from dev.bench.watch import watching
from dev.local import progress

KUBECTL = "kubectl apply --server-side"
HELM = "kubectl apply of the node labels, helm install of the rest"
PULUMI = "pulumi up --skip-preview"

_PODS_OF_A_TENANT = 3
_READINESS = '{.metadata.name} {.status.conditions[?(@.type=="Ready")].status}{"\\n"}'


def compare(helm: Path, tenants: int, rounds: int) -> list[Comparison]:
    """Create the fleet with each tool in turn, each time on a new cluster."""
    returned = Comparison(
        about=f"First up of {tenants} tenants, until the commands have returned (only Pulumi waits for the pods).",
        reference=KUBECTL,
    )
    ready = Comparison(about=f"First up of {tenants} tenants, until all pods are ready.", reference=KUBECTL)

    def add(contender: str, took: tuple[float, float]) -> None:
        for comparison, seconds in zip((returned, ready), took, strict=True):
            comparison.add(contender, seconds)

    config = fleets.fleet(tenants)
    for number in range(rounds):
        progress.log(f"first up of {tenants} tenants, round {number + 1} of {rounds}")
        with cell(config, helm) as here:
            add(PULUMI, _time(here, tenants, [here.up()]))
        with cell(config, helm) as here:
            add(f"{PULUMI}, {WITHOUT_CHECKPOINTS}", _time(here, tenants, [here.up_without_checkpoints()]))
            objects = here.objects()
        with cell(config, helm) as here:
            add(KUBECTL, _time(here, tenants, [rivals.kubectl(here, objects, "apply")]))
        with cell(config, helm) as here:
            add(HELM, _time(here, tenants, [rivals.label_nodes(here, objects), rivals.helm(here, objects, "install")]))
    return [returned, ready]


def _time(here: Cell, tenants: int, commands: Sequence[CommandLine]) -> tuple[float, float]:
    """Return the seconds from the start of the first command until the last returned, and until every pod was ready."""
    ready: set[str] = set()

    def all_ready(line: str) -> bool:
        pod, _, status = line.partition(" ")
        if status == "True":
            ready.add(pod)
        return len(ready) == tenants * _PODS_OF_A_TENANT

    with watching(here.kubectl("get", "pods", "--watch", f"--output=jsonpath={_READINESS}")) as pods:
        began = time.perf_counter()
        for command in commands:
            command.output()
        returned = time.perf_counter() - began
        return returned, pods.until(all_ready, what="all pods are ready") - began
