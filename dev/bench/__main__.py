"""`python -m dev.bench [PART]`: measures, and writes docs/benchmark.md if it has measured everything."""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from dev.bench import first_up, fleet, lint, page
from dev.bench.results import Results, Sizes
from dev.local import places, progress, toolchain
from dev.local.conditions import conditions
from dev.local.places import Places

_PARTS = {
    "lint": "a stack file of 1,000 tenants is read",
    "first-up": "the first up of a fleet",
    "fleet": "previews, failovers and new images while a fleet grows",
    "page": "nothing is measured: the page is written again, from docs/benchmark.json",
}
_ROUNDS = 2


def main(arguments: Sequence[str]) -> int:
    """Run the parts, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m dev.bench", description="Compare with helm and kubectl.")
    about = "; ".join(f"{name}: {text}" for name, text in _PARTS.items())
    parser.add_argument("part", nargs="?", choices=_PARTS, help=f"{about} (default: all, and write the page)")
    parser.add_argument("--tenants", type=_numbers, help="their number; several, with commas, for a fleet that grows")
    parser.add_argument("--rounds", type=int, default=_ROUNDS, help=f"number of rounds (default: {_ROUNDS})")
    options = parser.parse_args(arguments)
    if options.tenants and options.part is None:
        parser.error("--tenants is for one part; the page shows the default numbers.")
    docs = places.CHECKOUT / "docs"

    def work() -> None:
        if options.part == "page":
            page.write(Results.from_json(page.data(docs).read_text()), docs)
        elif options.part:
            print(page.section(run([options.part], _sizes(options.part, options.tenants), options.rounds)))
        else:
            page.write(run(["lint", "first-up", "fleet"], Sizes(), options.rounds), docs)

    return progress.exit_code(work, if_interrupted="interrupted")


def run(parts: Sequence[str], sizes: Sizes, rounds: int) -> Results:
    """Measure the parts one after the other."""
    here = places.of_checkout()
    helm = toolchain.executable(toolchain.HELM, here)
    results = Results(sizes=sizes, conditions=_conditions(here, helm))
    measure: dict[str, Callable[[], None]] = {
        "lint": lambda: lint.measure(results, rounds),
        "first-up": lambda: first_up.measure(results, helm, rounds),
        "fleet": lambda: fleet.measure(results, helm, rounds),
    }
    began = time.monotonic()
    for part in parts:
        measure[part]()
    results.minutes = round((time.monotonic() - began) / 60)
    return results


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(sorted({int(number) for number in text.split(",")}))


def _sizes(part: str, tenants: tuple[int, ...] | None) -> Sizes:
    if tenants is None:
        return Sizes()
    return {
        "lint": Sizes(lint=tenants[0]),
        "first-up": Sizes(first_up=tenants[0]),
        "fleet": Sizes(fleet=tenants),
    }[part]


def _conditions(here: Places, helm: Path) -> str:
    tools = {
        "Pulumi": ["pulumi", "version"],
        "Kubernetes": ["kube-apiserver", "--version"],
        "kubectl": ["kubectl", "version", "--client"],
        "helm": [str(helm), "version", "--short"],
        "Python": [sys.executable, "--version"],
    }
    return conditions(here, tools)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
