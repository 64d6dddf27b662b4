"""The one error that `dev/local/` shows to people."""


class UserError(Exception):
    """Something a person has to do or know; shown as it is, without a traceback.

    The first line says what is wrong and what to do; further lines may show the tail of a tool's output.
    """
