"""Compares how long several tools take for the same work, as ratios to one of them."""

from dataclasses import dataclass, field

from dev.local import progress


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Seconds by contender. They take turns, so that load on the machine affects all of them alike."""

    about: str
    """One sentence: which work, from which moment to which."""
    reference: str
    """The contender that the others are compared with."""
    seconds: dict[str, list[float]] = field(default_factory=dict)

    def add(self, contender: str, seconds: float) -> None:
        """Record one turn and log it."""
        self.seconds.setdefault(contender, []).append(seconds)
        progress.log(f"{seconds:9.3f} s  {contender}")

    def __str__(self) -> str:
        fastest = {contender: min(turns) for contender, turns in self.seconds.items()}
        rounds = min(len(turns) for turns in self.seconds.values())
        rows = sorted(fastest.items(), key=lambda row: row[0] != self.reference)
        lines = [f"{seconds / fastest[self.reference]:8.2f}  {seconds:8.3f} s  {name}" for name, seconds in rows]
        return "\n".join([f"{self.about} Fastest of {rounds}.", *lines])
