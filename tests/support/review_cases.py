"""The recorded previews in tests/data/review, and what is expected to be said of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from review.markdown import comment
from review.preview import parse
from review.verdict import review

DIRECTORY = Path(__file__).parent.parent / "data" / "review"


@dataclass(frozen=True, kw_only=True)
class Case:
    """One change of a fleet."""

    name: str
    edit: Mapping[str, Any]
    """Fields of tenants' entries that the change sets; `None` takes the entry away."""
    deployed: Any = field(default_factory=dict)
    """Likewise, how what is deployed differs from the two tenants that every case starts from; or `nothing`."""
    platform: Mapping[str, Any] = field(default_factory=dict)
    form: str = "digest"
    """What the CLI writes: `digest` or `events`."""
    options: Sequence[str] = ()
    """Further options of `pulumi preview`."""
    legacy: bool = False
    """Whether tenant3 is there already, as the old service made it."""
    by_hand: bool = False
    """Whether somebody has changed the cluster by hand since."""
    scaled_down: Sequence[str] = ()
    """StatefulSets whose pod is gone: they were scaled to 0 by hand."""
    lost_nodes: Sequence[str] = ()
    """Nodes whose object is gone from the cluster."""
    state_lost: bool = False
    """Whether the stack knows nothing of what is deployed."""

    @property
    def directory(self) -> Path:
        """Where its files lie."""
        return DIRECTORY / self.name

    @property
    def preview(self) -> Path:
        """What the CLI wrote."""
        return self.directory / ("preview.jsonl" if self.form == "events" else "preview.json")

    @property
    def review(self) -> Path:
        """The comment that is expected of it."""
        return self.directory / "review.md"


CASES = [Case(**entry) for entry in yaml.safe_load((DIRECTORY / "cases.yaml").read_text())]


def written_review(preview: Path) -> str:
    """The comment that a preview leads to."""
    return comment(review(parse(preview.read_bytes())))
