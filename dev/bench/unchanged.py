"""What it costs to be told that nothing would change, against `kubectl diff` and a dry run of helm."""

from dev.bench import rivals
from dev.bench.cell import Cell
from dev.bench.comparison import Comparison
from dev.local import progress


def compare(here: Cell, tenants: int, rounds: int) -> list[Comparison]:
    """Ask each tool in turn about the fleet that is up."""
    kubectl = "kubectl diff --server-side"
    result = Comparison(about=f"Nothing changed in {tenants} tenants, until that is said.", reference=kubectl)
    made = here.objects()
    # The release that a dry run compares with.
    rivals.helm(here, made, "install", "--take-ownership").output()
    for number in range(rounds):
        progress.say(f"nothing changed in {tenants} tenants, round {number + 1} of {rounds}")
        result.add(kubectl, rivals.kubectl(here, made, "diff").seconds())
        result.add("helm upgrade --dry-run=server", rivals.helm(here, made, "upgrade", "--dry-run=server").seconds())
        # Which also proves that nothing has: it would fail.
        result.add("pulumi preview", here.pulumi("preview", "--expect-no-changes").seconds())
    return [result]
