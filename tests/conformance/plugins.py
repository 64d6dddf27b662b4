"""The plugins that can be compared on this machine."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from dev.local import places

NAME = "pulumi-resource-kubernetes"
OFFICIAL_DIRECTORY = "ADB_TENANTS_OFFICIAL_PLUGIN"
"""Environment variable: the directory of an official plugin that is not on PATH."""


@dataclass(frozen=True)
class Plugin:
    """A plugin and the directory to put on PATH for it."""

    name: str
    directory: Path


DOUBLE = Plugin("double", places.of_checkout().double)


def official() -> Plugin | None:
    """The official plugin, if there is one."""
    entries = [os.environ.get(OFFICIAL_DIRECTORY, ""), *os.environ["PATH"].split(os.pathsep)]
    outside = [entry for entry in entries if entry and Path(entry).resolve() != DOUBLE.directory]
    found = shutil.which(NAME, path=os.pathsep.join(outside))
    return Plugin("official", Path(found).parent) if found else None


def present() -> tuple[Plugin, ...]:
    """The double, and the official plugin where it is to be had."""
    return tuple(plugin for plugin in (DOUBLE, official()) if plugin)
