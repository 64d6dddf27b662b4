"""Why a step must not happen."""


class RefusedError(Exception):
    """Raised by a hook: the text says why a step must not happen, and what would allow it."""
