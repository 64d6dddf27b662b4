"""Plays a month on a real cluster with the real engine, and compares both with the model after each `up`."""

import itertools
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dev.local.cluster import Node
from tenants.lint import lint_files
from tests.support.announcements import moment, since
from tests.support.cell import Cell, eventually
from tests.support.drift_list import drift_list
from tests.support.interruption import kill, start_an_up
from tests.support.month.edits import KINDS, Step
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

        `seed`, `tenants` (at the beginning), `edits` and `ups`; `kinds` and `refusals`, by kind of edit; `killed`, the
        `up`s that were killed while they ran; `seconds`, of the clock.
        """
        return {
            "seed": seed,
            "tenants": len(month.tenants),
            "edits": self.edits.total(),
            "ups": self.ups,
            "refused": self.refusals.total(),
            "killed": self.killed,
            "seconds": round(self.seconds),
            "kinds": dict(sorted(self.edits.items())),
            "refusals": dict(sorted(self.refusals.items())),
        }


def play(month: Month, directory: Path, environment: Mapping[str, str], figures: Figures) -> None:
    """Play a month in a namespace and with a stack of its own; raises `Fault`."""
    number = next(_numbers)
    model = month.model(f"month-{number}")
    cell = Cell(namespace=model.namespace, environment=environment)
    cell.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": cell.namespace}})
    nodes = [model.node(node) for node in month.nodes]
    cell.create(*(Node(name, address="192.168.143.201").manifest() for name in nodes))
    stack = Stack(directory / str(number), name="dev", environment=environment)
    fleet = _Fleet(model=model, cell=cell, stack=stack, figures=figures)
    began = time.monotonic()
    count = 0
    try:
        fleet.play(Step(says="the fleet is created"))
        for count, edit in enumerate(month.edits, 1):
            fleet.edit(edit)
    except AssertionError as error:
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
    last_up: float = 5
    """Seconds that the last `up` took."""
    started: dict[int, str] = field(default_factory=dict)
    """The uid of each pod that has been seen, by its number in the model."""

    def edit(self, edit: Edit) -> None:
        """Do an edit; one that does not apply is skipped."""
        steps = 0
        for steps, step in enumerate(KINDS[edit.kind](self.model, edit.number), 1):
            try:
                self.play(step, moment_of_kill=edit.moment / 100)
            except AssertionError as error:
                raise AssertionError(f"{step.says}:\n{error}") from error
            if step.refusal:
                self.figures.refusals[edit.kind] += 1
        if steps:
            self.figures.edits[edit.kind] += 1

    def play(self, step: Step, *, moment_of_kill: float = 0) -> None:
        """Do what precedes an `up`, then the `up`, and compare."""
        version = moment(self.cell)
        for action in step.before:
            action(self.cell)
        self._await_nodes()
        if step.drift:
            self._compare_drift(step.drift)
        if step.repair:
            self._compare_drift(frozenset(), "--repair")
        if step.killed:
            self._kill_an_up(self.last_up * moment_of_kill)
        self._up(step)
        self._compare_world(version)
        counts = self._previewed()
        assert not counts, f"the next preview shows {counts}"
        self._compare_drift(step.drift if step.refusal else frozenset())
        (report,) = lint_files([str(self.stack.project / f"Pulumi.{self.stack.name}.yaml")])
        assert not report.faults, f"lint finds {report.faults}"

    def _up(self, step: Step) -> None:
        began = time.monotonic()
        try:
            self.stack.up(step.config or self.model.config(), *(["--refresh"] if step.refresh else []))
        except Refused as refused:
            missing = [text for text in step.refusal if text not in str(refused)]
            assert step.refusal, f"the `up` failed:\n{refused}"
            assert not missing, f"the refusal does not say {missing}:\n{refused}"
            assert "Traceback" not in str(refused), str(refused)
        else:
            assert not step.refusal, f"the `up` was not refused ({step.refusal} expected)"
            self.last_up = time.monotonic() - began
        self.figures.ups += 1

    def _previewed(self) -> Mapping[str, int]:
        try:
            return self.stack.preview(self.model.config()).counts
        except Refused as refused:
            raise AssertionError(f"the next preview is refused:\n{refused}") from refused

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
