"""Rules about the stack file itself, reported by the linter only: the program sees what Pulumi has read."""

from tenants.findings import Rule

UNREADABLE = Rule(
    id="E001",
    title="The file is one that Pulumi can read",
    why="Pulumi reads `Pulumi.<stack>.yaml` with Go's yaml.v3 and refuses the whole file over one fault in it; the "
    "linter reads it the same way.",
)
DUPLICATE_KEY = Rule(
    id="E002",
    title="No map has the same key twice",
    why="Pulumi refuses the file; other YAML parsers silently use the last value.",
)
NOT_OURS = Rule(
    id="E003",
    title="The file holds configuration of this project",
    why="A file without `config:` or without a key of `adb-tenants` is not the stack file, or has a misspelt key; an "
    "empty fleet must be written as one (`adb-tenants:tenants: []`).",
)
SECOND_DOCUMENT = Rule(
    id="E004",
    title="The file is one YAML document",
    why="Pulumi reads the first document and silently ignores the rest; tenants in it would be missing.",
)
