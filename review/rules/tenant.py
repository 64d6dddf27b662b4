"""What can happen to a tenant as a whole."""

from review.danger import Danger
from review.findings import Rule

CREATED = Rule("R101", Danger.NONE, "created: VIP {vip}, master on {master}, standby on {standby}")
ADOPTED = Rule(
    "R102",
    Danger.NONE,
    "adopted in place: VIP {vip}, master on {master}, standby on {standby}",
    why="Another client created its objects, or the stack's state was lost. Pulumi reports them as created, but no "
    "pod restarts.",
)
OBJECTS_ADOPTED = Rule("R103", Danger.NONE, "existing objects adopted in place: {count}")
REMOVED_AFTER_RETIREMENT = Rule(
    "R104", Danger.NONE, "removed after its retirement: its objects and node labels are deleted, its data stays"
)
REMOVED = Rule(
    "R105",
    Danger.DATA_LOSS,
    "removed without being retired: its databases are deleted and its clients cut off",
    why="Set `state: retired` first, run `pulumi up`, then remove the entry.",
)
RETIRED = Rule("R106", Danger.NONE, "retired: data stays on {locations}; its entry can be removed from now on")
STATE_CHANGED = Rule(
    "R107", Danger.NONE, "state {old} → {new}", why="The effects on pods and clients are findings of their own."
)
UNNOTICED = Rule(
    "R108",
    Danger.NONE,
    "no pod and no client notices: {objects}",
    why="Only labels or annotations of these objects change.",
)
