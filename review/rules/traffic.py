"""What can happen to a tenant's clients."""

from review.danger import Danger
from review.findings import Rule

# The role that the VIP's Service selects.
FAILOVER = Rule(
    "R201",
    Danger.TRAFFIC,
    "failover {old} → {new} on {node}",
    why="Connections to the old role break. Clients connect again once keepalived announces the VIP on the other node.",
)
FORCED_FAILOVER = Rule(
    "R202",
    Danger.OUTAGE,
    "failover {old} → {new} on {node} by force, although it may be unable to serve: {reason}",
    why="The reason is the tenant's `force`. By default the pipelines wait for an approval. A `force` that stays in "
    "the entry moves no client and is no danger.",
)
FORCED_ROLE = Rule(
    "R203",
    Danger.OUTAGE,
    "clients are sent to the {role} on {node} by force, although it may be unable to serve: {reason}",
    why="As R202, where the role stays or the Service is created.",
)
FORCED_WITHOUT_PODS = Rule("R204", Danger.NONE, "the Service selects the {role} by force, while no pod runs: {reason}")
FORCE_ENDED = Rule("R205", Danger.NONE, "no longer forced: {reason}")
ROLE_CHANGED = Rule("R206", Danger.NONE, "active role {old} → {new} while no pod runs: no client is connected")
SERVICE_RECREATED = Rule("R207", Danger.NONE, "the VIP's Service is recreated")
SERVICE_REPLACED = Rule(
    "R208", Danger.TRAFFIC, "the VIP's Service is replaced: the VIP has no backend until it is recreated"
)
SERVICE_DELETED = Rule("R209", Danger.TRAFFIC, "the VIP's Service is deleted: the VIP has no backend")
SERVICE_CHANGED = Rule("R210", Danger.TRAFFIC, "the VIP's Service changes in {fields}")

# The address, in the ConfigMap that keepalived reads.
VIP_CHANGED = Rule("R221", Danger.TRAFFIC, "VIP {old} → {new}: clients of the old address are cut off")
BACKEND_CHANGED = Rule("R222", Danger.TRAFFIC, "the VIP's backend changes in keepalived's ConfigMap")
CONFIG_RECREATED = Rule("R223", Danger.NONE, "keepalived's ConfigMap is recreated")
CONFIG_REPLACED = Rule(
    "R224",
    Danger.TRAFFIC,
    "keepalived's ConfigMap is replaced: the VIP is not announced until keepalived has read it again",
)
CONFIG_DELETED = Rule("R225", Danger.TRAFFIC, "keepalived's ConfigMap is deleted: the VIP is no longer announced")

# The address as a tenant's entry in the ConfigMap of its node's keepalived.
ENTRY_MOVES = Rule(
    "R226",
    Danger.TRAFFIC,
    "VIP moves from {old} to {new}, no pod starts",
    why="Its entry leaves the ConfigMap of one node's keepalived before it is added to the other's. Until that one "
    "has read it, nobody announces the VIP.",
)
ENTRY_ADDED = Rule("R227", Danger.NONE, "VIP is entered on {node}, no pod starts")
ENTRY_REPLACED = Rule(
    "R228", Danger.TRAFFIC, "the VIP's entry on {node} is replaced: the VIP is not announced until keepalived reads it"
)
ENTRY_REMOVED = Rule("R229", Danger.TRAFFIC, "the VIP's entry on {node} is removed: the VIP is no longer announced")

# The pod that announces it.
KEEPALIVED_STARTS = Rule("R231", Danger.NONE, "keepalived pod starts on {node}")
KEEPALIVED_STOPS = Rule("R232", Danger.TRAFFIC, "keepalived pod stops: the VIP is no longer announced")
KEEPALIVED_MOVES = Rule(
    "R233", Danger.TRAFFIC, "keepalived pod moves {old} → {new}: the VIP is not announced until the new pod has started"
)
KEEPALIVED_REPLACED = Rule(
    "R234",
    Danger.TRAFFIC,
    "keepalived pod is replaced on {node}: the VIP is not announced until the new pod has started",
)
KEEPALIVED_REPLACED_WITHOUT_POD = Rule(
    "R235", Danger.NONE, "keepalived's ReplicationController is replaced and starts no pod"
)
KEEPALIVED_FORCED = Rule(
    "R236",
    Danger.OUTAGE,
    "keepalived starts by force on {node}, which may not accept its pod: {reason}",
    why="As R202; the node is not ready, or accepts no pods.",
)
VRID_CHANGED = Rule("R237", Danger.TRAFFIC, "VRRP id {old} → {new}", why="It replaces the pod that announces the VIP.")
KEEPALIVED_IMAGE = Rule("R238", Danger.TRAFFIC, "keepalived image {old} → {new}")
KEEPALIVED_COUNT = Rule(
    "R239",
    Danger.TRAFFIC,
    "keepalived replicas {old} → {new}",
    why="A VIP is announced by one pod; several take it from each other.",
)
KEEPALIVED_TEMPLATE = Rule(
    "R240",
    Danger.NONE,
    "keepalived's pod template changes in {fields}: the running pod keeps the old one",
    why="A ReplicationController does not restart pods when its template changes.",
)
KEEPALIVED_CHANGED = Rule("R241", Danger.TRAFFIC, "keepalived's ReplicationController changes in {fields}")
NEIGHBOURS_CLEARED = Rule(
    "R242",
    Danger.TRAFFIC,
    "keepalived starts on {node}, where it clears the forwarding of {tenants} too",
    why="kube-keepalived-vip clears the node's IPVS tables as it starts, whoever filled them "
    "(kubernetes-retired/contrib#2696).",
)
NODE_TAKES_OVER = Rule(
    "R243",
    Danger.TRAFFIC,
    "the tenant's own keepalived on {old} ends, then that of node {new} announces the VIP: clients wait until then; "
    "this touches no database",
    why="`keepalived: {per: node}`. The pod is waited for, so that it does not remove the address that the node's "
    "keepalived has added. Connections break.",
)
TENANT_TAKES_OVER = Rule(
    "R244",
    Danger.TRAFFIC,
    "the VIP leaves the keepalived of node {old}, then the tenant's own starts on {new}: clients wait until then; this "
    "touches no database",
    why="`keepalived: {per: tenant}`. Connections break.",
)

# The Job that promotes a database.
PROMOTION_RUNS = Rule(
    "R251", Danger.TRAFFIC, "the promotion command runs first: Job {job}; traffic moves only if it succeeds"
)
PROMOTION_AWAITED = Rule(
    "R252", Danger.TRAFFIC, "the update waits for the promotion Job {job}, which was started earlier"
)
PROMOTION_CHANGED = Rule("R253", Danger.TRAFFIC, "the promotion Job {job} changes in {fields}")
PROMOTION_STORED = Rule(
    "R254", Danger.NONE, "the promotion Job {job} is suspended until the next failover: nothing runs now"
)
PROMOTION_REMOVED = Rule("R255", Danger.NONE, "the promotion Job {job} is removed")

# The NetworkPolicy of the control pods.
POLICY_CREATED = Rule(
    "R261",
    Danger.TRAFFIC,
    "a NetworkPolicy is created: only {clients} and the tenant's own pods can connect to port 5432",
    why="Clients with other addresses are cut off. No pod restarts.",
)
POLICY_CHANGED = Rule(
    "R262",
    Danger.TRAFFIC,
    "the NetworkPolicy changes in {fields}: clients that it no longer allows are cut off",
)
POLICY_REMOVED = Rule(
    "R263", Danger.NONE, "the NetworkPolicy is removed: every address can connect to the control pods"
)
