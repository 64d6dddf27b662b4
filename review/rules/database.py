"""What can happen to a tenant's databases."""

from review.danger import Danger
from review.findings import Rule

MOVES = Rule(
    id="R301",
    danger=Danger.DATA_LOSS,
    sentence="database moves from {old} to {new}. Its data is not copied: it starts on an empty disk unless the data "
    "was moved there by hand beforehand",
    why="The program never touches the files on a node. `allowMove` states that you have moved them; the review cannot "
    "verify that and keeps its rating.",
)
LOGS_MOVE = Rule(
    id="R302",
    danger=Danger.DATA_LOSS,
    sentence="log directory moves from {old} to {new} on {node}. The logs are not copied",
    why="As R301.",
)
UNPINNED = Rule(
    id="R303",
    danger=Danger.DATA_LOSS,
    sentence="node selector changes and no node is named: the database may start elsewhere, on an empty disk",
)
LABEL_MOVES = Rule(
    id="R304",
    danger=Danger.DATA_LOSS,
    sentence="node label moves from {old} to {new}: the database starts there next time, on an empty disk unless the "
    "data was moved there by hand beforehand",
)
LABEL_REMOVED = Rule(
    id="R305",
    danger=Danger.RESTART,
    sentence="label {labels} is removed from node {node}: the database cannot start there again",
)
LABEL_CHANGED = Rule(
    id="R306",
    danger=Danger.RESTART,
    sentence="label on node {node} changes: the database cannot start there again unless its node selector matches",
)
LABEL_SET = Rule(id="R307", danger=Danger.NONE, sentence="label {labels} is set on node {node}")

DELETED = Rule(
    id="R311",
    danger=Danger.DATA_LOSS,
    sentence="database is deleted without being retired: its data stays on {location}, but nothing runs there any more",
    why="As R105.",
)
DELETED_AFTER_RETIREMENT = Rule(id="R312", danger=Danger.NONE, sentence="data stays on {location}")
RECREATED = Rule(id="R313", danger=Danger.NONE, sentence="StatefulSet is recreated on {location}")
REPLACED = Rule(
    id="R314",
    danger=Danger.RESTART,
    sentence="StatefulSet is replaced: its pod, if it runs, is deleted and started again",
)
STOPS = Rule(id="R315", danger=Danger.RESTART, sentence="database stops: data stays on {location}")
STARTS = Rule(id="R316", danger=Danger.NONE, sentence="database starts with the data on {location}")
SEVERAL_PODS = Rule(id="R317", danger=Danger.DATA_LOSS, sentence="replicas {old} → {new}: all pods write to one disk")

TEMPLATE_RESTARTS = Rule(
    id="R321",
    danger=Danger.RESTART,
    sentence="pod template changes: {changes}. The update strategy is not OnDelete: the database restarts. If the new "
    "pod does not become ready, a revert takes effect only when that pod is deleted by hand",
    why="A StatefulSet's controller waits for the pod that it started last, whatever the template has become since "
    "([kubernetes#67250](https://github.com/kubernetes/kubernetes/issues/67250)). To revert, restore the entry, run "
    "`pulumi up`, then `kubectl delete pod`.",
)
TEMPLATE_WAITS = Rule(
    id="R322",
    danger=Danger.NONE,
    sentence="pod template changes: {changes}. No pod restarts: it applies when the pod is next deleted",
    why="With `updateStrategy: OnDelete` the cluster changes the template and leaves the pod alone. "
    "`kubectl delete pod` starts the new one, at a time of your choosing.",
)
TEMPLATE_OF_NEXT_POD = Rule(
    id="R323",
    danger=Danger.NONE,
    sentence="pod template changes: {changes}. It applies when the pod starts",
    why="There is no pod, or its restart is a finding of its own.",
)
STRATEGY_RESTARTS = Rule(
    id="R324",
    danger=Danger.RESTART,
    sentence="update strategy becomes {strategy}: a pod that still runs an older template restarts at once",
)
STRATEGY_CHANGED = Rule(id="R325", danger=Danger.NONE, sentence="update strategy becomes {strategy}: no pod restarts")
ADOPTED_RESTARTS = Rule(
    id="R326",
    danger=Danger.RESTART,
    sentence="adopted with an update strategy that is not OnDelete: the database restarts if its template differs",
)

DNS_NAME_REMOVED = Rule(
    id="R331",
    danger=Danger.TRAFFIC,
    sentence="the pod's DNS name is removed: master and standby find each other by it",
)
DNS_NAME_INTERRUPTED = Rule(
    id="R332",
    danger=Danger.TRAFFIC,
    sentence="the pod's DNS name is interrupted: master and standby find each other by it",
)
