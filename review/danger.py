"""How dangerous a change is."""

from enum import IntEnum


class Danger(IntEnum):
    """The worst last; a preview is as dangerous as the worst thing it does."""

    NONE = 0
    """No client and no database notices."""
    TRAFFIC = 1
    """Clients are moved, cut off, or without their VIP for a while."""
    RESTART = 2
    """A running database is stopped or restarted."""
    OUTAGE = 3
    """Clients are sent by force to a database that may be unable to serve."""
    DATA_LOSS = 4
    """A database is deleted, or starts without its data."""

    @property
    def word(self) -> str:
        """Spelling on the command line: `data-loss`."""
        return self.name.lower().replace("_", "-")


BY_WORD = {danger.word: danger for danger in Danger}
