"""`python -m bench [PART]`: the measurements, each a table of ratios."""

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
from dev.local.refusal import UserError


@dataclass(frozen=True, kw_only=True)
class BenchPart:
    """Measurements that are made together, with what they are made with unless told otherwise."""

    about: str
    compare: Callable[[Path, int, int], Iterator[Comparison]]
    tenants: int
    rounds: int


def main(arguments: Sequence[str]) -> int:
    """Print each table as it is ready; the exit status is 0, 1 with a sentence on stderr, or 130 when interrupted."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Compares with helm and kubectl.")
    about = "; ".join(f"{name}: {part.about}" for name, part in _PARTS.items())
    parser.add_argument("part", nargs="?", choices=_PARTS, help=f"{about}; all of them unless one is named")
    parser.add_argument("--tenants", type=int, help="how many, in place of the part's own number")
    parser.add_argument("--rounds", type=int, help="how often, in place of the part's own number")
    told = parser.parse_args(arguments)
    # So that a `kill`, like Ctrl-C, lets the cluster be ended.
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        here = places.of_checkout()
        helm = toolchain.executable(toolchain.HELM, here)
        print(conditions.described(here, helm), flush=True)
        for name in [told.part] if told.part else _PARTS:
            part = _PARTS[name]
            for comparison in part.compare(helm, told.tenants or part.tenants, told.rounds or part.rounds):
                print(f"\n{comparison}\n", flush=True)
    except UserError as refusal:
        progress.say(f"\n{refusal}")
        return 1
    except KeyboardInterrupt:
        progress.say("\ninterrupted")
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
        progress.say(f"bringing up {tenants} tenants")
        here.up_without_checkpoints().output()
        yield from failover.compare(here, tenants, rounds)
        yield from unchanged.compare(here, tenants, rounds)
        yield from one_edit.compare(here, tenants, rounds)


_PARTS = {
    "lint": BenchPart(about="reading a stack file", compare=_lint, tenants=1000, rounds=7),
    "up": BenchPart(about="the first up of a fleet", compare=_up, tenants=20, rounds=2),
    "alone": BenchPart(
        about="failover of a tenant, nothing changed, one edit, in a fleet of one", compare=_fleet, tenants=1, rounds=3
    ),
    "fleet": BenchPart(about="the same in a large fleet", compare=_fleet, tenants=100, rounds=1),
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
