"""A client of several VIPs: connects ten times a second to each, and prints when the answer is another one.

It runs in the machine. Lines: `heard SECONDS VIP ANSWER`, with the time at which the attempt began; `announced SECONDS
VIP MAC`, a gratuitous ARP; `neighbour SECONDS VIP MAC`, a new entry in its ARP cache. Seconds are those since boot.
"""

import selectors
import socket
import sys
import time
from collections import deque
from pathlib import Path

INTERVAL = 0.1
# Less than the second after which TCP repeats a lost SYN: an attempt reports the moment at which it began.
PATIENCE = 0.9
NOBODY = "nobody"
_PORT = 5432
_ARP = 0x0806


class Attempt:
    """One connection, from its start to the answer."""

    def __init__(self, vip: str) -> None:
        self.vip = vip
        self.began = time.monotonic()
        self.answer: str | None = None
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.connect_ex((vip, _PORT))

    def read(self) -> None:
        """Read the answer, if it is there."""
        try:
            self.answer = self.socket.recv(100).decode() or NOBODY
        except BlockingIOError:
            return
        except OSError:
            self.answer = NOBODY

    def is_over(self) -> bool:
        """Tell whether there is an answer, or none in time."""
        if self.answer is None and time.monotonic() - self.began > PATIENCE:
            self.answer = NOBODY
        return self.answer is not None


class Client:
    """The attempts under way, and what has been printed last."""

    def __init__(self, vips: list[str]) -> None:
        self._vips = vips
        self._pending: dict[str, deque[Attempt]] = {vip: deque() for vip in vips}
        self._heard: dict[str, str | None] = {}
        self._neighbours: dict[str, str] = {}
        self._announcements = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ARP))
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._announcements, selectors.EVENT_READ)

    def run(self) -> None:
        """Connect and print, without an end."""
        following = time.monotonic()
        while True:
            if (now := time.monotonic()) >= following:
                following = max(following + INTERVAL, now)
                self._attempt()
                self._print_neighbours()
            for key, _ in self._selector.select(max(0.0, following - time.monotonic())):
                if key.data is None:
                    self._print_announcement()
                elif key.data.answer is None:
                    key.data.read()
            self._print_answers()

    def _attempt(self) -> None:
        for vip in self._vips:
            attempt = Attempt(vip)
            self._pending[vip].append(attempt)
            self._selector.register(attempt.socket, selectors.EVENT_READ, attempt)

    def _print_answers(self) -> None:
        for vip, attempts in self._pending.items():
            # In the order in which they began.
            while attempts and attempts[0].is_over():
                attempt = attempts.popleft()
                self._selector.unregister(attempt.socket)
                attempt.socket.close()
                if self._heard.get(vip) != attempt.answer:
                    self._heard[vip] = attempt.answer
                    print(f"heard {attempt.began:.2f} {vip} {attempt.answer}")

    def _print_announcement(self) -> None:
        frame = self._announcements.recv(100)
        sender, target = socket.inet_ntoa(frame[28:32]), socket.inet_ntoa(frame[38:42])
        # Gratuitous: it asks for the address that it comes from.
        if sender == target and sender in self._vips:
            print(f"announced {time.monotonic():.2f} {sender} {frame[22:28].hex(':')}")

    def _print_neighbours(self) -> None:
        for line in Path("/proc/net/arp").read_text().splitlines()[1:]:
            address, _, _, mac, *_ = line.split()
            if address in self._vips and self._neighbours.get(address) != mac:
                self._neighbours[address] = mac
                print(f"neighbour {time.monotonic():.2f} {address} {mac}")


if __name__ == "__main__":
    Client(sys.argv[1:]).run()
