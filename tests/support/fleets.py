"""Configurations: the seed's tenant3, changed, or in a cell of the engine tests."""

import copy
from typing import Any

import yaml

from tests.support.cell import Cell
from tests.support.program import ROOT

Config = dict[str, Any]

CONFIG: Config = yaml.safe_load((ROOT / "tests" / "data" / "tenant3.yaml").read_text())


def config_with(**changes: Any) -> Config:
    """Return tenant3's configuration with changes to its only entry."""
    config = copy.deepcopy(CONFIG)
    config["tenants"][0].update(changes)
    return config


def entry(number: int, **more: Any) -> Config:
    """Return an entry that conflicts with those of no other number."""
    hosts = {"master": f"m{number}", "standby": f"s{number}"}
    return {"name": f"tenant{number}", "vip": f"192.168.143.{number}", "hosts": hosts, **more}


def tenant3(cell: Cell, **changes: Any) -> Config:
    """Return one tenant on the cell's nodes m1 and m2, with changes to its entry."""
    config = config_with(**{"hosts": {"master": cell.node("m1"), "standby": cell.node("m2")}, **changes})
    config["cluster"] = {"namespace": cell.namespace, "vipPools": ["192.168.143.0/24"]}
    return config


def with_tenants(config: Config, tenants: list[Config]) -> Config:
    """Return the configuration with other tenants."""
    return {**config, "tenants": tenants}


def with_every_tenant(config: Config, **changes: Any) -> Config:
    """Return the configuration with changes to each entry."""
    return with_tenants(config, [{**entry, **changes} for entry in config["tenants"]])


def per_node(config: Config) -> Config:
    """Return the configuration with keepalived per node, on every node of its tenants."""
    nodes = sorted({host for entry in config["tenants"] for host in entry["hosts"].values()})
    keepalived = {"nodes": [{"name": node, "vrid": number} for number, node in enumerate(nodes, 201)]}
    return {
        **config,
        "cluster": {**config.get("cluster", {}), "nodeKeepalived": keepalived},
        "defaults": {**config.get("defaults", {}), "keepalived": {"per": "node"}},
    }


def with_tenant4(cell: Cell, config: Config) -> Config:
    """Return the configuration with a second tenant, its roles swapped on the same two nodes."""
    hosts = {"master": cell.node("m2"), "standby": cell.node("m1")}
    return with_tenants(config, [*config["tenants"], {"name": "tenant4", "vip": "192.168.143.145", "hosts": hosts}])
