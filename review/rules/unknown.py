"""Changes that no other rule covers: they are reported, and rated dangerous."""

from review.danger import Danger
from review.findings import Rule

NEW_OBJECT = Rule("R901", Danger.NONE, "unrecognised object {object} is created or adopted")
OBJECT_UPDATED = Rule("R902", Danger.TRAFFIC, "unrecognised object {object} is updated, rated {danger}")
OBJECT_REMOVED = Rule(
    "R903",
    Danger.DATA_LOSS,
    "unrecognised object {object} is deleted or replaced, rated {danger}",
    why="It is not known what depends on the object.",
)
OPERATION = Rule("R904", Danger.DATA_LOSS, "unrecognised operation on {object}, rated {danger}")
FIELDS = Rule(
    "R905",
    Danger.RESTART,
    "unrecognised change of {object}, rated {danger}: {fields}",
    why="No rule covers the field. A StatefulSet's is rated restart, others traffic.",
)
NOT_SHOWN = Rule("R906", Danger.RESTART, "{object} changes, but the preview does not show how, rated {danger}")
