"""Faults in sound fleets, for property tests."""

import copy
from dataclasses import dataclass
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from tenants.findings import FieldPath
from tests.support.strategies import Raw, sound_fleets

IN_ONE_VALUE: dict[str, list[tuple[str, Any]]] = {
    "E101": [("frobnicate", 1), ("Memory", "16Gi"), ("data_path", "/data9/x"), ("master", "m1")],
    "E103": [
        ("name", True),
        ("name", 3),
        ("vip", 3232235521),
        ("vip", None),
        ("hosts", "m1"),
        ("hosts", ["m1", "m2"]),
        ("vrid", 5.5),
        ("vrid", True),
        ("vrid", "5"),
        ("adopt", "yes"),
        ("adopt", 1),
        ("memory", True),
        ("cpu", True),
        ("memoryLimit", "2048"),
        ("memoryLimit", 2.5),
        ("image", 1.1),
        ("dataPath", 0),
        ("keepalived", "adb"),
        ("keepalived", "node"),
        ("tolerations", {"key": "dedicated"}),
        ("waive", "E601"),
        ("promotion", ["promote.sh"]),
        ("nodeSelector", ["disk=ssd"]),
        ("networkPolicy", ["10.0.0.0/8"]),
    ],
    "E104": [("activeRole", "primary"), ("state", "deleted"), ("updateStrategy", "Recreate")],
    "E106": [("memoryLimit", 0), ("memoryLimit", -5)],
    "E201": [("name", ""), ("name", "A"), ("name", "a.b"), ("name", "a_b"), ("name", "a-"), ("name", "a b")],
    "E202": [("name", "a" * 45), ("name", "b" * 300)],
    "E207": [("name", "3a")],
    "E401": [("vip", "10.0.0"), ("vip", "10.0.0.256"), ("vip", "::1"), ("vip", "10.0.0.1/32"), ("vip", "010.0.0.1")],
    "E407": [
        ("networkPolicy", {"allowFrom": ["10.0.0.1/8"]}),
        ("networkPolicy", {"allowFrom": ["10.0.0.1"]}),
        ("networkPolicy", {"allowFrom": ["::/0"]}),
    ],
    "E406": [("vip", "127.0.0.1"), ("vip", "224.0.0.5"), ("vip", "255.255.255.255")],
    "E501": [("vrid", 0), ("vrid", 256), ("vrid", -1)],
    "E701": [
        ("dataPath", "data"),
        ("logPath", "/a/../b"),
        ("logPath", "/a/./b"),
        ("dataPath", "/a//b"),
        ("logPath", ""),
    ],
    "E702": [("dataPath", "/"), ("dataPath", "/etc"), ("logPath", "/usr/local/x"), ("logPath", "/var/lib/kubelet")],
    "E801": [
        ("memory", "16GB"),
        ("memory", "0"),
        ("memory", "-1Gi"),
        ("memory", ""),
        ("memory", "1 Gi"),
        ("memory", 0),
        ("cpu", "4 cores"),
        ("cpu", 0),
    ],
    "E802": [("image", ""), ("image", "A:b"), ("image", "a b"), ("image", "a:b:c"), ("image", "a@sha256:0")],
    "E803": [("tolerations", [{"value": "x"}])],
    "E804": [("promotion", {"command": []}), ("promotion", {"command": [" ", "-a"]})],
    "E805": [("nodeSelector", {"disk": "s d"}), ("nodeSelector", {"disk": "s" * 64}), ("nodeSelector", {"disk": "-"})],
    "E806": [("nodeSelector", {"kubernetes.io/hostname": "m1"})],
}
"""Faults of a single value, by rule: the key of a tenant, and an invalid value of it."""
AT_KEYS = {"E101"}
WITHIN: dict[str, FieldPath] = {
    "E407": ("allowFrom", 0),
    "E803": (0,),
    "E804": ("command",),
    "E805": ("disk",),
    "E806": ("kubernetes.io/hostname",),
}
"""Where within the value the finding is, if not at the value itself."""
ONLY_IN_ENTRIES = {"name", "vip", "hosts"}


@dataclass(frozen=True)
class Planted:
    """A fleet with one fault."""

    raw: Raw
    rule: str
    place: FieldPath
    """Where the finding must be."""


@st.composite
def faults_of_one_value(draw: st.DrawFn) -> Planted:
    rule = draw(st.sampled_from(sorted(IN_ONE_VALUE)))
    key, value = draw(st.sampled_from(IN_ONE_VALUE[rule]))
    raw = copy.deepcopy(draw(sound_fleets()))
    spots: list[FieldPath] = [("tenants", index) for index in range(len(raw["tenants"]))]
    if key not in ONLY_IN_ENTRIES and not (rule == "E101" and key == "master"):
        spots.append(("defaults",))
    assume(spots)
    spot = draw(st.sampled_from(spots))
    target = raw.setdefault("defaults", {}) if spot == ("defaults",) else raw["tenants"][spot[1]]
    target[key] = value
    return Planted(raw, rule, (*spot, key, *WITHIN.get(rule, ())))


@st.composite
def faults_between_values(draw: st.DrawFn) -> Planted:
    """Draw a fault that takes two values; one of two tenants is changed to conflict with the other."""
    raw = copy.deepcopy(draw(sound_fleets().filter(lambda fleet: len(fleet["tenants"]) > 1)))
    one, other = draw(st.permutations(range(len(raw["tenants"]))))[:2]
    mine, theirs = raw["tenants"][one], raw["tenants"][other]
    at: FieldPath = ("tenants", one)
    kind = draw(
        st.sampled_from(
            ["name", "vip", "vrid", "hosts", "missing", "keepalived", "unserved", "data", "logs", "pool", "reserved"]
        )
    )
    match kind:
        case "name":
            mine["name"] = theirs["name"]
            return Planted(raw, "E203", (*at, "name"))
        case "vip":
            mine["vip"] = theirs["vip"]
            return Planted(raw, "E402", (*at, "vip"))
        case "vrid":
            assume(mine["vip"].rpartition(".")[0] == theirs["vip"].rpartition(".")[0])
            mine["keepalived"] = theirs["keepalived"] = {}
            mine["vrid"] = theirs.get("vrid", int(theirs["vip"].rpartition(".")[2]))
            return Planted(raw, "E502", (*at, "vrid"))
        case "hosts":
            mine["hosts"]["standby"] = mine["hosts"]["master"]
            return Planted(raw, "E302", (*at, "hosts", "standby"))
        case "missing":
            key = draw(st.sampled_from(["name", "vip", "hosts"]))
            del mine[key]
            return Planted(raw, "E102", at)
        case "keepalived":
            mine["state"] = theirs["state"] = "running"
            mine["keepalived"] = theirs["keepalived"] = {}
            node = theirs["hosts"][theirs.get("activeRole", "master")]
            mine["hosts"] = {"master": node, "standby": f"not-{node}"}
            mine.pop("activeRole", None)
            return Planted(raw, "E601", (*at, "hosts", "master"))
        case "unserved":
            mine["keepalived"] = {"per": "node"}
            mine["hosts"]["master"] = "not-listed"
            return Planted(raw, "E602", (*at, "hosts", "master"))
        case "data" | "logs":
            mine["hosts"]["standby" if mine.get("activeRole", "master") == "master" else "master"] = theirs["hosts"][
                "master"
            ]
            assume(mine["hosts"]["master"] != mine["hosts"]["standby"])
            theirs["dataPath"] = "/data7/shared"
            key, path = ("dataPath", "/data7/shared") if kind == "data" else ("logPath", "/data7/shared/logs")
            mine[key] = path
            return Planted(raw, "E703", (*at, key))
        case "pool":
            raw.setdefault("cluster", {})["vipPools"] = ["10.0.0.0/8"]
            raw["cluster"]["vipPools"] += ["172.16.0.0/12"]
            mine["vip"] = "192.0.2.7"
            return Planted(raw, "E403", (*at, "vip"))
        case _:
            raw.setdefault("cluster", {})["reservedVrids"] = [255]
            mine["vrid"] = 255
            mine["keepalived"] = {}
            return Planted(raw, "E503", (*at, "vrid"))
