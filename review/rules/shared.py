"""What can happen to objects that belong to no single tenant."""

from review.danger import Danger
from review.findings import Rule

CREATED = Rule(id="R401", danger=Danger.NONE, sentence="created: {objects}")
ADOPTED = Rule(id="R402", danger=Danger.NONE, sentence="adopted: {objects}")
RELEASED = Rule(
    id="R403", danger=Danger.NONE, sentence="{object} stays in the cluster; this stack no longer manages it"
)
UNNEEDED = Rule(
    id="R404", danger=Danger.NONE, sentence="{object} changes or is removed: no tenant has a pod that needs it"
)
METADATA_CHANGED = Rule(id="R405", danger=Danger.NONE, sentence="{object}: only labels or annotations change")

DATA_CHANGED = Rule(
    id="R411",
    danger=Danger.NONE,
    sentence="{object}: {keys} changes for every tenant. Running pods keep the old environment until they restart; "
    "mounted files are updated in place",
)
DELETED = Rule(
    id="R412",
    danger=Danger.RESTART,
    sentence="{object} is deleted: every tenant's pods refer to it, and a pod that ends cannot start again without it",
)
REPLACED = Rule(
    id="R413",
    danger=Danger.RESTART,
    sentence="{object} is replaced: every tenant's pods refer to it, and a pod that ends meanwhile cannot start again",
)
KEEPALIVED_ACCESS = Rule(
    id="R414",
    danger=Danger.TRAFFIC,
    sentence="{object} changes or is removed: without its permissions keepalived does not see databases start or stop, "
    "and VIPs are no longer announced",
)

PROVIDER_CONNECTION = Rule(
    id="R421",
    danger=Danger.NONE,
    sentence="the connection of provider {name} changes in {fields}: check that it is still the same cluster",
)
PROVIDER_SETTINGS = Rule(id="R422", danger=Danger.NONE, sentence="settings of provider {name} change: {fields}")
PROVIDER_REMOVED = Rule(
    id="R423", danger=Danger.NONE, sentence="provider {name} is removed; its resources are listed separately"
)
PROVIDER_REPLACED = Rule(
    id="R424",
    danger=Danger.DATA_LOSS,
    sentence="provider {name} is replaced: every object it manages, including all databases, is deleted and recreated",
)
