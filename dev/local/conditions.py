"""Describes under what a measurement was made: the figures mean little without it."""

import os
import time
from collections.abc import Mapping, Sequence

from dev.local import kubernetes_plugin, versions
from dev.local.places import Places


def conditions(places: Places, tools: Mapping[str, Sequence[str]]) -> str:
    """Return the date, the machine's load, the tools' versions and the plugin in one line.

    A tool is a name with the command that prints its version.
    """
    found = [f"{name} {versions.printed_by(command)}" for name, command in tools.items()]
    official = kubernetes_plugin.find(os.environ, kubernetes_plugin.locked_version(places))
    found.append("the official Kubernetes plugin" if official else "the double of the Kubernetes plugin (`dev/plugin`)")
    busy, _, _ = os.getloadavg()
    return f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} processors, load {busy:.1f} at the start, {', '.join(found)}"
