"""Rules about the stack file itself. The linter notes them; the program sees only files that Pulumi could read."""

from tenants.findings import Rule

UNREADABLE = Rule(
    id="E001",
    title="The file is one that Pulumi can read",
    why="Pulumi reads `Pulumi.<stack>.yaml` with Go's yaml.v3 and refuses the whole file over one fault in it; the "
    "checker reads it the same way.",
)
DUPLICATE_KEY = Rule(
    id="E002",
    title="No key stands twice in one map",
    why="Pulumi refuses the file; other YAML parsers let the last one win without a word.",
)
NOT_OURS = Rule(
    id="E003",
    title="The file holds configuration of this project",
    why="A file without `config:` or without a key of `adb-tenants` is not the stack's file, or a misspelt one; an "
    "empty fleet must be written as one (`adb-tenants:tenants: []`).",
)
SECOND_DOCUMENT = Rule(
    id="E004",
    title="The file is one YAML document",
    why="Pulumi reads the first document and ignores the rest without a word; tenants in it would be missing.",
)

RULES = (UNREADABLE, DUPLICATE_KEY, NOT_OURS, SECOND_DOCUMENT)
