"""Plays a month on a real cluster with the real engine, and compares both with the model after each `up`."""

import copy
import itertools
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Any

from dev.local.cluster import Node
from tenants.lint import lint_files
from tests.support.announcements import moment, since
from tests.support.cell import Cell, eventually
from tests.support.drift_list import drift_list
from tests.support.interruption import kill, start_an_up
from tests.support.month.edits import KINDS, OF_NODES, Step
from tests.support.month.model import LOST, Model
from tests.support.month.months import Edit, Fault, Month
from tests.support.month.world import differences, observe
from tests.support.stack import Refused, Stack

SECONDS = 90
"""Within which controllers have done what an `up` has declared; it has waited for most of it."""
_numbers = itertools.count(1)


@dataclass
class Figures:
    """What has been run so far."""

    edits: Counter[str] = field(default_factory=Counter)
    """By kind."""
    ups: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    """By kind of the edit."""
    killed: int = 0
    """Times that an `up` was killed before it had ended."""
    seconds: float = 0

    def report(self, month: Month, *, seed: int) -> dict[str, Any]:
        """Return them for docs/reliability/soak.json.

        `seed`, `tenants` (at the beginning) and `atOnce` (most edits for one `up`) repeat it; `edits`, `ups`, `refused`
        (`up`s) and `killed` (while they ran) are numbers of what was done, `kinds` and `refusals` those of edits and
        refusals by kind of edit; `seconds` are of the clock.
        """
        return {
            "seed": seed,
            "tenants": len(month.tenants),
            "atOnce": month.at_once,
            "edits": self.edits.total(),
            "ups": self.ups,
            "refused": self.refusals.total(),
            "killed": self.killed,
            "seconds": round(self.seconds),
            "kinds": dict(sorted(self.edits.items())),
            "refusals": dict(sorted(self.refusals.items())),
        }


def play(
    month: Month, directory: Path, environment: Mapping[str, str], figures: Figures, *, until: float = inf
) -> None:
    """Play what of a month can begin until a time, in a namespace and with a stack of its own; raises `Fault`."""
    number = next(_numbers)
    model = month.model(f"month-{number}")
    cell = Cell(namespace=model.namespace, environment=environment)
    cell.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": cell.namespace}})
    nodes = [model.node(node) for node in month.nodes]
    cell.create(*(Node(name, address="192.168.143.201").manifest() for name in nodes))
    stack = Stack(directory / str(number), name="dev", environment=environment)
    fleet = _Fleet(model=model, cell=cell, stack=stack, figures=figures, at_once=month.at_once)
    began = time.monotonic()
    count = 0
    try:
        fleet.play(Step(says="the fleet is created"))
        for edit in month.edits:
            if time.monotonic() > until:
                break
            count += 1
            fleet.edit(edit)
        fleet.play_waiting()
    except AssertionError as error:
        print(error, flush=True)  # also while a shorter part is looked for
        raise Fault(str(error), edits=count) from error
    finally:
        figures.seconds += time.monotonic() - began
        cell.kubectl("delete", "namespace", cell.namespace, "--wait=false")
        cell.kubectl("delete", "nodes", "--wait=false", "--ignore-not-found", *nodes)


@dataclass(kw_only=True)
class _Fleet:
    """A model, and the fleet that has to equal it."""

    model: Model
    cell: Cell
    stack: Stack
    figures: Figures
    at_once: int
    """The most edits for one `up`, each of another tenant."""
    waiting: list[Step] = field(default_factory=list)
    concerned: set[int] = field(default_factory=set)
    """The tenants of the waiting steps."""
    last_up: float = 5
    """Seconds that the last `up` took."""
    started: dict[int, str] = field(default_factory=dict)
    """The uid of each pod that has been seen, by its number in the model."""

    def edit(self, edit: Edit) -> None:
        """Do an edit; one that does not apply is skipped."""
        steps = list(KINDS[edit.kind](copy.deepcopy(self.model), edit.number))
        alone = len(steps) > 1 or any(step.refusal or step.killed for step in steps)
        if alone or len(self.waiting) == self.at_once or edit.number in self.concerned or edit.kind in OF_NODES:
            self.play_waiting()
        for step in KINDS[edit.kind](self.model, edit.number):
            if step.refusal:
                self.figures.refusals[edit.kind] += 1
            if alone:
                self.play(step, moment_of_kill=edit.moment / 100)
            else:
                self.waiting.append(step)
        if steps:
            self.figures.edits[edit.kind] += 1
            self.concerned.add(edit.number)
        if self.at_once == 1 or edit.kind in OF_NODES:
            self.play_waiting()

    def play_waiting(self) -> None:
        """Do the steps that wait for a common `up`."""
        steps, self.waiting, self.concerned = self.waiting, [], set()
        if steps:
            self.play(
                Step(
                    says="; ".join(step.says for step in steps),
                    before=tuple(action for step in steps for action in step.before),
                    drift=frozenset(name for step in steps for name in step.drift),
                    repair=any(step.repair for step in steps),
                    refresh=any(step.refresh for step in steps),
                )
            )

    def play(self, step: Step, *, moment_of_kill: float = 0) -> None:
        """Do what precedes an `up`, then the `up`, and compare."""
        print(f"{time.strftime('%H:%M:%S')} {step.says}", flush=True)
        try:
            self._play(step, moment_of_kill)
        except AssertionError as error:
            raise AssertionError(f"{step.says}:\n{error}") from error

    def _play(self, step: Step, moment_of_kill: float) -> None:
        version = moment(self.cell)
        for action in step.before:
            action(self.cell)
        self._await_nodes()
        if step.drift:
            self._compare_drift(step.drift)
        if step.repair:
            # What an `up --refresh` repairs is still listed.
            drift_list(self.stack, "--repair")
        if step.killed:
            self._kill_an_up(self.last_up * moment_of_kill)
        self._up(step)
        self._compare_world(version)
        if step.refusal:
            return  # it has recorded nothing: the next preview would be the last one
        counts = self._previewed()
        assert not counts, f"the next preview shows {counts}"
        self._compare_drift(frozenset())
        (report,) = lint_files([str(self.stack.project / f"Pulumi.{self.stack.name}.yaml")])
        assert not report.faults, f"lint finds {report.faults}"

    def _up(self, step: Step) -> None:
        began, refused = time.monotonic(), ""
        self.figures.ups += 1
        try:
            self.stack.up(step.config or self.model.config(), *(["--refresh"] if step.refresh else []))
            self.last_up = time.monotonic() - began
        except Refused as error:
            refused = str(error)
        assert bool(refused) == bool(step.refusal), f"the `up` was {'refused' if refused else 'accepted'}:\n{refused}"
        missing = [text for text in step.refusal if text not in refused]
        assert not missing, f"the refusal does not contain {missing}:\n{refused}"
        assert "Traceback" not in refused, refused

    def _previewed(self) -> Mapping[str, int]:
        try:
            return self.stack.preview(self.model.config()).counts
        except Refused as error:
            raise AssertionError(f"the next preview is refused:\n{error}") from error

    def _kill_an_up(self, seconds: float) -> None:
        running = start_an_up(self.stack, self.model.config())
        time.sleep(seconds)
        self.figures.killed += running.poll() is None
        kill(self.stack, running)

    def _await_nodes(self) -> None:
        """Wait until nodes that have just been created are ready."""
        path = '{range .items[*]}{.metadata.name} {.status.conditions[?(@.type=="Ready")].status}{"\\n"}{end}'

        def ready() -> set[str]:
            listed = self.cell.kubectl("get", "nodes", "--output", f"jsonpath={path}").splitlines()
            return {name for name, _, status in (line.partition(" ") for line in listed) if status == "True"}

        here = {self.model.node(number) for number, state in self.model.nodes.items() if state != LOST}
        eventually(lambda: here <= ready(), what="every node is ready")

    def _compare_world(self, version: str) -> None:
        expected, deadline = self.model.expected(), time.monotonic() + SECONDS
        found, uids = observe(self.cell)
        while (wrong := differences(expected, found)) and time.monotonic() < deadline:
            time.sleep(0.5)
            found, uids = observe(self.cell)
        assert not wrong, "\n".join(wrong)
        twice = [moment for moment in since(self.cell, version) if any(len(names) > 1 for names in moment.values())]
        assert not twice, f"a VIP was announced twice: {twice[0]}"
        for (slot, role), pod in self.model.pods.items():
            uid = uids[f"t{slot}-{role}-0"]
            known = self.started.setdefault(pod.number, uid)
            assert uid == known, f"t{slot}-{role}-0 was restarted"
        numbers = {pod.number for pod in self.model.pods.values()}
        self.started = {number: uid for number, uid in self.started.items() if number in numbers}
        kept = len(set(self.started.values())) == len(self.started)
        assert kept, "a pod that was to start again was not restarted"

    def _compare_drift(self, drift: frozenset[str], *options: str) -> None:
        found = {entry.of for entry in drift_list(self.stack, *options).drift}
        expected = self.model.drifted() | drift
        assert found == expected, f"drift lists {sorted(found)}, {sorted(expected)} expected"
