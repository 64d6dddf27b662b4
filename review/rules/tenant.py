"""What can happen to a tenant as a whole."""

from review.danger import Danger
from review.findings import Rule

CREATED = Rule(id="R101", danger=Danger.NONE, sentence="created: VIP {vip}, master on {master}, standby on {standby}")
ADOPTED = Rule(
    id="R102",
    danger=Danger.NONE,
    sentence="adopted in place: VIP {vip}, master on {master}, standby on {standby}",
    why="Another client created its objects, or the stack's state was lost. Pulumi reports them as created, but no pod "
    "restarts.",
)
OBJECTS_ADOPTED = Rule(
    id="R103", danger=Danger.NONE, sentence="existing objects adopted in place: {count}", why="As R102."
)
REMOVED_AFTER_RETIREMENT = Rule(
    id="R104",
    danger=Danger.NONE,
    sentence="removed after its retirement: its objects and node labels are deleted, its data stays",
)
REMOVED = Rule(
    id="R105",
    danger=Danger.DATA_LOSS,
    sentence="removed without being retired: its databases are deleted and its clients cut off",
    why="Set `state: retired` first, run `pulumi up`, then remove the entry.",
)
RETIRED = Rule(
    id="R106", danger=Danger.NONE, sentence="retired: data stays on {locations}; its entry can be removed from now on"
)
STATE_CHANGED = Rule(
    id="R107",
    danger=Danger.NONE,
    sentence="state {old} → {new}",
    why="The effects on pods and clients are findings of their own.",
)
UNNOTICED = Rule(
    id="R108",
    danger=Danger.NONE,
    sentence="no pod and no client notices: {objects}",
    why="Only labels or annotations of these objects change.",
)
