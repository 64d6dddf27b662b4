"""What clients have heard, and for how long nobody: from the machine's lines, without the machine."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from dev.last_hop.client import INTERVAL, NOBODY
from dev.last_hop.lines import Line

_ONE_REQUEST = 2 * INTERVAL


@dataclass(frozen=True)
class Answer:
    """From this second on, until the next, a client of a VIP hears this."""

    seconds: float
    text: str


def answers(lines: Sequence[Line], vip: str) -> list[Answer]:
    """Return what the client of a VIP has heard, without single requests that got lost."""
    every = [Answer(line.seconds, line.about[1]) for line in lines if line.word == "heard" and line.about[0] == vip]
    heard: list[Answer] = []
    for answer, following in zip_longest(every, every[1:]):
        lost = answer.text == NOBODY and following is not None and following.seconds - answer.seconds < _ONE_REQUEST
        if not lost and (not heard or heard[-1].text != answer.text):
            heard.append(answer)
    return heard


@dataclass(frozen=True, kw_only=True)
class Outage:
    """What the client of a VIP noticed of a switch."""

    seconds: float | None
    """From the first request without the old answer to the first of many with the right one; None: still not heard."""
    after_start: float | None
    """From the start of the switch to then, None if it noticed nothing."""
    wrong: tuple[str, ...]
    """Answers of databases that it must not reach: another tenant's, or the old one after the new one."""


def outage(heard: Sequence[Answer], *, since: float, old: str, right: str, is_dead: bool = False) -> Outage:
    """Return what a client noticed since the start of a switch. Of a dead node, nobody is heard from the start on."""
    changes = [answer for answer in heard if answer.seconds >= since]
    before = [answer for answer in heard if answer.seconds < since]
    if is_dead:
        changes = [Answer(since, NOBODY), *changes]
    wrong = _wrong([answer.text for answer in changes], old=old, right=right)
    last = (before + changes)[-1].text if before or changes else NOBODY
    if last != right:
        return Outage(seconds=None, after_start=None, wrong=wrong)
    if not changes:
        return Outage(seconds=0.0, after_start=None, wrong=wrong)
    seconds = round(changes[-1].seconds - changes[0].seconds, 2)
    return Outage(seconds=seconds, after_start=round(changes[-1].seconds - since, 2), wrong=wrong)


def _wrong(texts: Sequence[str], *, old: str, right: str) -> tuple[str, ...]:
    strangers = [text for text in texts if text not in {NOBODY, old, right}]
    first_right = texts.index(right) if right in texts else len(texts)
    return (*strangers, *(text for text in texts[first_right:] if text == old != right))


def is_settled(heard: Sequence[Answer], right: str, *, now: float, seconds: float) -> bool:
    """Tell whether the right database has been heard for so long."""
    return bool(heard) and heard[-1].text == right and now - heard[-1].seconds >= seconds


def arp_delay(lines: Sequence[Line], vip: str, *, since: float) -> float | None:
    """Return the seconds from the first gratuitous ARP for a VIP's new MAC to its entry in the client's ARP cache.

    None if the entry has not changed.
    """
    of_vip = [line for line in lines if line.seconds >= since and line.about[:1] == (vip,)]
    entry = next((line for line in reversed(of_vip) if line.word == "neighbour"), None)
    if entry is None:
        return None
    announced = [line.seconds for line in of_vip if line.word == "announced" and line.about[1] == entry.about[1]]
    return round(entry.seconds - announced[0], 2) if announced else None
