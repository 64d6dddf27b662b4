"""Asks the cluster by kubectl, which has the user's kubeconfig, login and proxy already."""

import json
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kube.json_text import UnreadableError
from kube.manifest import Manifest, items, mapping

SECONDS = 120


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What kubectl printed."""

    objects: tuple[Manifest, ...]
    """Those it got, also when others failed."""
    complaint: str
    """What it said if anything failed; empty if nothing did."""

    @property
    def last_word(self) -> str:
        """The line of the complaint that says most."""
        return self.complaint.rpartition("\n")[2]


def ask(arguments: Sequence[str], *, context: str | None, given: bytes = b"") -> Answer:
    """Run kubectl, on objects that are given to its standard input.

    Raises:
        UnreadableError: It cannot be run, does not end, or prints something else than objects.
    """
    chosen = ["--context", context] if context else []
    try:
        done = subprocess.run(
            ["kubectl", *chosen, *arguments, "--output", "json"],
            input=given,
            capture_output=True,
            check=False,
            timeout=SECONDS,
        )
        found = tuple(_objects(done.stdout.decode().strip()))
    except (OSError, subprocess.TimeoutExpired, ValueError) as error:
        raise UnreadableError(f"kubectl: {error}") from error
    said = done.stderr.decode(errors="replace").strip() or f"exit code {done.returncode}"
    return Answer(objects=found, complaint=said if done.returncode else "")


def objects(arguments: Sequence[str], *, context: str | None, given: bytes = b"") -> tuple[Manifest, ...]:
    """Run kubectl and take what it got; raises `UnreadableError` also if anything failed."""
    answer = ask(arguments, context=context, given=given)
    if answer.complaint:
        raise UnreadableError(f"kubectl: {answer.last_word}")
    return answer.objects


def _objects(printed: str) -> Iterator[Manifest]:
    """Read what may be one object, a list of them, or several one after another."""
    decoder, position = json.JSONDecoder(), 0
    while position < len(printed):
        document, position = decoder.raw_decode(printed, position)
        if isinstance(document, dict) and "items" in document:
            yield from map(mapping, items(document["items"]))
        else:
            yield mapping(document)
        while printed[position : position + 1].isspace():
            position += 1
