"""What can happen to a tenant's clients."""

from review.danger import Danger
from review.findings import Rule

# The role that the VIP's Service selects.
FAILOVER = Rule(
    id="R201",
    danger=Danger.TRAFFIC,
    sentence="failover {old} → {new} on {node}",
    why="Connections to the old role break. Clients connect again once keepalived announces the VIP on the other node.",
)
FORCED_FAILOVER = Rule(
    id="R202",
    danger=Danger.OUTAGE,
    sentence="failover {old} → {new} on {node} by force, although it may be unable to serve: {reason}",
    why="The reason is the tenant's `force`. By default the pipelines wait for an approval. A `force` that stays in "
    "the entry moves no client and is no danger.",
)
FORCED_ROLE = Rule(
    id="R203",
    danger=Danger.OUTAGE,
    sentence="clients are sent to the {role} on {node} by force, although it may be unable to serve: {reason}",
    why="As R202, where the role stays or the Service is created.",
)
FORCED_WITHOUT_PODS = Rule(
    id="R204", danger=Danger.NONE, sentence="the Service selects the {role} by force, while no pod runs: {reason}"
)
FORCE_ENDED = Rule(id="R205", danger=Danger.NONE, sentence="no longer forced: {reason}")
ROLE_CHANGED = Rule(
    id="R206", danger=Danger.NONE, sentence="active role {old} → {new} while no pod runs: no client is connected"
)
SERVICE_RECREATED = Rule(id="R207", danger=Danger.NONE, sentence="the VIP's Service is recreated")
SERVICE_REPLACED = Rule(
    id="R208",
    danger=Danger.TRAFFIC,
    sentence="the VIP's Service is replaced: the VIP has no backend until it is recreated",
)
SERVICE_DELETED = Rule(
    id="R209", danger=Danger.TRAFFIC, sentence="the VIP's Service is deleted: the VIP has no backend"
)
SERVICE_CHANGED = Rule(id="R210", danger=Danger.TRAFFIC, sentence="the VIP's Service changes in {fields}")

# The address, in the ConfigMap that keepalived reads.
VIP_CHANGED = Rule(
    id="R221", danger=Danger.TRAFFIC, sentence="VIP {old} → {new}: clients of the old address are cut off"
)
BACKEND_CHANGED = Rule(id="R222", danger=Danger.TRAFFIC, sentence="the VIP's backend changes in keepalived's ConfigMap")
CONFIG_RECREATED = Rule(id="R223", danger=Danger.NONE, sentence="keepalived's ConfigMap is recreated")
CONFIG_REPLACED = Rule(
    id="R224",
    danger=Danger.TRAFFIC,
    sentence="keepalived's ConfigMap is replaced: the VIP is not announced until keepalived has read it again",
)
CONFIG_DELETED = Rule(
    id="R225", danger=Danger.TRAFFIC, sentence="keepalived's ConfigMap is deleted: the VIP is no longer announced"
)

# The pod that announces it.
KEEPALIVED_STARTS = Rule(id="R231", danger=Danger.NONE, sentence="keepalived pod starts on {node}")
KEEPALIVED_STOPS = Rule(
    id="R232", danger=Danger.TRAFFIC, sentence="keepalived pod stops: the VIP is no longer announced"
)
KEEPALIVED_MOVES = Rule(
    id="R233",
    danger=Danger.TRAFFIC,
    sentence="keepalived pod moves {old} → {new}: the VIP is not announced until the new pod has started",
)
KEEPALIVED_REPLACED = Rule(
    id="R234",
    danger=Danger.TRAFFIC,
    sentence="keepalived pod is replaced on {node}: the VIP is not announced until the new pod has started",
)
KEEPALIVED_REPLACED_WITHOUT_POD = Rule(
    id="R235", danger=Danger.NONE, sentence="keepalived's ReplicationController is replaced and starts no pod"
)
KEEPALIVED_FORCED = Rule(
    id="R236",
    danger=Danger.OUTAGE,
    sentence="keepalived starts by force on {node}, which may not accept its pod: {reason}",
    why="As R202; the node is not ready, or accepts no pods.",
)
VRID_CHANGED = Rule(
    id="R237",
    danger=Danger.TRAFFIC,
    sentence="VRRP id {old} → {new}",
    why="It replaces the pod that announces the VIP.",
)
KEEPALIVED_IMAGE = Rule(id="R238", danger=Danger.TRAFFIC, sentence="keepalived image {old} → {new}", why="As R237.")
KEEPALIVED_COUNT = Rule(
    id="R239",
    danger=Danger.TRAFFIC,
    sentence="keepalived replicas {old} → {new}",
    why="A VIP is announced by one pod; several take it from each other.",
)
KEEPALIVED_TEMPLATE = Rule(
    id="R240",
    danger=Danger.NONE,
    sentence="keepalived's pod template changes in {fields}: the running pod keeps the old one",
    why="A ReplicationController does not restart pods when its template changes.",
)
KEEPALIVED_CHANGED = Rule(
    id="R241", danger=Danger.TRAFFIC, sentence="keepalived's ReplicationController changes in {fields}"
)
NEIGHBOURS_CLEARED = Rule(
    id="R242",
    danger=Danger.TRAFFIC,
    sentence="keepalived starts on {node}, where it clears the forwarding of {tenants} too",
    why="kube-keepalived-vip clears the node's IPVS tables as it starts, whoever filled them "
    "(kubernetes-retired/contrib#2696).",
)

# The Job that promotes a database.
PROMOTION_RUNS = Rule(
    id="R251",
    danger=Danger.TRAFFIC,
    sentence="the promotion command runs first: Job {job}; traffic moves only if it succeeds",
)
PROMOTION_AWAITED = Rule(
    id="R252", danger=Danger.TRAFFIC, sentence="the update waits for the promotion Job {job}, which was started earlier"
)
PROMOTION_CHANGED = Rule(id="R253", danger=Danger.TRAFFIC, sentence="the promotion Job {job} changes in {fields}")
PROMOTION_STORED = Rule(
    id="R254",
    danger=Danger.NONE,
    sentence="the promotion Job {job} is suspended until the next failover: nothing runs now",
)
PROMOTION_REMOVED = Rule(id="R255", danger=Danger.NONE, sentence="the promotion Job {job} is removed")
