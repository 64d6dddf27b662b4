"""Fleets for property tests: raw configurations, as the program gets them, that break no rule."""

import json
from typing import Any

from hypothesis import strategies as st

from tenants.contract import PLATFORM, SETTINGS
from tenants.findings import FieldPath
from tenants.fleet import CONFIG_MAP_KEYS, SECRET_KEYS

Raw = dict[str, Any]

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_INNER = _LETTERS + "0123456789-"
_OUTER = _LETTERS + "0123456789"

MEMORY = ("16Gi", "1.5Gi", "500M", "1e9", "17179869184", "+2G", "128Ti", 17179869184)
CPU = ("4", "500m", "0.5", 2, 1.5)
IMAGES = (
    "adb-control",
    "docker.dtdream.com/adb/adb-control:v1.2.0",
    "localhost:5000/adb__control:V1_0",
    "registry.example.com/a/b-c/d@sha256:" + "0f" * 32,
)
TOLERATIONS: tuple[list[Raw], ...] = (
    [],
    [{"operator": "Exists"}],
    [{"key": "dedicated", "operator": "Equal", "value": "master", "effect": "NoSchedule"}],
    [{"key": "example.com/adb", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 60}],
)
NODE_LABELS = {"disk": "ssd", "example.com/Rack_7": ""}
"""What nodes of the mocked cluster have, so that pods can start there."""
PROMOTIONS: tuple[Raw, ...] = (
    {"command": ["ssh", "gpadmin@$(PROMOTE)", "gpactivatestandby", "-a"]},
    {"command": ["/promote.sh", ""], "image": "localhost:5000/adb__control:V1_0", "timeoutSeconds": 86_400},
)
NETWORK_POLICIES: tuple[Raw, ...] = ({"allowFrom": []}, {"allowFrom": ["10.0.0.0/8", "192.168.7.9/32"]})
EVERY_FIELD: Raw = {
    "name": "t",
    "vip": "10.0.1.7",
    "hosts": {"master": "a", "standby": "b"},
    "activeRole": "standby",
    "vrid": 9,
    "state": "retired",
    "adopt": True,
    "memory": "1e3",
    "cpu": 0.5,
    "memoryLimit": 5,
    "image": "i",
    "dataPath": "/d/1",
    "logPath": "/d/2",
    "updateStrategy": "RollingUpdate",
    "keepalived": {"image": "k", "per": "node"},
    "tolerations": [{"key": "x", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 3}],
    "nodeSelector": {"disk": "ssd"},
    "waive": [{"rule": "E601", "reason": "alone"}],
    "force": "the master's node is gone",
    "promotion": {"command": ["p", "-x"], "image": "q", "timeoutSeconds": 7},
    "networkPolicy": {"allowFrom": ["10.0.0.0/8"]},
    "allowMove": [{"role": "master", "host": "a", "dataPath": "/d/1", "logPath": "/d/2"}],
}
"""An entry that sets every field, none to its default."""
OF_ENTRIES = {"activeRole", "vrid", "dataPath", "logPath", "waive"}
"""Settings that concern other tenants too."""


def tenant_names() -> st.SearchStrategy[str]:
    """Draw names of one to 44 characters."""
    return st.builds(
        lambda first, inner, last: first + inner + last,
        st.sampled_from(_LETTERS),
        st.text(_INNER, max_size=42),
        st.sampled_from(_OUTER),
    ) | st.sampled_from(_LETTERS)


def node_names() -> st.SearchStrategy[str]:
    """Draw names of nodes, with and without a domain."""
    return st.builds(
        lambda label, domain: label + domain,
        st.text(_OUTER, min_size=1, max_size=12),
        st.sampled_from(["", ".adb.g1.com", ".example"]),
    )


@st.composite
def _settings(draw: st.DrawFn) -> Raw:
    """Draw tenant fields that concern no other tenant."""
    kinds: dict[str, st.SearchStrategy[Any]] = {
        "memory": st.sampled_from(MEMORY),
        "cpu": st.sampled_from(CPU),
        "memoryLimit": st.integers(1, 2**31 - 1),
        "image": st.sampled_from(IMAGES),
        "keepalived": st.one_of(st.just({}), st.builds(lambda image: {"image": image}, st.sampled_from(IMAGES))),
        "state": st.sampled_from(["running", "stopped", "retired"]),
        "adopt": st.booleans(),
        "updateStrategy": st.sampled_from(["OnDelete", "RollingUpdate"]),
        "tolerations": st.sampled_from(TOLERATIONS),
        "nodeSelector": st.sampled_from([{}, {"disk": "ssd"}, NODE_LABELS]),
        "promotion": st.sampled_from(PROMOTIONS),
        "networkPolicy": st.sampled_from(NETWORK_POLICIES),
    }
    assert kinds.keys() | OF_ENTRIES == {field.key for field in SETTINGS.values()}
    chosen = draw(st.sets(st.sampled_from(sorted(kinds)), max_size=4))
    return {key: draw(kinds[key]) for key in sorted(chosen)}


def _defaults() -> st.SearchStrategy[Raw]:
    """Draw `defaults` that do not stop the whole fleet."""
    stopped = ("state", "stopped")
    return _settings().map(lambda found: {key: value for key, value in found.items() if (key, value) != stopped})


@st.composite
def _platform(draw: st.DrawFn) -> Raw:
    text = st.text('abc 0:#é"\n', max_size=8)
    data = {PLATFORM.fields[name].key: keys for name, keys in {**CONFIG_MAP_KEYS, **SECRET_KEYS}.items()}
    chosen = draw(st.sets(st.sampled_from(sorted(data))))
    return {
        key: {"data": {name: draw(text) for name in data[key]}}
        if draw(st.booleans())
        else {"name": f"shared.{key.lower()}"}
        for key in sorted(chosen)
    }


def shared_nodes(segment: int) -> tuple[str, str]:
    """Return the two nodes of a segment with keepalived of their own."""
    return f"shared-{segment}a", f"shared-{segment}b"


@st.composite
def _node_keepalived(draw: st.DrawFn, segments: list[str], taken: set[int]) -> Raw:
    """Draw keepalived of the shared nodes of these segments, by default of the only one."""
    free = [vrid for vrid in range(1, 255) if vrid not in taken]
    return {
        **draw(st.sampled_from([{}, {"image": IMAGES[1]}, {"tolerations": TOLERATIONS[1]}])),
        "nodes": [
            {"name": node, "vrid": vrid, **segment}
            for number, segment in enumerate([{"segment": name} for name in segments] or [{}])
            for node, vrid in zip(shared_nodes(number), free, strict=False)
        ],
    }


@st.composite
def sound_fleets(draw: st.DrawFn, *, most: int = 8) -> Raw:
    """Draw configurations that `tenants.load` takes, with and without every optional part."""
    count = draw(st.integers(0, most))
    segments = draw(st.integers(0, 3))  # 0: no pools, one segment, any address
    octets = st.integers(1, 254)
    places = draw(
        st.lists(st.tuples(st.integers(0, max(segments - 1, 0)), octets), min_size=count, max_size=count, unique=True)
    )
    shift = draw(st.none() | st.integers(0, 253))
    """Every VRRP id explicit, turned by so much within 1..254; or every one the default."""
    shares_nodes = draw(st.booleans())
    """Some tenants have the keepalived of their nodes, a pair for each segment."""
    names = draw(st.lists(tenant_names(), min_size=count, max_size=count, unique=True))
    # The node of the active role is a tenant's own, because of its keepalived pod; the other one may be shared.
    nodes = draw(st.lists(node_names(), min_size=count + 1, max_size=count + 3, unique=True))
    tenants = []
    for index, (segment, octet) in enumerate(places):
        mine = nodes[index]
        other = draw(st.sampled_from([node for node in nodes if node != mine]))
        standby_serves = draw(st.booleans())
        tenant: Raw = {
            "name": names[index],
            "vip": f"10.{segment}.7.{octet}",
            "hosts": {"master": other, "standby": mine} if standby_serves else {"master": mine, "standby": other},
            **draw(_settings()),
        }
        if standby_serves:
            tenant["activeRole"] = "standby"
        if shares_nodes and draw(st.booleans()):
            pair = shared_nodes(segment)
            tenant["hosts"] = dict(zip(("master", "standby"), draw(st.permutations(pair)), strict=True))
            tenant["keepalived"] = {**tenant.get("keepalived", {}), "per": "node"}
        if shift is not None:
            tenant["vrid"] = (octet - 1 + shift) % 254 + 1
        if draw(st.booleans()):
            tenant["dataPath"] = f"/data1/{names[index]}"
        keys = draw(st.permutations(sorted(tenant)))
        tenants.append({key: tenant[key] for key in keys})

    raw: Raw = {"tenants": tenants}
    pools_have_segments = segments != 1 or draw(st.booleans())
    if segments or draw(st.booleans()):
        cluster: Raw = draw(st.sampled_from([{}, {"context": "kwok-adb"}, {"namespace": "adb"}])).copy()
        pools = [{"cidr": f"10.{index}.0.0/16", "segment": f"s{index}"} for index in range(segments)]
        cluster["vipPools"] = pools if pools_have_segments else ["10.0.7.0/24"]
        cluster["reservedVrids"] = [255] if draw(st.booleans()) else []
        raw["cluster"] = cluster
    if shares_nodes:
        taken = {(octet - 1 + (shift or 0)) % 254 + 1 for _, octet in places}
        named = [f"s{segment}" for segment in range(segments)] if pools_have_segments else []
        raw.setdefault("cluster", {})["nodeKeepalived"] = draw(_node_keepalived(named, taken))
    if draw(st.booleans()):
        raw["platform"] = draw(_platform())
    if draw(st.booleans()):
        raw["defaults"] = draw(_defaults())
    return raw


def stack_file(raw: Raw) -> tuple[str, dict[FieldPath, int]]:
    """Write a configuration as a stack file, one value a line; return it with the line of each value by its path."""
    lines = ["config:"]
    found: dict[FieldPath, int] = {}

    def write(value: Any, path: FieldPath, lead: str, indent: int) -> None:
        found[path] = len(lines) + 1
        if isinstance(value, dict) and value:
            if lead.strip() != "-":
                lines.append(lead)
                lead = ""
            for number, (key, inner) in enumerate(value.items()):
                begin = f"{lead} " if lead and number == 0 else " " * indent
                write(inner, (*path, key), f"{begin}{json.dumps(key)}:", indent + 2)
        elif isinstance(value, list) and value:
            lines.append(lead)
            for number, inner in enumerate(value):
                write(inner, (*path, number), " " * indent + "-", indent + 2)
        else:
            lines.append(f"{lead} {json.dumps(value)}")

    for section, value in raw.items():
        write(value, (section,), f"  adb-tenants:{section}:", 4)
    return "\n".join(lines) + "\n", found
