"""Rules about the shape of the configuration: its keys, and the kind of value that each takes."""

import difflib
from collections.abc import Collection

from tenants.findings import Rule, quoted

UNKNOWN_KEY = Rule(
    id="E101",
    title="Every key is one that the program knows",
    why="Neither YAML nor Pulumi reports a misspelt key: the default silently applies, and a tenant meant for `/data1` "
    "starts on an empty `/data0`.",
)
MISSING_KEY = Rule(
    id="E102",
    title="Every required key is present",
    why="A tenant's name, address and hosts have no default.",
)
WRONG_TYPE = Rule(
    id="E103",
    title="Every value has the type that its key takes",
    why="YAML infers types from spelling: `true`, `1e3`, `0o51` and `2026-11-01` are not text unless they are quoted, "
    "and Pulumi's parser differs from most others (`on` and `10:20` are text to it; measured 2026-11 with CLI 3.250). "
    "Nothing is converted silently.",
)
NOT_A_CHOICE = Rule(
    id="E104",
    title="A value with fixed choices is one of them",
    why="`activeRole`, `state` and `updateStrategy` decide about traffic, pods and restarts; a misspelt value must not "
    "fall back to a default.",
)
EMPTY_TEXT = Rule(
    id="E105",
    title="A name or a reason is not empty",
    why="An empty kubeconfig context selects another cluster than the intended one, and an empty reason explains "
    "nothing.",
)
OUT_OF_RANGE = Rule(
    id="E106",
    title="A number is in the range of its key",
    why="`MEMORY_LIMIT` is passed to the database unchanged; it does not start with zero or less.",
)

ENCRYPTED = Rule(
    id="E107",
    title="Only the `data` of a shared object may be encrypted",
    why="The engine keeps `data` secret, in ConfigMaps too. Names, addresses, images and commands are visible in the "
    "cluster, the state, previews and reviews, so `secure:` would not keep them secret.",
)

ONLY_DATA = "and only the data of shared objects (platform) is kept secret; write it plainly, or move it there"
"""Ends a message about an encrypted value elsewhere."""


def nearest(word: str, known: Collection[str]) -> str | None:
    """Return the known word that was probably meant: `dataPath` for `data_path`."""

    def folded(text: str) -> str:
        return text.replace("_", "").replace("-", "").lower()

    spellings = {folded(candidate): candidate for candidate in known}
    matches = difflib.get_close_matches(folded(word[:64]), spellings, n=1, cutoff=0.6)
    return spellings[matches[0]] if matches else None


def described(value: object, *, secret: bool = False) -> str:
    """Describe a value of the wrong type in YAML's terms; of one that may be secret, only its type."""
    match value:
        case None:
            return "nothing (null)"
        case bool():
            return "a boolean" if secret else f"the boolean {quoted(value)}"
        case int() | float():
            return "a number" if secret else f"the number {quoted(value)}"
        case str():
            return "a text" if secret else f"the text {quoted(value)}"
        case list():
            return "a list"
        case _:
            return "a map"
