"""`python -m dev.bench [BENCHMARK]`: runs the benchmarks, each a table of ratios."""

import argparse
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn

from dev.bench import conditions, failover, first_up, fleets, lint, one_edit, unchanged
from dev.bench.cell import cell
from dev.bench.comparison import Comparison
from dev.local import places, progress, toolchain
from dev.local.user_error import UserError


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    """Measurements that belong together, with their default size."""

    about: str
    compare: Callable[[Path, int, int], Iterator[Comparison]]
    tenants: int
    rounds: int


def main(arguments: Sequence[str]) -> int:
    """Print each table when it is ready; return 0, 1 after an error message on stderr, or 130 if interrupted."""
    parser = argparse.ArgumentParser(prog="python -m dev.bench", description="Compare with helm and kubectl.")
    about = "; ".join(f"{name}: {benchmark.about}" for name, benchmark in _BENCHMARKS.items())
    parser.add_argument("benchmark", nargs="?", choices=_BENCHMARKS, help=f"{about} (default: all)")
    parser.add_argument("--tenants", type=int, help="number of tenants (default: the benchmark's own)")
    parser.add_argument("--rounds", type=int, help="number of rounds (default: the benchmark's own)")
    options = parser.parse_args(arguments)
    # So that a `kill`, like Ctrl-C, also stops the cluster.
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        here = places.of_checkout()
        helm = toolchain.executable(toolchain.HELM, here)
        print(conditions.described(here, helm), flush=True)
        for name in [options.benchmark] if options.benchmark else _BENCHMARKS:
            chosen = _BENCHMARKS[name]
            for comparison in chosen.compare(helm, options.tenants or chosen.tenants, options.rounds or chosen.rounds):
                print(f"\n{comparison}\n", flush=True)
    except UserError as error:
        progress.log(f"\n{error}")
        return 1
    except KeyboardInterrupt:
        progress.log("\ninterrupted")
        return 130
    return 0


def _interrupt(number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt(number)


def _lint(_helm: Path, tenants: int, rounds: int) -> Iterator[Comparison]:
    yield from lint.compare(tenants, rounds)


def _up(helm: Path, tenants: int, rounds: int) -> Iterator[Comparison]:
    yield from first_up.compare(tenants, rounds, helm)


def _fleet(helm: Path, tenants: int, rounds: int) -> Iterator[Comparison]:
    with cell(fleets.fleet(tenants), helm) as here:
        progress.log(f"creating {tenants} tenants")
        here.up_without_checkpoints().output()
        yield from failover.compare(here, tenants, rounds)
        yield from unchanged.compare(here, tenants, rounds)
        yield from one_edit.compare(here, tenants, rounds)


_BENCHMARKS = {
    "lint": Benchmark(about="linting a stack file", compare=_lint, tenants=1000, rounds=7),
    "up": Benchmark(about="the first up of a fleet", compare=_up, tenants=20, rounds=2),
    "alone": Benchmark(
        about="failover, no change and one edit, in a fleet of one tenant", compare=_fleet, tenants=1, rounds=3
    ),
    "fleet": Benchmark(about="the same in a large fleet", compare=_fleet, tenants=100, rounds=1),
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
