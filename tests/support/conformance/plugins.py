"""The plugins that are available on this machine."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from dev.local import places

NAME = "pulumi-resource-kubernetes"
OFFICIAL_DIRECTORY = "ADB_TENANTS_OFFICIAL_PLUGIN"
"""The environment variable with the directory of an official plugin that is not on PATH."""


@dataclass(frozen=True)
class Plugin:
    """A plugin and its directory, for PATH."""

    name: str
    directory: Path


DOUBLE = Plugin("double", places.of_checkout().double)


def official() -> Plugin | None:
    """Return the official plugin, if it is available."""
    entries = [os.environ.get(OFFICIAL_DIRECTORY, ""), *os.environ["PATH"].split(os.pathsep)]
    outside = [entry for entry in entries if entry and Path(entry).resolve() != DOUBLE.directory]
    found = shutil.which(NAME, path=os.pathsep.join(outside))
    return Plugin("official", Path(found).parent) if found else None


def available() -> tuple[Plugin, ...]:
    """Return the double and, if it is available, the official plugin."""
    return tuple(plugin for plugin in (DOUBLE, official()) if plugin)
