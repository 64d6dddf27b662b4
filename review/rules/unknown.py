"""Changes that no other rule covers: they are reported, and rated dangerous."""

from review.danger import Danger
from review.findings import Rule

NEW_OBJECT = Rule(id="R901", danger=Danger.NONE, sentence="unrecognised object {object} is created or adopted")
OBJECT_UPDATED = Rule(
    id="R902",
    danger=Danger.TRAFFIC,
    sentence="unrecognised object {object} is updated, rated {danger}",
)
OBJECT_REMOVED = Rule(
    id="R903",
    danger=Danger.DATA_LOSS,
    sentence="unrecognised object {object} is deleted or replaced, rated {danger}",
    why="It is not known what depends on the object.",
)
OPERATION = Rule(
    id="R904",
    danger=Danger.DATA_LOSS,
    sentence="unrecognised operation on {object}, rated {danger}",
)
FIELDS = Rule(
    id="R905",
    danger=Danger.RESTART,
    sentence="unrecognised change of {object}, rated {danger}: {fields}",
    why="No rule covers the field. A StatefulSet's is rated restart, others traffic.",
)
NOT_SHOWN = Rule(
    id="R906",
    danger=Danger.RESTART,
    sentence="{object} changes, but the preview does not show how, rated {danger}",
    why="As R905.",
)
