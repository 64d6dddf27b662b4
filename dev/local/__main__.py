"""`python -m dev.local COMMAND`: the entry point of `make up`, `make env` and the like.

An older Python must be able to parse this file, so that it prints an error message instead of a traceback.
"""

import sys

OLDEST_PYTHON = (3, 11)


def unsupported():  # type: () -> str | None # noqa: ANN201 - see above
    """Return why this interpreter cannot be used, or None if it can."""
    here = "%s (Python %s)" % (sys.executable, sys.version.split()[0])  # noqa: UP031 - must parse on Python 2
    if sys.version_info < OLDEST_PYTHON:
        return here + " is too old: Python 3.11 or newer is required; choose one, as in `make PYTHON=python3.12 up`."
    try:
        import ensurepip  # noqa: F401, PLC0415
        import venv  # noqa: F401, PLC0415
    except ImportError:
        return here + " cannot create virtual environments: install its venv module (Debian, Ubuntu: python3-venv)."
    return None


if __name__ == "__main__":
    reason = unsupported()
    if reason is not None:
        sys.stderr.write(reason + "\n")
        sys.exit(2)

    from dev.local import commands

    sys.exit(commands.main(sys.argv[1:]))
