"""What a run has found, as the pages are made from it."""

import dataclasses
import json
from dataclasses import dataclass, field
from enum import StrEnum

from dev.last_hop.hearing import Outage


class Per(StrEnum):
    """What keepalived runs for."""

    TENANT = "tenant"
    NODE = "node"


class What(StrEnum):
    """What happens, in the order of the table."""

    FAILOVER = "failover, both nodes well"
    DEAD = "failover, the old node is dead"
    BACK = "the dead node comes back"
    EMPTY = "failover to a node without a VIP"
    NEIGHBOUR = "another tenant fails over to the node"
    TO_NODE = "change from keepalived per tenant to per node"
    TO_TENANT = "change from keepalived per node to per tenant"


@dataclass(frozen=True, kw_only=True)
class Switch:
    """What the client of one tenant noticed of one `pulumi up`."""

    what: What
    per: Per
    tenant: str
    right: str
    """What it must hear in the end."""
    outage: Outage
    arp_delay: float | None
    """From the gratuitous ARP to the entry in the client's ARP cache; None if the VIP did not move."""
    expected: bool = True
    """Whether the client must hear somebody in the end: a neighbour may be cut off, see rule E601."""

    @property
    def fault(self) -> str | None:
        """Return what is wrong, or None."""
        if self.outage.wrong:
            return f"{self.tenant}: {self.what}, keepalived per {self.per}: heard {', '.join(self.outage.wrong)}"
        if self.expected and self.outage.seconds is None:
            return f"{self.tenant}: {self.what}, keepalived per {self.per}: {self.right} is not heard"
        return None


@dataclass(kw_only=True)
class Results:
    """The results of a run."""

    conditions: str = ""
    minutes: int = 0
    restarts: int = 0
    """Of keepalived, by itself."""
    left_over: list[str] = field(default_factory=list)
    """Addresses of VIPs that a node has kept although another one serves them: both answer ARP."""
    switches: list[Switch] = field(default_factory=list)

    def faults(self) -> list[str]:
        """Return what is wrong."""
        return [*(fault for switch in self.switches if (fault := switch.fault)), *self.left_over]

    def as_json(self) -> str:
        """Return the results as JSON, one line for each switch."""
        content = dataclasses.asdict(self)
        switches = ",\n".join(json.dumps(switch) for switch in content.pop("switches"))
        return f'{json.dumps(content)[:-1]}, "switches": [\n{switches}\n]}}\n'

    @classmethod
    def from_json(cls, text: str) -> "Results":
        """Read what `as_json` returned."""
        content = json.loads(text)
        switches = [
            Switch(
                **{
                    **switch,
                    "what": What(switch["what"]),
                    "per": Per(switch["per"]),
                    "outage": Outage(**{**switch["outage"], "wrong": tuple(switch["outage"]["wrong"])}),
                }
            )
            for switch in content.pop("switches")
        ]
        return cls(**content, switches=switches)
