"""The recorded previews in tests/data/review, and the comment expected of each."""

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
    """Fields of tenants' entries that the change sets; `None` removes the entry."""
    deployed: Any = field(default_factory=dict)
    """Likewise, how the deployed fleet differs from the two tenants that every case starts from; or `nothing`."""
    platform: Mapping[str, Any] = field(default_factory=dict)
    deployed_cluster: Mapping[str, Any] = field(default_factory=dict)
    """Fields of `cluster` besides those of every case."""
    cluster: Mapping[str, Any] = field(default_factory=dict)
    """Those that the change sets; `None` removes the field."""
    form: str = "digest"
    """Form of the CLI's output: `digest` or `events`."""
    options: Sequence[str] = ()
    """Further options of `pulumi preview`."""
    legacy: bool = False
    """Whether tenant3 exists already, as the old service created it."""
    by_hand: bool = False
    """Whether somebody has changed the cluster by hand since."""
    scaled_down: Sequence[str] = ()
    """StatefulSets that were scaled to 0 by hand."""
    lost_nodes: Sequence[str] = ()
    """Nodes whose object was deleted from the cluster."""
    state_lost: bool = False
    """Whether the stack has lost its state."""

    @property
    def directory(self) -> Path:
        return DIRECTORY / self.name

    @property
    def preview(self) -> Path:
        """Output of the CLI."""
        return self.directory / ("preview.jsonl" if self.form == "events" else "preview.json")

    @property
    def review(self) -> Path:
        """Expected comment."""
        return self.directory / "review.md"


CASES = [Case(**entry) for entry in yaml.safe_load((DIRECTORY / "cases.yaml").read_text())]


def written_review(preview: Path) -> str:
    """Return the comment on a preview."""
    return comment(review(parse(preview.read_bytes())))
