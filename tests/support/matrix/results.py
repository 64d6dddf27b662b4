"""What a run of the matrix has found, and its file."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Run:
    """One command under a fault."""

    code: int
    seconds: float
    message: str
    """The line that says what is wrong; empty if the command works."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A fault, and what happened under it."""

    name: str
    injected: str
    """How."""
    interruptions: int
    """How many commands the fault has interrupted before."""
    commands: dict[str, Run]
    silent: list[str]
    """Tenants whose VIP no keepalived announced when the fault was taken away."""
    next_up: dict[str, int]
    """What the next `up` changed: number of resources by operation."""
    seconds: float
    do: str
    faulty: list[str] = field(default_factory=list)
    """What was not as it must be."""


@dataclass(frozen=True, kw_only=True)
class Results:
    """A run of the whole matrix."""

    conditions: str
    rows: list[Row]

    def write(self, file: Path) -> None:
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read(file: Path) -> Results:
    """Read the results of an earlier run."""
    document = json.loads(file.read_text(encoding="utf-8"))
    rows = [
        Row(**{**row, "commands": {name: Run(**run) for name, run in row["commands"].items()}})
        for row in document["rows"]
    ]
    return Results(conditions=document["conditions"], rows=rows)
