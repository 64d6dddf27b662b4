"""The error that `dev/local/` and `dev/bench/` show to their users."""


class UserError(Exception):
    """An error that the user can fix; shown without a traceback.

    The first line says what is wrong and what to do; further lines may show the end of a tool's output.
    """
