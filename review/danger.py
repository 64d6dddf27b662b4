"""How much a change can hurt."""

from enum import IntEnum


class Danger(IntEnum):
    """What is at stake, the worst last; a preview is as dangerous as the worst thing it does."""

    NONE = 0
    """No client and no database notices."""
    TRAFFIC = 1
    """Clients are moved, cut off, or without their address for a while."""
    RESTART = 2
    """A running database is stopped or restarted."""
    OUTAGE = 3
    """Clients are led by force to where nobody may answer them."""
    DATA_LOSS = 4
    """A database is deleted, or starts without its data."""

    @property
    def word(self) -> str:
        """As on the command line: `data-loss`."""
        return self.name.lower().replace("_", "-")


BY_WORD = {danger.word: danger for danger in Danger}
