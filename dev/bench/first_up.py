"""Measures the first `up` of a fleet, beside `kubectl apply` and `helm install` of the same objects."""

import time
from collections.abc import Sequence
from pathlib import Path

from dev.bench import fleets, rivals
from dev.bench.cell import Cell, cell
from dev.bench.command import CommandLine
from dev.bench.results import Cost, Results, Tool, Work
from dev.bench.watch import watching

_PODS_OF_A_TENANT = 3
_READINESS = '{.metadata.name} {.status.conditions[?(@.type=="Ready")].status}{"\\n"}'


def measure(results: Results, helm: Path, rounds: int) -> None:
    """Create the fleet with each tool in turn, each time on a new cluster."""
    tenants = results.sizes.first_up
    config = fleets.fleet(tenants)

    def add(here: Cell, tool: Tool, *commands: CommandLine) -> None:
        results.add(Work.FIRST_UP, tenants, tool, _cost(here, tenants, commands))

    for _ in range(rounds):
        with cell(config, helm) as here:
            add(here, Tool.UP_WITH_CHECKPOINTS, here.up_with_checkpoints())
        with cell(config, helm) as here:
            add(here, Tool.UP, here.up())
            objects = here.objects()
        with cell(config, helm) as here:
            add(here, Tool.APPLY, rivals.kubectl(here, objects, "apply"))
        with cell(config, helm) as here:
            add(here, Tool.INSTALL, rivals.label_nodes(here, objects), rivals.helm(here, objects, "install"))


def _cost(here: Cell, tenants: int, commands: Sequence[CommandLine]) -> Cost:
    """Return the cost of the commands, one after the other, until every pod was ready."""
    ready: set[str] = set()

    def all_ready(line: str) -> bool:
        pod, _, status = line.partition(" ")
        if status == "True":
            ready.add(pod)
        return len(ready) == tenants * _PODS_OF_A_TENANT

    with watching(here.kubectl("get", "pods", "--watch", f"--output=jsonpath={_READINESS}")) as pods:

        def work() -> tuple[float, float]:
            began = time.perf_counter()
            for command in commands:
                command.output()
            returned = time.perf_counter() - began
            return pods.until(all_ready, what="all pods are ready") - began, returned

        return here.meter.measure(work)
