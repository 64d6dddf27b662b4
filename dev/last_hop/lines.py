"""What the machine says, line by line."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """A word, the seconds since the machine's boot, and what the word is about."""

    word: str
    seconds: float
    about: tuple[str, ...]

    @classmethod
    def parsed(cls, text: str) -> "Line | None":
        """Read a line, or return None if it is none of ours."""
        match text.split():
            case [word, seconds, *about]:
                try:
                    return cls(word, float(seconds), tuple(about))
                except ValueError:
                    return None
        return None
