"""Results as a run might have measured them."""

from dev.bench.results import Cost, Part, Results, Sizes, Tool, Usage, Work


def cost(seconds: float) -> Cost:
    """Return a cost of which each part has a share that tells it apart."""
    usage = {
        part: Usage(cpu_seconds=seconds * share / 10, peak_octets=share * 1_000_000)
        for share, part in enumerate(Part, start=1)
    }
    return Cost(seconds=seconds, returned=seconds + 1, requests=round(100 * seconds), usage=usage)


def results() -> Results:
    """Return results of three sizes, that grow with them."""
    made = Results(
        sizes=Sizes(lint=1000, first_up=3, fleet=(1, 4, 10)), conditions="2026-11-30, 2 processors", minutes=7
    )
    for tenants in made.sizes.fleet:
        made.state_octets[tenants] = 80_000 * tenants
        for seconds, work, tool in (
            (2, Work.UNCHANGED, Tool.DIFF),
            (1 + tenants / 4, Work.UNCHANGED, Tool.PREVIEW),
            (9, Work.UNCHANGED, Tool.PREVIEW),
            (2, Work.UNCHANGED, Tool.UP),
            (1 + tenants / 2, Work.FAILOVER, Tool.UP),
        ):
            made.add(work, tenants, tool, cost(seconds))
    return made
