"""What can happen to a tenant's databases."""

from review.danger import Danger
from review.findings import Rule

MOVES = Rule(
    "R301",
    Danger.DATA_LOSS,
    "database moves from {old} to {new}. Its data is not copied: it starts on an empty disk unless the data was moved"
    " there by hand beforehand",
    why="The program never touches the files on a node. `allowMove` states that you have moved them; the review "
    "cannot verify that and keeps its rating.",
)
LOGS_MOVE = Rule("R302", Danger.DATA_LOSS, "log directory moves from {old} to {new} on {node}. The logs are not copied")
UNPINNED = Rule(
    "R303",
    Danger.DATA_LOSS,
    "node selector changes and no node is named: the database may start elsewhere, on an empty disk",
)
LABEL_MOVES = Rule(
    "R304",
    Danger.DATA_LOSS,
    "node label moves from {old} to {new}: the database starts there next time, on an empty disk unless the data was "
    "moved there by hand beforehand",
)
LABEL_REMOVED = Rule(
    "R305", Danger.RESTART, "label {labels} is removed from node {node}: the database cannot start there again"
)
LABEL_CHANGED = Rule(
    "R306",
    Danger.RESTART,
    "label on node {node} changes: the database cannot start there again unless its node selector matches",
)
LABEL_SET = Rule("R307", Danger.NONE, "label {labels} is set on node {node}")

DELETED = Rule(
    "R311",
    Danger.DATA_LOSS,
    "database is deleted without being retired: its data stays on {location}, but nothing runs there any more",
    why="As R105.",
)
DELETED_AFTER_RETIREMENT = Rule("R312", Danger.NONE, "data stays on {location}")
RECREATED = Rule("R313", Danger.NONE, "StatefulSet is recreated on {location}")
REPLACED = Rule("R314", Danger.RESTART, "StatefulSet is replaced: its pod, if it runs, is deleted and started again")
STOPS = Rule("R315", Danger.RESTART, "database stops: data stays on {location}")
STARTS = Rule("R316", Danger.NONE, "database starts with the data on {location}")
SEVERAL_PODS = Rule("R317", Danger.DATA_LOSS, "replicas {old} → {new}: all pods write to one disk")

TEMPLATE_RESTARTS = Rule(
    "R321",
    Danger.RESTART,
    "pod template changes: {changes}. The update strategy is not OnDelete: the database restarts. If the new pod does"
    " not become ready, a revert takes effect only when that pod is deleted by hand",
    why="A StatefulSet's controller waits for the pod that it started last, whatever the template has become since "
    "([kubernetes#67250](https://github.com/kubernetes/kubernetes/issues/67250)). To revert, restore the entry, "
    "run `pulumi up`, then `kubectl delete pod`.",
)
TEMPLATE_WAITS = Rule(
    "R322",
    Danger.NONE,
    "pod template changes: {changes}. No pod restarts: it applies when the pod is next deleted",
    why="With `updateStrategy: OnDelete` the cluster changes the template and leaves the pod alone. `kubectl delete "
    "pod` starts the new one, at a time of your choosing.",
)
TEMPLATE_OF_NEXT_POD = Rule(
    "R323",
    Danger.NONE,
    "pod template changes: {changes}. It applies when the pod starts",
    why="There is no pod, or its restart is a finding of its own.",
)
STRATEGY_RESTARTS = Rule(
    "R324",
    Danger.RESTART,
    "update strategy becomes {strategy}: a pod that still runs an older template restarts at once",
)
STRATEGY_CHANGED = Rule("R325", Danger.NONE, "update strategy becomes {strategy}: no pod restarts")
ADOPTED_RESTARTS = Rule(
    "R326",
    Danger.RESTART,
    "adopted with an update strategy that is not OnDelete: the database restarts if its template differs",
)

DNS_NAME_REMOVED = Rule(
    "R331", Danger.TRAFFIC, "the pod's DNS name is removed: master and standby find each other by it"
)
DNS_NAME_INTERRUPTED = Rule(
    "R332", Danger.TRAFFIC, "the pod's DNS name is interrupted: master and standby find each other by it"
)
