"""Which stack objects are marked as belonging to."""

from review.danger import Danger
from review.findings import Rule

MARKED = Rule(
    id="R501",
    danger=Danger.NONE,
    sentence="objects are marked as belonging to stack {stack}",
    why="Each carries the annotation `adb-tenants/stack`.",
)
MARK_CHANGED = Rule(
    id="R502",
    danger=Danger.NONE,
    sentence="adopted from stack {old}: objects are marked as belonging to stack {new}",
    why="The annotation named another stack before.",
)
UNMARKED = Rule(id="R503", danger=Danger.NONE, sentence="objects are no longer marked as belonging to stack {stack}")
