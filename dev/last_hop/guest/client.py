"""A client of several VIPs: connects ten times a second to each, and prints when the answer is another one.

Lines: `heard SECONDS VIP ANSWER`, with the time at which the attempt began; `announced SECONDS VIP MAC`, a gratuitous ARP;
`neighbour SECONDS VIP MAC`, when the entry of the client's ARP cache has changed. Seconds are those since boot.
"""

import selectors
import socket
import sys
import time
from collections import deque

INTERVAL = 0.1
# Less than the second after which TCP repeats a lost SYN: an attempt reports the moment at which it began.
PATIENCE = 0.9
NOBODY = "nobody"
_ARP = 0x0806


class Attempt:
    """One connection, from its start to the answer."""

    def __init__(self, vip: str) -> None:
        self.began = time.monotonic()
        self.answer: str | None = None
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.error = self.socket.connect_ex((vip, 5432))

    def read(self) -> None:
        """Read the answer, or find that there is none."""
        try:
            self.answer = self.socket.recv(100).decode() or NOBODY
        except BlockingIOError:
            return
        except OSError:
            self.answer = NOBODY


def main(vips: list[str]) -> None:
    selector = selectors.DefaultSelector()
    announcements = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ARP))
    announcements.setblocking(False)
    selector.register(announcements, selectors.EVENT_READ)
    pending: dict[str, deque[Attempt]] = {vip: deque() for vip in vips}
    heard: dict[str, str] = {}
    neighbours: dict[str, str] = {}
    following = time.monotonic()
    while True:
        if (now := time.monotonic()) >= following:
            following = max(following + INTERVAL, now)
            for vip in vips:
                attempt = Attempt(vip)
                pending[vip].append(attempt)
                selector.register(attempt.socket, selectors.EVENT_READ, attempt)
            report_neighbours(vips, neighbours)
        for key, _ in selector.select(max(0.0, following - time.monotonic())):
            if key.data is None:
                report_announcements(announcements, vips)
            elif key.data.answer is None:
                key.data.read()
        for vip, attempts in pending.items():
            # In the order in which they began.
            while attempts:
                attempt = attempts[0]
                if attempt.answer is None and time.monotonic() - attempt.began > PATIENCE:
                    attempt.answer = NOBODY
                if attempt.answer is None:
                    break
                attempts.popleft()
                selector.unregister(attempt.socket)
                attempt.socket.close()
                if heard.get(vip) != attempt.answer:
                    heard[vip] = attempt.answer
                    print(f"heard {attempt.began:.2f} {vip} {attempt.answer}")


def report_announcements(announcements: socket.socket, vips: list[str]) -> None:
    """Print the gratuitous ARPs of the VIPs: sender and target have the same address."""
    try:
        frame = announcements.recv(100)
    except BlockingIOError:
        return
    sender, target = socket.inet_ntoa(frame[28:32]), socket.inet_ntoa(frame[38:42])
    if sender == target and sender in vips:
        print(f"announced {time.monotonic():.2f} {sender} {frame[22:28].hex(':')}")


def report_neighbours(vips: list[str], known: dict[str, str]) -> None:
    with open("/proc/net/arp") as table:
        for line in table.readlines()[1:]:
            address, _, _, mac, *_ = line.split()
            if address in vips and known.get(address) != mac:
                known[address] = mac
                print(f"neighbour {time.monotonic():.2f} {address} {mac}")


main(sys.argv[1:])
