"""The error by which a hook refuses a step."""


class RefusedError(Exception):
    """Raised by a hook; the message states why the step is refused, and what would allow it."""
