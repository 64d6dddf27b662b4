"""Runs the commands under a fault, takes it away, and checks what must hold whatever the fault."""

import inspect
import re
import time
from collections.abc import Iterator, Mapping

from tests.support.cell import eventually
from tests.support.matrix.fault import Fault
from tests.support.matrix.results import Row, Run
from tests.support.matrix.scene import HIT, SPARED, Command, Done, Scene

HARMFUL = (
    r"PULUMI_K8S_DELETE_UNREACHABLE",
    r"pulumi state delete",
    r"pulumi destroy",
    r"pulumi stack rm",
    r"--force\b",
    r"pulumi refresh",
    # Harmless only if nobody else's `up` is running.
    r"^(?!.*wait for the other process).*pulumi cancel",
    r"kubectl delete (pod|sts|statefulset|namespace|pvc?|node)\b",
)
"""Advice that may lose or restart a database under some fault."""
CRASHES = ("Traceback (most recent call last)", "panic:", "goroutine ", "unhandled exception")


def judged(fault: Fault, scene: Scene) -> Row:
    """Run one row."""
    began = time.monotonic()
    before = scene.lasting()
    faulty: list[str] = []
    scene.interruptions = 0
    scene.edit()
    with fault.inject(scene):
        previewed = scene.preview()
        done = {
            Command.PREVIEW: previewed,
            Command.REVIEW: scene.review(previewed),
            Command.UP: scene.up(),
            Command.DRIFT: scene.drift(),
        }
        if fault.spares and not _is_complete(scene):
            faulty.append(f"{SPARED} was not hit, and is not complete")
    for command, run in done.items():
        if unmet := fault.expected(command).unmet_by(run):
            faulty.append(f"{command}: {unmet}:\n{run.output}")
        faulty += [f"{command}: {what}:\n{run.output}" for what in _bad_words(run.output)]
    silent = scene.silent() if fault.deployed else []
    faulty += [f"under the fault: {lost}" for lost in _lost(before, scene.lasting())]
    if silent and not (fault.silences and silent == [HIT]):
        faulty.append(f"no keepalived announces the VIP of {', '.join(silent)}")

    completed = scene.up()
    left = scene.preview()
    if completed.code or left.code or left.changes:
        faulty.append(f"the next `up` does not complete it ({left.changes} left):\n{completed.output}\n{left.output}")
    faulty += [f"after the next `up`: {lost}" for lost in _lost(before, scene.lasting())]
    try:
        eventually(scene.serves, what="each VIP is announced once, and forwards to its active role")
    except AssertionError as error:
        faulty.append(str(error))
    return Row(
        name=fault.name,
        injected=" ".join((inspect.getdoc(fault.inject) or "").split()),
        interruptions=scene.interruptions,
        commands={
            command: Run(code=run.code, seconds=round(run.seconds, 1), message=_message(fault, command, run))
            for command, run in done.items()
        },
        silent=silent,
        next_up=dict(completed.changes),
        seconds=round(time.monotonic() - began),
        do=fault.do,
        faulty=faulty,
    )


def _bad_words(output: str) -> Iterator[str]:
    yield from (f"contains {crash!r}" for crash in CRASHES if crash in output)
    yield from (f"advises {harm!r}" for harm in HARMFUL if re.search(harm, output, re.MULTILINE))


def _lost(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    yield from (f"{name} is gone or new" for name, uid in before.items() if after.get(name) != uid)


def _is_complete(scene: Scene) -> bool:
    service = scene.cell.get("service", f"{SPARED}-vip")
    images = {
        scene.cell.get("statefulset", f"{SPARED}-{role}")["spec"]["template"]["spec"]["containers"][0]["image"]
        for role in ("master", "standby")
    }
    tenant = scene.config["tenants"][1]
    return service["spec"]["selector"]["role"] == tenant["activeRole"] and images == {tenant["image"]}


def _message(fault: Fault, command: Command, done: Done) -> str:
    """Return the line that says what is wrong."""
    says = fault.expected(command).says
    lines = [line.strip() for line in done.output.splitlines() if says and re.search(says, line)]
    return lines[0] if lines else ""
