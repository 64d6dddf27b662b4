"""Months of random edits, drawn by hypothesis along the model, and the shortest part of one that fails.

A month is a list of edits as data, and not a `RuleBasedStateMachine`: the cluster is touched only when the whole list
is known. Hypothesis draws it and is not asked to shrink it: it gives up after five minutes, in which a fleet of 50
tenants has seen a handful of edits, and it cannot know that a failure of one tenant needs neither the other 49 nor
their edits. `shortest` begins with that: what remains then is a fleet of one or two tenants, whose edits take seconds.
"""

import copy
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import cycle, islice

from hypothesis import strategies as st

from tests.support.month.edits import KINDS, OF_NODES
from tests.support.month.model import READY, Model


@dataclass(frozen=True)
class Edit:
    """One edit of a month; whether and how it applies depends on what the model is then."""

    kind: str
    number: int
    """Of a tenant or node."""
    moment: int = 50
    """When the `up` is killed, if it is: in percent of the time that the last one took."""


@dataclass(frozen=True)
class Month:
    """A fleet, and what is done to it in a row."""

    slots: int
    nodes: tuple[int, ...]
    tenants: tuple[int, ...]
    """Those that exist at the beginning."""
    edits: tuple[Edit, ...]
    at_once: int = 1
    """The most edits for one `up`."""

    def model(self, namespace: str) -> Model:
        """Return the fleet at the beginning."""
        model = Model(namespace, self.slots, dict.fromkeys(self.nodes, READY))
        for tenant in self.tenants:
            model.add(tenant)
        return model

    def until(self, fault: "Fault") -> "Month":
        """Return the month up to the edit that failed."""
        return replace(self, edits=self.edits[: fault.edits])

    def __str__(self) -> str:
        tenants = ", ".join(f"t{tenant}" for tenant in self.tenants)
        return "\n".join(
            [f"Month({self.slots}, {self.nodes}, {self.tenants}, edits): {tenants}", *map(repr, self.edits)]
        )


@st.composite
def months(draw: st.DrawFn, *, tenants: int, edits: int, at_once: int = 1, kinds: Iterable[str] = KINDS) -> Month:
    """Draw as many edits of each kind as of every other, each of a tenant or node that it applies to."""
    slots = tenants + 2
    month = Month(slots, tuple(range(slots)), tuple(range(tenants)), (), at_once)
    if draw(st.integers(0, 2**32)) == 0:
        return month  # hypothesis begins with the simplest example, and runs it: a month without edits, for nothing
    model = month.model("")
    drawn: list[Edit] = []
    left = draw(st.permutations(list(islice(cycle(kinds), edits))))
    while left:
        # A kind that does not apply yet is put off: nothing can be restored before something is lost.
        for kind in dict.fromkeys(left):
            first = draw(st.integers(0, slots - 1))
            # An edit that does not apply leaves the model as it is.
            changed = copy.deepcopy(model)
            numbers = (number % slots for number in range(first, first + slots))
            number = next((number for number in numbers if list(KINDS[kind](changed, number))), None)
            if number is not None:
                drawn.append(Edit(kind, number, draw(st.integers(5, 95))))
                model = changed
                left.remove(kind)
                break
        else:
            break
    return replace(month, edits=tuple(drawn))


class Fault(Exception):
    """What the cluster, a preview or a report was, other than the model; the text tells it."""

    def __init__(self, text: str, *, edits: int) -> None:
        super().__init__(text)
        self.edits = edits
        """How many edits of the month were tried, the last of which failed."""


Play = Callable[[Month], None]
"""Plays a month; raises `Fault`."""


def shortest(month: Month, fault: Fault, play: Play, *, seconds: float) -> tuple[Month, Fault]:
    """Return the shortest part of a month found within a time that still fails, and its fault."""
    deadline = time.monotonic() + seconds
    found = month.until(fault), fault

    def try_out(smaller: Month) -> None:
        nonlocal found
        if smaller != found[0] and time.monotonic() < deadline:
            try:
                play(smaller)
            except Fault as another:
                found = smaller.until(another), another

    try_out(only(*found))
    try_out(replace(found[0], tenants=()))
    part = len(found[0].edits) // 2
    while part:
        # From the end: the edits right before the fault are the likeliest cause, and stay. The last one has failed.
        last = len(found[0].edits) - 1
        while last > 0:
            first = max(0, last - part)
            try_out(replace(found[0], edits=found[0].edits[:first] + found[0].edits[last:]))
            last = min(first, len(found[0].edits) - 1)
        part //= 2
    return found


def only(month: Month, fault: Fault) -> Month:
    """Return the part of a month that concerns the tenants and nodes which a fault names."""
    failed = month.edits[-1]
    named = {int(number) for number in re.findall(r"\bt(\d+)\b", str(fault))}
    tenants = named | (set() if failed.kind in OF_NODES else {failed.number})
    nodes = {(tenant + offset) % month.slots for tenant in tenants for offset in range(3)}
    nodes |= {failed.number} if failed.kind in OF_NODES else set()
    return Month(
        month.slots,
        tuple(sorted(nodes)),
        tuple(sorted(tenants & set(month.tenants))),
        tuple(edit for edit in month.edits if edit.number in (nodes if edit.kind in OF_NODES else tenants)),
        month.at_once,
    )
