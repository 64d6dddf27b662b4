"""What can happen to objects that belong to no single tenant."""

from review.danger import Danger
from review.findings import Rule

CREATED = Rule("R401", Danger.NONE, "created: {objects}")
ADOPTED = Rule("R402", Danger.NONE, "adopted: {objects}")
RELEASED = Rule("R403", Danger.NONE, "{object} stays in the cluster; this stack no longer manages it")
UNNEEDED = Rule("R404", Danger.NONE, "{object} changes or is removed: no tenant has a pod that needs it")
METADATA_CHANGED = Rule("R405", Danger.NONE, "{object}: only labels or annotations change")

DATA_CHANGED = Rule(
    "R411",
    Danger.NONE,
    "{object}: {keys} changes for every tenant. Running pods keep the old environment until they restart; mounted "
    "files are updated in place",
)
DELETED = Rule(
    "R412",
    Danger.RESTART,
    "{object} is deleted: every tenant's pods refer to it, and a pod that ends cannot start again without it",
)
REPLACED = Rule(
    "R413",
    Danger.RESTART,
    "{object} is replaced: every tenant's pods refer to it, and a pod that ends meanwhile cannot start again",
)
KEEPALIVED_ACCESS = Rule(
    "R414",
    Danger.TRAFFIC,
    "{object} changes or is removed: without its permissions keepalived does not see databases start or stop, and "
    "VIPs are no longer announced",
)

PROVIDER_CONNECTION = Rule(
    "R421",
    Danger.NONE,
    "the connection of provider {name} changes in {fields}: check that it is still the same cluster",
)
PROVIDER_SETTINGS = Rule("R422", Danger.NONE, "settings of provider {name} change: {fields}")
PROVIDER_REMOVED = Rule("R423", Danger.NONE, "provider {name} is removed; its resources are listed separately")
PROVIDER_REPLACED = Rule(
    "R424",
    Danger.DATA_LOSS,
    "provider {name} is replaced: every object it manages, including all databases, is deleted and recreated",
)

# The keepalived of a node, which serves the tenants whose VIPs are entered there.
NODE_KEEPALIVED_STARTS = Rule("R431", Danger.NONE, "keepalived of node {node} starts")
NODE_KEEPALIVED_CLEARS = Rule(
    "R432",
    Danger.TRAFFIC,
    "keepalived of node {node} starts and clears the forwarding of {tenants}, whose own keepalived runs there",
    why="As R242. Their clients are cut off until that keepalived starts again.",
)
NODE_KEEPALIVED_REPLACED = Rule(
    "R433",
    Danger.TRAFFIC,
    "keepalived pod of node {node}, which serves {tenants}, is replaced: VIPs there are not announced until the new "
    "pod has started",
    why="Rated so also where it serves no tenant of this stack: another's may use it (`cluster.nodeKeepalived.of`).",
)
NODE_KEEPALIVED_REMOVED = Rule(
    "R434",
    Danger.TRAFFIC,
    "keepalived of node {node} is removed: the VIPs of {tenants} are no longer announced",
)
NODE_KEEPALIVED_UNUSED = Rule(
    "R435",
    Danger.NONE,
    "keepalived of node {node} is removed: no VIP of this stack is left there",
    why="An `up` refuses it while another stack has a VIP there.",
)
NODE_KEEPALIVED_IMAGE = Rule("R436", Danger.TRAFFIC, "image of nodes' keepalived {old} → {new}")
NODE_VRID_CHANGED = Rule("R437", Danger.TRAFFIC, "VRRP id of node {node} {old} → {new}")
NODE_ADDRESS_CHANGED = Rule(
    "R438",
    Danger.NONE,
    "address of node {node}'s keepalived itself {old} → {new}",
    why="It forwards to nothing: with it, keepalived is ready for its first VIP. It follows the VRRP id.",
)
NODE_CONFIG_REPLACED = Rule(
    "R439",
    Danger.TRAFFIC,
    "ConfigMap of node {node}'s keepalived, which serves {tenants}, is replaced: VIPs there are not announced until "
    "they are entered again",
    why="As R433. `pulumi up --refresh` enters them.",
)
