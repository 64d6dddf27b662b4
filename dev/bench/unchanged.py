"""Measures a preview without changes, against `kubectl diff` and a dry run of helm."""

from dev.bench import rivals
from dev.bench.cell import Cell
from dev.bench.comparison import Comparison
from dev.local import progress


def compare(here: Cell, tenants: int, rounds: int) -> list[Comparison]:
    """Run each tool in turn on a running fleet."""
    kubectl = "kubectl diff --server-side"
    result = Comparison(about=f"A preview of {tenants} tenants without changes.", reference=kubectl)
    objects = here.objects()
    # The release that a dry run compares with.
    rivals.helm(here, objects, "install", "--take-ownership").output()
    for number in range(rounds):
        progress.log(f"preview of {tenants} tenants without changes, round {number + 1} of {rounds}")
        result.add(kubectl, rivals.kubectl(here, objects, "diff").seconds())
        result.add("helm upgrade --dry-run=server", rivals.helm(here, objects, "upgrade", "--dry-run=server").seconds())
        # Fails if there are changes.
        result.add("pulumi preview", here.pulumi("preview", "--expect-no-changes").seconds())
    return [result]
