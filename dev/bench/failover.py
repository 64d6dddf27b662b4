"""Measures how long clients wait for a failover: until the VIP's Endpoints hold the other role's pod."""

import time
from itertools import cycle

from dev.bench import fleets
from dev.bench.cell import WITHOUT_CHECKPOINTS, Cell
from dev.bench.command import CommandLine
from dev.bench.comparison import Comparison
from dev.bench.watch import watching
from dev.local import progress
from tenants.fleet import Role, TenantNames

KUBECTL = "kubectl patch service"

_ADDRESSES = '{.subsets[*].addresses[*].ip}{"\\n"}'


def compare(here: Cell, tenants: int, rounds: int) -> list[Comparison]:
    """Fail one tenant of a running fleet over and back, with each tool in turn."""
    # The program declares tenants in their order: the last one waits longest.
    tenant = TenantNames(name=f"tenant{tenants}")
    where = "alone" if tenants == 1 else f"in a fleet of {tenants}"
    result = Comparison(
        about=f"Failover of a tenant {where}, until the Endpoints behind its VIP hold the new pod.", reference=KUBECTL
    )
    roles = cycle((Role.STANDBY, Role.MASTER))
    for number in range(rounds):
        progress.log(f"failover {where}, round {number + 1} of {rounds}")
        # There and back, so that the stack's state is correct again.
        for _ in range(2):
            role = next(roles)
            result.add(KUBECTL, _switch(here, tenant, role, _patch(here, tenant, role)))
        for contender, command in {
            "pulumi up": here.pulumi("up", "--yes"),
            "pulumi up --skip-preview": here.up(),
            f"pulumi up --skip-preview, {WITHOUT_CHECKPOINTS}": here.up_without_checkpoints(),
            "pulumi up --skip-preview --target '**::<tenant>-vip'": here.up(
                "--target", f"**::{tenant.virtual_ip_name}"
            ),
        }.items():
            role = next(roles)
            here.configure(fleets.fleet(tenants, {tenant.name: {"activeRole": str(role)}}))
            result.add(contender, _switch(here, tenant, role, command))
    return [result]


def _patch(here: Cell, tenant: TenantNames, role: Role) -> CommandLine:
    return here.kubectl(
        "patch", "service", tenant.virtual_ip_name, "--patch", f'{{"spec": {{"selector": {{"role": "{role}"}}}}}}'
    )


def _switch(here: Cell, tenant: TenantNames, role: Role, command: CommandLine) -> float:
    """Return the seconds from the command's start until the Endpoints hold the role's pod."""
    address = here.kubectl("get", "pod", tenant.pod_name(role), "--output=jsonpath={.status.podIP}").output()
    endpoints = here.kubectl("get", "endpoints", tenant.virtual_ip_name, "--watch", f"--output=jsonpath={_ADDRESSES}")
    with watching(endpoints) as addresses:
        addresses.until(lambda line: line != address, what="the Endpoints hold the other role's pod at first")
        began = time.perf_counter()
        with command.started() as running:
            switched = addresses.until(
                lambda line: line == address, what=f"the Endpoints hold {role}'s pod", after=running
            )
            running.finish()
        return switched - began
