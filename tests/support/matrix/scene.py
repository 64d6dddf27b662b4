"""A fleet of two tenants, and what a user runs on it."""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from dev.local.cluster import KwokCluster
from tests.support import announcements
from tests.support.cell import Cell, is_database_pod
from tests.support.fleets import Config, tenant3
from tests.support.interruption import kill_engine
from tests.support.process import run
from tests.support.program import PROJECT
from tests.support.stack import UNCHANGING, Stack

HIT = "tenant1"
"""The tenant that a fault of single objects hits; its keepalived is its own."""
SPARED = "tenant2"
"""The other tenant; a node's keepalived announces its VIP."""
VIPS = {HIT: "192.168.143.111", SPARED: "192.168.143.112"}
NODES = {HIT: ("m1", "m2"), SPARED: ("m3", "m4")}
HANGING_SECONDS = 720
"""After which a command is killed."""


class Command(StrEnum):
    """What a user runs."""

    PREVIEW = "preview"
    UP = "up"
    DRIFT = "drift"
    REVIEW = "review"


@dataclass(frozen=True, kw_only=True)
class Done:
    """A command that has ended."""

    code: int
    output: str
    seconds: float
    changes: Mapping[str, int] = field(default_factory=dict)
    """Number of resources by operation."""


class Scene:
    """Two tenants in a namespace."""

    def __init__(self, cluster: KwokCluster, cell: Cell, directory: Path) -> None:
        self.cluster, self.cell, self.directory = cluster, cell, directory
        self.stack = Stack(directory, name="dev", environment=cell.environment)
        self.environment: dict[str, str] = {}
        """What a fault adds to the environment of commands."""
        self.half_way: Callable[[], None] | None = None
        """Called once during an `up`, when it has begun to change its first object."""
        self.interruptions = 0
        """How many commands a fault has interrupted."""
        self._generation = 0
        self._events, self._output = directory / "events", directory / "output"

    @property
    def state_file(self) -> Path:
        return self.stack.state / ".pulumi" / "stacks" / PROJECT / f"{self.stack.name}.json"

    @property
    def active_role(self) -> str:
        return ("master", "standby")[self._generation % 2]

    @property
    def config(self) -> Config:
        """Both tenants, as they are to be."""
        node = self.cell.node
        tenants: list[Config] = [
            {
                "name": name,
                "vip": VIPS[name],
                "hosts": {"master": node(NODES[name][0]), "standby": node(NODES[name][1])},
                "activeRole": self.active_role,
                "image": f"adb-control:v{self._generation}",
            }
            for name in (HIT, SPARED)
        ]
        tenants[1]["keepalived"] = {"per": "node"}
        config = {**tenant3(self.cell), "tenants": tenants}
        nodes = [{"name": node(name), "vrid": number} for number, name in enumerate(NODES[SPARED], 201)]
        config["cluster"] = {**config["cluster"], "nodeKeepalived": {"nodes": nodes}}
        return config

    def edit(self) -> None:
        """Let both tenants fail over and get a new image, which restarts nothing (`OnDelete`)."""
        self._generation += 1
        self.stack.configure(self.config)

    def take_back_the_edit(self) -> None:
        self._generation -= 1
        self.stack.configure(self.config)

    def preview(self) -> Done:
        return self._pulumi("preview")

    def up(self) -> Done:
        # As the pipeline runs it.
        return self._pulumi("up", "--yes", "--skip-preview", "--continue-on-error")

    def drift(self) -> Done:
        export = self.stack.pulumi("stack", "export", "--show-secrets", **self.environment)
        if export.returncode != 0:
            return Done(code=export.returncode, output=export.stdout + export.stderr, seconds=0)
        return self._python("drift", "-", stdin=export.stdout)

    def review(self, previewed: Done) -> Done:
        """Review the last preview."""
        events = self._events.read_text() if self._events.exists() else ""
        return self._python("review", "-", "--engine-exit-code", str(previewed.code), stdin=events)

    def start_an_up(self) -> "subprocess.Popen[str]":
        """Start an `up`, in a process group of its own."""
        return self._start("up", "--yes", "--skip-preview")

    def _start(self, *arguments: str) -> "subprocess.Popen[str]":
        self._events.unlink(missing_ok=True)
        environment = {**self.environment, "PULUMI_DEBUG_COMMANDS": "true"}
        with self._output.open("w") as output:
            return self.stack.start(*arguments, "--event-log", str(self._events), output=output, **environment)

    def _pulumi(self, *arguments: str) -> Done:
        began = time.monotonic()
        running = self._start(*arguments)
        while running.poll() is None:
            if self.half_way and arguments[0] == "up" and self.changed():
                half_way, self.half_way = self.half_way, None
                half_way()
            if time.monotonic() > began + HANGING_SECONDS:
                kill_engine(running)
            time.sleep(0.05)
        return Done(
            code=running.returncode,
            output=self._output.read_text(),
            seconds=time.monotonic() - began,
            changes=self._counted(arguments[0]),
        )

    def events(self) -> list[dict[str, Any]]:
        """Return the events of the last `preview` or `up`, so far."""
        if not self._events.exists():
            return []
        whole, _, _ = self._events.read_text().rpartition("\n")
        return [json.loads(line) for line in whole.splitlines()]

    def changed(self) -> int:
        """Return how many events of a change the engine has reported: its beginning, and its end."""
        return sum(
            event[kind]["metadata"]["op"] not in UNCHANGING
            for event in self.events()
            for kind in ("resourcePreEvent", "resOutputsEvent", "resOpFailedEvent")
            if kind in event
        )

    def _counted(self, operation: str) -> dict[str, int]:
        kind = "resOutputsEvent" if operation == "up" else "resourcePreEvent"
        operations = (event[kind]["metadata"]["op"] for event in self.events() if kind in event)
        return Counter(each for each in operations if each not in UNCHANGING)

    def _python(self, module: str, *arguments: str, stdin: str) -> Done:
        began = time.monotonic()
        environment = {**self.stack.environment, **self.environment}
        done = run(sys.executable, "-m", module, *arguments, stdin=stdin, env=environment)
        return Done(code=done.returncode, output=done.stdout + done.stderr, seconds=time.monotonic() - began)

    def lasting(self) -> Mapping[str, str]:
        """Return the uid of what an edit of these tenants must not replace: all but keepalived and its pods."""
        replaced = "ReplicationController "
        return {
            name: uid
            for name, uid in self.cell.uids().items()
            if not name.startswith(replaced) and (not name.startswith("Pod ") or is_database_pod(name))
        }

    def silent(self) -> list[str]:
        """Return the tenants whose VIP no keepalived announces."""
        announced = announcements.now(self.cell)
        return [name for name, vip in VIPS.items() if not announced.get(vip)]

    def serves(self) -> bool:
        """Whether each VIP is announced once, on the active role's node, and forwards to its pod."""
        announced = announcements.now(self.cell)
        node = self.cell.node(NODES[SPARED][self._generation % 2])
        own = [pod["spec"].get("nodeName") for pod in self.cell.keepalived_pods(HIT)]
        return (
            announced.get(VIPS[SPARED]) == frozenset({f"adb-keepalived-{node}"})
            and own == [self.cell.node(NODES[HIT][self._generation % 2])]
            and all(
                self.cell.endpoint_addresses(f"{name}-vip") == [self.cell.pod_address(f"{name}-{self.active_role}-0")]
                for name in VIPS
            )
        )

    @contextmanager
    def with_environment(self, **more: str) -> Iterator[None]:
        """Add to the environment of commands during the block."""
        self.environment |= more
        try:
            yield
        finally:
            for name in more:
                del self.environment[name]
