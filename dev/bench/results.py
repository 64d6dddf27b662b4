"""What was measured, as the page and its plot are made from it."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from dev.local import progress


class Part(StrEnum):
    """The processes whose costs are told apart."""

    ENGINE = "engine"
    PROGRAM = "program"
    PLUGIN = "plugin"
    KUBECTL = "kubectl"
    HELM = "helm"
    API_SERVER = "API server"
    """With its etcd."""


class Work(StrEnum):
    """What the tools are compared at, from the start of a command until it is done."""

    FIRST_UP = "first up, until all pods are ready"
    UNCHANGED = "nothing changed, until the command returns"
    FAILOVER = "failover, until the Endpoints of the VIP's Service hold the new pod"
    NEW_IMAGE = "new image of one tenant, until the command returns"
    LINT = "a stack file is read"


class Tool(StrEnum):
    """The commands, as a user types them."""

    DIFF = "kubectl diff --server-side"
    APPLY = "kubectl apply --server-side"
    PATCH = "kubectl patch service"
    INSTALL = "helm install"
    UPGRADE = "helm upgrade"
    DRY_RUN = "helm upgrade --dry-run=server"
    PREVIEW = "pulumi preview"
    UP = "pulumi up --skip-preview"
    UP_AND_PREVIEW = "pulumi up"
    UP_TARGET = "pulumi up --skip-preview --target '**::<tenant>-vip'"
    UP_WITH_CHECKPOINTS = "PULUMI_SKIP_CHECKPOINTS=false PULUMI_PARALLEL=8 pulumi up --skip-preview"
    """As without the settings of `make env`."""
    LINT = "python -m tenants lint"
    COMPOSE = "yaml.compose"


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What the processes of a part used."""

    cpu_seconds: float
    peak_octets: int


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one run of a command costs."""

    seconds: float
    """Until the work was done."""
    returned: float
    """Seconds until the command had returned."""
    requests: int = 0
    """To the API server, of all clients, node leases excepted."""
    usage: Mapping[Part, Usage] = field(default_factory=dict)

    def cpu(self, *parts: Part) -> float:
        """Return the processor seconds of some parts."""
        return sum(self.usage[part].cpu_seconds for part in parts if part in self.usage)

    def peak(self, *parts: Part) -> int:
        """Return the octets of memory of some parts, each at its peak."""
        return sum(self.usage[part].peak_octets for part in parts if part in self.usage)


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One run of one tool."""

    work: Work
    tenants: int
    tool: Tool
    cost: Cost


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """How many tenants are measured."""

    lint: int = 1000
    first_up: int = 20
    fleet: tuple[int, ...] = (1, 10, 25, 50, 100, 250)
    """A fleet that grows from the first to the last."""

    @property
    def alone(self) -> int:
        """The first size; kubectl and helm are compared at this one and at `compared`."""
        return self.fleet[0]

    @property
    def compared(self) -> int:
        """The last but one."""
        return self.fleet[-2:][0]

    @property
    def largest(self) -> int:
        return self.fleet[-1]


@dataclass(kw_only=True)
class Results:
    """The results of a run. Tools take turns, so that load on the machine affects all of them alike."""

    sizes: Sizes
    conditions: str = ""
    minutes: int = 0
    turns: list[Turn] = field(default_factory=list)
    state_octets: dict[int, int] = field(default_factory=dict)
    """Of the checkpoint, by number of tenants."""

    def add(self, work: Work, tenants: int, tool: Tool, cost: Cost) -> None:
        """Record one turn and log it."""
        self.turns.append(Turn(work=work, tenants=tenants, tool=tool, cost=cost))
        progress.log(f"{cost.seconds:9.3f} s  {tenants:4} tenants  {tool}")

    def fastest(self, work: Work, tenants: int, tool: Tool) -> Cost | None:
        """Return the turn that was done first, or None if there was none."""
        costs = [turn.cost for turn in self.turns if (turn.work, turn.tenants, turn.tool) == (work, tenants, tool)]
        return min(costs, key=lambda cost: cost.seconds, default=None)

    def as_json(self) -> str:
        """Return the results as JSON, one line for each turn."""
        content = dataclasses.asdict(self)
        turns = ",\n".join(json.dumps(turn) for turn in content.pop("turns"))
        return f'{json.dumps(content)[:-1]}, "turns": [\n{turns}\n]}}\n'

    @classmethod
    def from_json(cls, text: str) -> "Results":
        """Read what `as_json` returned."""
        content = json.loads(text)
        return cls(
            sizes=Sizes(**{**content["sizes"], "fleet": tuple(content["sizes"]["fleet"])}),
            conditions=content["conditions"],
            minutes=content["minutes"],
            turns=[_turn(turn) for turn in content["turns"]],
            state_octets={int(tenants): octets for tenants, octets in content["state_octets"].items()},
        )


def _turn(content: Mapping[str, Any]) -> Turn:
    cost = content["cost"]
    usage = {Part(part): Usage(**used) for part, used in cost["usage"].items()}
    return Turn(
        work=Work(content["work"]),
        tenants=content["tenants"],
        tool=Tool(content["tool"]),
        cost=Cost(**{**cost, "usage": usage}),
    )
