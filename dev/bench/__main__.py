"""`python -m dev.bench [BENCHMARK]`: runs the benchmarks, each a table of ratios."""

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dev.bench import failover, first_up, fleets, lint, one_edit, unchanged
from dev.bench.cell import cell
from dev.bench.comparison import Comparison
from dev.local import kubernetes_plugin, places, progress, toolchain, versions
from dev.local.places import Places


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    """Measurements that belong together, with their default size."""

    about: str
    compare: Callable[[Path, int, int], Iterable[Comparison]]
    tenants: int
    rounds: int


def main(arguments: Sequence[str]) -> int:
    """Print each table when it is ready, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m dev.bench", description="Compare with helm and kubectl.")
    about = "; ".join(f"{name}: {benchmark.about}" for name, benchmark in _BENCHMARKS.items())
    parser.add_argument("benchmark", nargs="?", choices=_BENCHMARKS, help=f"{about} (default: all)")
    parser.add_argument("--tenants", type=int, help="number of tenants (default: the benchmark's own)")
    parser.add_argument("--rounds", type=int, help="number of rounds (default: the benchmark's own)")
    options = parser.parse_args(arguments)

    def work() -> None:
        here = places.of_checkout()
        helm = toolchain.executable(toolchain.HELM, here)
        print(_conditions(here, helm), flush=True)
        for name in [options.benchmark] if options.benchmark else _BENCHMARKS:
            chosen = _BENCHMARKS[name]
            for comparison in chosen.compare(helm, options.tenants or chosen.tenants, options.rounds or chosen.rounds):
                print(f"\n{comparison}\n", flush=True)

    return progress.exit_code(work, if_interrupted="interrupted")


def _conditions(here: Places, helm: Path) -> str:
    """Describe versions, plugin and the machine's load in one line: the figures mean little without it."""
    tools = {
        "pulumi": ["pulumi", "version"],
        "kube-apiserver": ["kube-apiserver", "--version"],
        "kubectl": ["kubectl", "version", "--client"],
        "helm": [str(helm), "version", "--short"],
    }
    found = [f"{name} {versions.printed_by(command)}" for name, command in tools.items()]
    official = kubernetes_plugin.find(os.environ, kubernetes_plugin.locked_version(here))
    found.append("the official Kubernetes plugin" if official else "the double of the Kubernetes plugin, dev/plugin")
    busy, _, _ = os.getloadavg()
    return f"{', '.join(found)}; {os.cpu_count()} processors, load {busy:.1f}"


def _fleet(helm: Path, tenants: int, rounds: int) -> Iterator[Comparison]:
    with cell(fleets.fleet(tenants), helm) as here:
        progress.log(f"creating {tenants} tenants")
        here.up_without_checkpoints().output()
        yield from failover.compare(here, tenants, rounds)
        yield from unchanged.compare(here, tenants, rounds)
        yield from one_edit.compare(here, tenants, rounds)


_BENCHMARKS = {
    "lint": Benchmark(
        about="linting a stack file",
        compare=lambda _helm, tenants, rounds: lint.compare(tenants, rounds),
        tenants=1000,
        rounds=7,
    ),
    "up": Benchmark(about="the first up of a fleet", compare=first_up.compare, tenants=20, rounds=2),
    "alone": Benchmark(
        about="failover, no change and one edit, in a fleet of one tenant", compare=_fleet, tenants=1, rounds=3
    ),
    "fleet": Benchmark(about="the same in a large fleet", compare=_fleet, tenants=100, rounds=1),
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
