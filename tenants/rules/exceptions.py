"""Rules about exceptions that a tenant's entry makes: waivers and allowed moves."""

from collections.abc import Container

from tenants.findings import Invalid, Rule

WAIVER = Rule(
    id="E901",
    title="A waiver names a rule that can be waived",
    why="Some rules keep a fleet from being built at all, others only from being safe. Only the latter can be waived, "
    "by a tenant that knows why.",
)
EMPTY_MOVE = Rule(
    id="E902",
    title="An allowed move names the new location",
    why="`allowMove` is required before a database starts elsewhere, and applies only to the location it names.",
)


def check_move(written: Container[str]) -> Invalid | None:
    """Refuse an allowed move, given by its attributes, that names no location."""
    if any(attribute in written for attribute in ("host", "data_path", "log_path")):
        return None
    return Invalid(EMPTY_MOVE, "names no new location; add the host, dataPath or logPath that the data is at now")
