"""Rules about the shape of the configuration: which keys there are, and what kind of value each takes."""

import difflib
from collections.abc import Collection

from tenants.findings import Rule, quoted

UNKNOWN_KEY = Rule(
    id="E101",
    title="Every key is one that the program knows",
    why="A misspelt key is not an error to YAML or to Pulumi: the default silently takes its place, and a tenant meant "
    "for `/data1` wakes up on an empty `/data0`.",
)
MISSING_KEY = Rule(
    id="E102",
    title="Every required key is there",
    why="A tenant has no name, address or host that could be guessed.",
)
WRONG_TYPE = Rule(
    id="E103",
    title="Every value has the type that its key takes",
    why="YAML guesses types from spelling: `true`, `1e3`, `0o51` and `2026-11-01` are no text unless they are quoted, "
    "and Pulumi's parser guesses differently from most others (`on` and `10:20` are text to it; measured 2026-11 with "
    "CLI 3.250). Nothing is converted silently.",
)
NOT_A_CHOICE = Rule(
    id="E104",
    title="A value with fixed choices is one of them",
    why="`activeRole`, `state` and `updateStrategy` decide about traffic, pods and restarts; a near miss must not fall "
    "back to a default.",
)
EMPTY_TEXT = Rule(
    id="E105",
    title="No text is empty where a name or a reason is asked for",
    why="An empty kubeconfig context means another cluster than the one that was thought of, and an empty reason "
    "explains nothing.",
)
NOT_POSITIVE = Rule(
    id="E106",
    title="Counts and sizes are whole numbers in their range",
    why="`MEMORY_LIMIT` is passed to the database as it stands; zero or less stops it from starting.",
)

ENCRYPTED = Rule(
    id="E107",
    title="An encrypted value stands only in the `data` of a shared object",
    why="There it is a secret to the engine, in ConfigMaps as in Secrets. Everything else is public: names, addresses, "
    "images and commands lie open in the cluster, and in the state, previews and reviews besides. `secure:` would "
    "promise what nobody can keep.",
)

RULES = (UNKNOWN_KEY, MISSING_KEY, WRONG_TYPE, NOT_A_CHOICE, EMPTY_TEXT, NOT_POSITIVE, ENCRYPTED)

ONLY_DATA = "and only the data of shared objects (platform) is kept secret; write it plainly, or move it there"
"""What is wrong with that."""


def nearest(word: str, known: Collection[str]) -> str | None:
    """The known word that was probably meant, however it is spelt: `data_path` means `dataPath`."""

    def folded(text: str) -> str:
        return text.replace("_", "").replace("-", "").lower()

    spellings = {folded(candidate): candidate for candidate in known}
    matches = difflib.get_close_matches(folded(word[:64]), spellings, n=1, cutoff=0.6)
    return spellings[matches[0]] if matches else None


def described(value: object, *, secret: bool = False) -> str:
    """What was found in place of something else, in YAML's words; of what may be secret, only what kind of thing."""
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
