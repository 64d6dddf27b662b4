"""What can happen to the annotation that names an object's stack."""

from review.danger import Danger
from review.findings import Rule

MARKED = Rule(
    "R501",
    Danger.NONE,
    "objects are marked as belonging to stack {stack}",
    why="Each has the annotation `adb-tenants/stack`.",
)
MARK_CHANGED = Rule("R502", Danger.NONE, "adopted from stack {old}: objects are marked as belonging to stack {new}")
UNMARKED = Rule("R503", Danger.NONE, "objects are no longer marked as belonging to stack {stack}")
