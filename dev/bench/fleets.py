"""Configurations of the measured fleets: tenants with two nodes each."""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from dev.local.cluster import Node
from dev.local.user_error import UserError

Config = dict[str, Any]

MOST_TENANTS = 250
"""A network segment has 255 VRRP ids, and these fleets have one segment."""

_KEY = {"data": {"authorized_keys": "demo", "id_rsa": "demo", "id_rsa.pub": "demo", "known_hosts": "demo"}}
_PLATFORM: Config = {
    "adbops": {"data": {"rm.addr": "192.168.143.10", "rm.port": "8080"}},
    "mysql": {"data": {"mysql.vip": "192.168.143.11"}},
    "adbConnect": {"data": {"adb.admin": "gpadmin", "adb.password": "demo"}},
    "mysqlConnect": {"data": {"user": "adb", "password": "demo"}},
    "rootSshKey": _KEY,
    "gpadminSshKey": _KEY,
}


def fleet(tenants: int, changes: Mapping[str, Mapping[str, Any]] | None = None) -> Config:
    """Return the configuration of a stack of so many tenants, with keys without the project's prefix.

    Some entries have additional fields, `changes` by the tenant's name.
    """
    if not 1 <= tenants <= MOST_TENANTS:
        raise UserError(f"{tenants} tenants: choose from 1 to {MOST_TENANTS}.")
    entries: list[Config] = [
        {
            "name": f"tenant{number}",
            "vip": f"192.168.143.{number}",
            "hosts": {"master": f"m{number}.adb.g1.com", "standby": f"s{number}.adb.g1.com"},
        }
        for number in range(1, tenants + 1)
    ]
    return {
        "cluster": {"namespace": "default", "vipPools": ["192.168.143.0/24"]},
        "platform": _PLATFORM,
        "tenants": [{**entry, **(changes or {}).get(entry["name"], {})} for entry in entries],
    }


def platform() -> Config:
    """Return the shared objects of a fleet."""
    return copy.deepcopy(_PLATFORM)


def nodes(config: Config) -> Sequence[Node]:
    """Return the nodes of a fleet."""
    names = [host for entry in config["tenants"] for host in entry["hosts"].values()]
    return [Node(name, address=f"192.168.{number // 200}.{number % 200 + 1}") for number, name in enumerate(names)]
