"""Measures a fleet that grows: previews, failovers and a new image, beside kubectl and helm at two of its sizes."""

import copy
import time
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

from dev.bench import fleets, rivals
from dev.bench.cell import Cell, cell
from dev.bench.command import CommandLine
from dev.bench.objects import Manifest, Objects
from dev.bench.results import Cost, Results, Tool, Work
from dev.bench.watch import watching
from dev.local import progress
from tenants.fleet import Role, TenantNames

_Turns = Iterator[tuple[Tool, Cost]]

# Above, one round takes minutes.
_MOST_TENANTS_OF_SEVERAL_ROUNDS = 100
_EDITED = "tenant1"
_ADDRESSES = '{.subsets[*].addresses[*].ip}{"\\n"}'


class _Fleet:
    """A fleet of one size, in step with its stack file."""

    def __init__(self, here: Cell, tenants: int) -> None:
        self.here = here
        self.tenants = tenants
        self._changes: dict[str, dict[str, str]] = {}

    def edit(self, tenant: str, key: str, value: str) -> None:
        """Change one value of an entry in the stack file."""
        self._changes.setdefault(tenant, {})[key] = value
        self.here.configure(fleets.fleet(self.tenants, self._changes))


def measure(results: Results, helm: Path, rounds: int) -> None:
    """Create the smallest fleet on a new cluster, and let it grow; each tenant comes with its nodes."""
    sizes = results.sizes
    with cell(fleets.fleet(sizes.alone), helm) as here:
        for tenants in sizes.fleet:
            progress.log(f"creating {tenants} tenants")
            config = fleets.fleet(tenants)
            here.cluster.start(fleets.nodes(config))
            here.configure(config)
            here.up().output()
            here.meter.observe_idleness()
            results.state_octets[tenants] = here.state_octets()
            fleet = _Fleet(here, tenants)
            beside = tenants in {sizes.alone, sizes.compared}
            for number in range(rounds if tenants <= _MOST_TENANTS_OF_SEVERAL_ROUNDS else 1):
                objects = here.objects()
                for tool, cost in _unchanged(fleet, objects, beside=beside):
                    results.add(Work.UNCHANGED, tenants, tool, cost)
                for tool, cost in _failovers(fleet, beside=beside):
                    results.add(Work.FAILOVER, tenants, tool, cost)
                if beside:
                    for tool, cost in _new_images(fleet, objects, number):
                        results.add(Work.NEW_IMAGE, tenants, tool, cost)


def _unchanged(fleet: _Fleet, objects: Objects, *, beside: bool) -> _Turns:
    here = fleet.here
    yield Tool.DIFF, here.cost(rivals.kubectl(here, objects, "diff"))
    if beside:
        # The release that a dry run compares with.
        rivals.helm(here, objects, "upgrade", "--install", "--take-ownership").output()
        yield Tool.DRY_RUN, here.cost(rivals.helm(here, objects, "upgrade", "--dry-run=server"))
    # Fail if there are changes.
    yield Tool.PREVIEW, here.cost(here.pulumi("preview", "--expect-no-changes"))
    yield Tool.UP, here.cost(here.up("--expect-no-changes"))


def _failovers(fleet: _Fleet, *, beside: bool) -> _Turns:
    """Fail the last tenant over and back, an even number of times."""
    here = fleet.here
    tenant = TenantNames(name=f"tenant{fleet.tenants}")
    if beside:
        # There and back, so that the state of the stack is correct again.
        for role in (Role.STANDBY, Role.MASTER):
            change = f'{{"spec": {{"selector": {{"role": "{role}"}}}}}}'
            patch = here.kubectl("patch", "service", tenant.virtual_ip_name, "--patch", change)
            yield Tool.PATCH, _switch(here, tenant, role, patch)
    commands = [(Tool.UP, here.up())] * 2
    if beside:
        commands.append((Tool.UP_AND_PREVIEW, here.pulumi("up", "--yes")))
        commands += [(Tool.UP_WITH_CHECKPOINTS, here.up_with_checkpoints())] * 2
        commands.append((Tool.UP_TARGET, here.up("--target", f"**::{tenant.virtual_ip_name}")))
    for (tool, command), role in zip(commands, cycle((Role.STANDBY, Role.MASTER)), strict=False):
        fleet.edit(tenant.name, "activeRole", str(role))
        yield tool, _switch(here, tenant, role, command)


def _switch(here: Cell, tenant: TenantNames, role: Role, command: CommandLine) -> Cost:
    """Return the cost of a command until the Endpoints hold the role's pod."""
    address = here.kubectl("get", "pod", tenant.pod_name(role), "--output=jsonpath={.status.podIP}").output()
    endpoints = here.kubectl("get", "endpoints", tenant.virtual_ip_name, "--watch", f"--output=jsonpath={_ADDRESSES}")
    with watching(endpoints) as addresses:
        addresses.until(lambda line: line != address, what="the Endpoints hold the other role's pod at first")

        def work() -> tuple[float, float]:
            began = time.perf_counter()
            with command.started() as running:
                switched = addresses.until(
                    lambda line: line == address, what=f"the Endpoints hold {role}'s pod", after=running
                )
                running.finish()
            return switched - began, time.perf_counter() - began

        return here.meter.measure(work)


def _new_images(fleet: _Fleet, objects: Objects, number: int) -> _Turns:
    """Set a new image with each tool in turn; no pod restarts (`OnDelete`)."""
    here = fleet.here
    yield Tool.APPLY, here.cost(rivals.kubectl(here, _with_image(objects, f"kubectl-{number}"), "apply"))
    yield Tool.UPGRADE, here.cost(rivals.helm(here, _with_image(objects, f"helm-{number}"), "upgrade"))
    fleet.edit(_EDITED, "image", _image(f"pulumi-{number}"))
    yield Tool.UP, here.cost(here.up())


def _image(tag: str) -> str:
    return f"docker.dtdream.com/adb/adb-control:{tag}"


def _with_image(objects: Objects, tag: str) -> Objects:
    def changed(manifest: Manifest) -> Manifest:
        if manifest["kind"] != "StatefulSet" or not manifest["metadata"]["name"].startswith(f"{_EDITED}-"):
            return manifest
        edited = copy.deepcopy(manifest)
        (container,) = edited["spec"]["template"]["spec"]["containers"]
        container["image"] = _image(tag)
        return edited

    return objects.with_each_owned(changed)
