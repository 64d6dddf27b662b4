"""The kinds of edits of a busy month: what each does to the model, and what is done to the cluster before its `up`.

Each is a function of the model and of a number, a tenant's or a node's. It yields a step for each `up` and changes the
model before it, or yields nothing if it does not apply: so every part of a sequence of edits is one too.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from tests.support.cell import Cell
from tests.support.fleets import Config
from tests.support.month.model import CORDONED, LOST, PROMOTION, READY, Model, other

ACTIVE = "activeRole"


@dataclass(frozen=True, kw_only=True)
class Step:
    """What is done, then an `up`."""

    says: str
    before: tuple[Callable[[Cell], object], ...] = ()
    """What another client, or a machine, does to the cluster."""
    drift: frozenset[str] = frozenset()
    """The objects that `python -m drift` has to list then, besides lost nodes."""
    repair: bool = False
    """By `python -m drift --repair` first."""
    refresh: bool = False
    """By `up --refresh`."""
    killed: bool = False
    """A first `up` is killed at some moment."""
    config: Config | None = None
    """A configuration that is not the model's, because it is refused."""
    refusal: tuple[str, ...] = ()
    """What the refusal has to contain."""


Kind = Callable[[Model, int], Iterator[Step]]


def kubectl(*arguments: str) -> Callable[[Cell], object]:
    """Return a command of another client."""
    return lambda cell: cell.kubectl(*arguments)


def merge(kind: str, name: str, change: object) -> Callable[[Cell], object]:
    """Return a patch by another client."""
    return kubectl("patch", kind, name, "--type", "merge", "--patch", json.dumps(change))


# Tenants come and go --------------------------------------------------------------------------------------------------


def add(model: Model, slot: int) -> Iterator[Step]:
    """Add a tenant; it is refused if a pod could not start."""
    if slot in model.entries:
        return
    model.add(slot)
    if model.on_ready_nodes(slot):
        yield Step(says=f"t{slot} is added")
        return
    config, entry = model.config(), model.entries.pop(slot)
    model.stop(slot)
    yield Step(says=f"t{slot} cannot be added, {entry['hosts']}", config=config, refusal=(f"t{slot}: ",))


def retire(model: Model, slot: int) -> Iterator[Step]:
    if slot not in model.entries or model.entries[slot]["state"] == "retired":
        return
    model.entries[slot]["state"] = "retired"
    model.stop(slot)
    yield Step(says=f"t{slot} is retired")


def remove(model: Model, slot: int) -> Iterator[Step]:
    """Remove a retired tenant's entry; that of any other is refused."""
    if slot not in model.entries:
        return
    if model.entries[slot]["state"] == "retired":
        del model.entries[slot]
        model.promoted.pop(slot, None)
        yield Step(says=f"t{slot} is removed")
        return
    config = model.config()
    config["tenants"] = [entry for entry in config["tenants"] if entry["name"] != f"t{slot}"]
    refusal = (f"t{slot} is neither in the fleet nor retired",)
    yield Step(says=f"t{slot} cannot be removed", config=config, refusal=refusal)


def stop(model: Model, slot: int) -> Iterator[Step]:
    if not model.runs(slot):
        return
    model.entries[slot]["state"] = "stopped"
    model.stop(slot)
    yield Step(says=f"t{slot} is stopped")


def start(model: Model, slot: int) -> Iterator[Step]:
    """Start a tenant that is stopped or retired; it is refused if a pod could not start."""
    if slot not in model.entries or model.runs(slot):
        return
    if not model.on_ready_nodes(slot):
        refusal = (f"t{slot}: its ", "pod could not start")
        config = model.with_entry(slot, state="running")
        yield Step(says=f"t{slot} cannot be started", config=config, refusal=refusal)
        return
    model.entries[slot]["state"] = "running"
    model.start(slot)
    yield Step(says=f"t{slot} is started")


# Traffic --------------------------------------------------------------------------------------------------------------


def fail_over(model: Model, slot: int) -> Iterator[Step]:
    """Fail over to the other role; it is refused if clients could not connect there."""
    if slot not in model.entries:
        return
    role = other(model.entries[slot][ACTIVE])
    if reason := _why_no_failover(model, slot, role):
        refusal = (f"t{slot}", reason)
        yield Step(
            says=f"t{slot} cannot fail over to its {role}",
            config=model.with_entry(slot, activeRole=role),
            refusal=refusal,
        )
        return
    model.entries[slot][ACTIVE] = role
    if slot in model.promoted:
        model.promoted[slot] = model.runs(slot)
    yield Step(says=f"t{slot} fails over to its {role}")


def _why_no_failover(model: Model, slot: int, role: str) -> str:
    if not model.runs(slot):
        return "its promotion cannot run" if slot in model.promoted else ""
    state = model.nodes[model.host(slot, role)]
    needs_a_pod = model.has_own_keepalived(slot) or slot in model.promoted
    if state == LOST or (state == CORDONED and needs_a_pod):
        return {LOST: "does not exist", CORDONED: "is cordoned"}[state]
    return "" if model.is_ready(slot, role) else "is not ready"


def fail_over_to_nobody(model: Model, slot: int) -> Iterator[Step]:
    """Fail over to a database that another client has scaled away; then repair that."""
    if slot not in model.entries or not model.is_settled(slot):
        return
    role = other(model.entries[slot][ACTIVE])
    name = f"t{slot}-{role}"
    del model.pods[slot, role]
    yield Step(
        says=f"{name} is scaled to 0 by kubectl, and t{slot} cannot fail over to it",
        before=(kubectl("scale", "statefulset", name, "--replicas", "0"),),
        drift=frozenset({f"StatefulSet {name}"}),
        config=model.with_entry(slot, activeRole=role),
        refusal=(f"t{slot} would fail over to {name}-0", "is not ready"),
    )
    model.start(slot, role)
    yield Step(says=f"{name} is repaired", refresh=True)


def change_keepalived(model: Model, slot: int) -> Iterator[Step]:
    """Change from a keepalived of the tenant's own to its node's, or back."""
    if slot not in model.entries or model.nodes[model.active_host(slot)] != READY:
        return
    per = "node" if model.has_own_keepalived(slot) else "tenant"
    model.entries[slot]["keepalived"] = {"per": per}
    yield Step(says=f"t{slot}'s keepalived is per {per}")


def change_promotion(model: Model, slot: int) -> Iterator[Step]:
    """Let failovers promote the database, or no longer."""
    if slot not in model.entries:
        return
    if slot in model.promoted:
        del model.promoted[slot], model.entries[slot]["promotion"]
        yield Step(says=f"t{slot} is no longer promoted")
        return
    model.promoted[slot] = False
    model.entries[slot]["promotion"] = PROMOTION
    yield Step(says=f"t{slot} is promoted from now on")


def change_network_policy(model: Model, slot: int) -> Iterator[Step]:
    """Restrict who can connect, or no longer."""
    if slot not in model.entries:
        return
    if model.entries[slot].pop("networkPolicy", None) is None:
        model.entries[slot]["networkPolicy"] = {"allowFrom": ["10.0.0.0/8"]}
    yield Step(says=f"t{slot} has {'a' if 'networkPolicy' in model.entries[slot] else 'no'} NetworkPolicy")


# Databases ------------------------------------------------------------------------------------------------------------


def change_image(model: Model, slot: int) -> Iterator[Step]:
    """Change the image, which restarts nothing."""
    if slot not in model.entries:
        return
    name, _, version = model.entries[slot]["image"].partition(":v")
    model.entries[slot]["image"] = f"{name}:v{int(version) + 1}"
    yield Step(says=f"t{slot} has the image {model.entries[slot]['image']}")


def change_memory(model: Model, slot: int) -> Iterator[Step]:
    """Change the memory, which restarts nothing."""
    if slot not in model.entries:
        return
    gigabytes = int(model.entries[slot]["memory"].removesuffix("Gi"))
    model.entries[slot]["memory"] = f"{gigabytes + 1}Gi"
    yield Step(says=f"t{slot} has {gigabytes + 1}Gi of memory")


def move(model: Model, slot: int) -> Iterator[Step]:
    """Move a role's data to another node, and delete its pod; it is refused without `allowMove`."""
    if slot not in model.entries:
        return
    role = "master" if slot % 2 else "standby"
    hosts = model.entries[slot]["hosts"]
    others = (number % model.slots for number in range(slot + 2, slot + model.slots))
    free = (number for number in others if model.node(number) not in hosts.values())
    target = next((number for number in free if model.nodes.get(number) == READY), None)
    if target is None:
        return
    moved = {**hosts, role: model.node(target)}
    yield Step(
        says=f"t{slot}'s {role} cannot be moved to {model.node(target)} without allowMove",
        config=model.with_entry(slot, hosts=moved),
        refusal=(f"t{slot}-{role} would start on an empty disk",),
    )
    allowed = [{"role": role, "host": model.node(target)}]
    model.entries[slot] |= {"hosts": moved, "allowMove": allowed}
    yield Step(says=f"t{slot}'s {role} is moved to {model.node(target)}")
    del model.entries[slot]["allowMove"]
    yield from _restart(model, slot, role)


def move_directory(model: Model, slot: int) -> Iterator[Step]:
    """Move the data of both roles to another directory; it is refused without `allowMove`."""
    if slot not in model.entries:
        return
    number = int(model.entries[slot]["dataPath"].split("/")[1].removeprefix("data")) + 1
    path = f"/data{number}/t{slot}"
    config = model.with_entry(slot, dataPath=path)
    yield Step(
        says=f"t{slot}'s data cannot be moved without allowMove", config=config, refusal=(f"t{slot}-master would",)
    )
    allowed = [{"role": role, "dataPath": path} for role in ("master", "standby")]
    model.entries[slot] |= {"dataPath": path, "allowMove": allowed}
    yield Step(says=f"t{slot}'s data is moved to {path}")
    del model.entries[slot]["allowMove"]


def restart(model: Model, slot: int) -> Iterator[Step]:
    """Delete a database's pod, as an upgrade does."""
    if slot in model.entries:
        yield from _restart(model, slot, "standby" if slot % 2 else "master")


def _restart(model: Model, slot: int, role: str) -> Iterator[Step]:
    if (slot, role) not in model.pods:
        return
    # Not where it could not start again.
    if model.nodes[model.host(slot, role)] != READY:
        return
    model.start(slot, role)
    deleted = kubectl("delete", "pod", f"t{slot}-{role}-0", "--wait=false")
    yield Step(says=f"the pod of t{slot}'s {role} is deleted", before=(deleted,))


# Machines -------------------------------------------------------------------------------------------------------------


def lose_node(model: Model, number: int) -> Iterator[Step]:
    """Lose a node: its Node object, and the pods that ran there."""
    if model.nodes[number] != READY:
        return
    node = model.node(number)
    bury = kubectl("delete", "pods", "--field-selector", f"spec.nodeName={node}", "--force", "--grace-period", "0")
    model.lose(number)
    yield Step(says=f"{node} is lost", before=(kubectl("delete", "node", node), bury))


def restore_node(model: Model, number: int) -> Iterator[Step]:
    """Bring a lost node back, without its labels."""
    if model.nodes[number] != LOST:
        return
    node = model.node(number)
    model.accept_pods(number)
    yield Step(says=f"{node} is back", before=(lambda cell: cell.add_node(node.partition(".")[0]),), refresh=True)


def cordon(model: Model, number: int) -> Iterator[Step]:
    if model.nodes[number] == READY:
        model.nodes[number] = CORDONED
        yield Step(says=f"{model.node(number)} is cordoned", before=(kubectl("cordon", model.node(number)),))


def uncordon(model: Model, number: int) -> Iterator[Step]:
    if model.nodes[number] == CORDONED:
        model.accept_pods(number)
        yield Step(says=f"{model.node(number)} is uncordoned", before=(kubectl("uncordon", model.node(number)),))


# Other clients --------------------------------------------------------------------------------------------------------


def label_by_hand(model: Model, slot: int) -> Iterator[Step]:
    """Add a label, which only `python -m drift --repair` removes."""
    if slot in model.entries:
        label = kubectl("label", "statefulset", f"t{slot}-master", "foreign=x")
        drift = frozenset({f"StatefulSet t{slot}-master"})
        yield Step(says=f"t{slot}-master is labelled by kubectl", before=(label,), drift=drift, repair=True)


def scale_by_hand(model: Model, slot: int) -> Iterator[Step]:
    """Scale a database to 0."""
    if model.runs(slot) and model.is_settled(slot):
        model.start(slot, "master")
        scale = kubectl("scale", "statefulset", f"t{slot}-master", "--replicas", "0")
        drift = frozenset({f"StatefulSet t{slot}-master"})
        yield Step(says=f"t{slot}-master is scaled to 0 by kubectl", before=(scale,), drift=drift, refresh=True)


def delete_service(model: Model, slot: int) -> Iterator[Step]:
    """Delete a Service: a database's, or the VIP's."""
    if slot in model.entries:
        name = f"t{slot}-{('master', 'vip')[slot % 2]}"
        drift = frozenset({f"Service {name}"})
        delete = kubectl("delete", "service", name)
        yield Step(says=f"Service {name} is deleted by kubectl", before=(delete,), drift=drift, refresh=True)


def edit_selector(model: Model, slot: int) -> Iterator[Step]:
    """Send a VIP's clients to the other role, which promotes nothing."""
    if slot in model.entries:
        change = {"spec": {"selector": {"role": other(model.entries[slot][ACTIVE])}}}
        drift = frozenset({f"Service t{slot}-vip"})
        patch = merge("service", f"t{slot}-vip", change)
        yield Step(says=f"Service t{slot}-vip is edited by kubectl", before=(patch,), drift=drift, refresh=True)


def edit_config_map(model: Model, slot: int) -> Iterator[Step]:
    """Change what a keepalived forwards a VIP to."""
    if slot not in model.entries:
        return
    own, node = model.has_own_keepalived(slot), model.node(model.active_host(slot))
    name = f"t{slot}-vip-cm" if own else f"adb-keepalived-{node}"
    change = {"data": {model.entries[slot]["vip"]: "elsewhere/service"}}
    drift = frozenset({f"ConfigMap {name}"})
    patch = merge("configmap", name, change)
    yield Step(says=f"ConfigMap {name} is edited by kubectl", before=(patch,), drift=drift, refresh=True)


def unlabel_node(model: Model, slot: int) -> Iterator[Step]:
    """Remove a node's label of a tenant."""
    if slot in model.entries and model.nodes[model.host(slot, "master")] != LOST:
        node = model.node(model.host(slot, "master"))
        drift = frozenset({f"Node {node}"})
        label = kubectl("label", "node", node, f"tenancy-t{slot}-")
        yield Step(says=f"{node} loses its label of t{slot}", before=(label,), drift=drift, refresh=True)


# Interruptions --------------------------------------------------------------------------------------------------------


def _killed(kind: Kind) -> Kind:
    def edit(model: Model, slot: int) -> Iterator[Step]:
        for step in kind(model, slot):
            yield step if step.refusal else Step(says=f"{step.says}, and the `up` is killed", killed=True)

    return edit


KINDS: Mapping[str, Kind] = {
    kind.__name__.replace("_", " "): kind
    for kind in (
        *(add, retire, remove, stop, start, fail_over, fail_over_to_nobody),
        *(change_keepalived, change_promotion, change_network_policy, change_image, change_memory),
        *(move, move_directory, restart, lose_node, restore_node, cordon, uncordon),
        *(label_by_hand, scale_by_hand, delete_service, edit_selector, edit_config_map, unlabel_node),
    )
} | {
    f"{kind.__name__.replace('_', ' ')}, killed": _killed(kind)
    for kind in (stop, start, fail_over, change_keepalived, change_image, change_network_policy)
}
"""Every kind by its name. None that is killed sets node labels: such a label stays (docs/operations.md)."""
OF_NODES = frozenset(kind.__name__.replace("_", " ") for kind in (lose_node, restore_node, cordon, uncordon))
"""The kinds whose number is a node's."""
