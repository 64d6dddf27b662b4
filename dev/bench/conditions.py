"""Describes the conditions of a run in one line: the figures mean little without it."""

import os
from pathlib import Path

from dev.local import kubernetes_plugin, versions
from dev.local.places import Places


def described(places: Places, helm: Path) -> str:
    """Return versions, plugin and the machine's load."""
    tools = {
        "pulumi": ["pulumi", "version"],
        "kube-apiserver": ["kube-apiserver", "--version"],
        "kubectl": ["kubectl", "version", "--client"],
        "helm": [str(helm), "version", "--short"],
    }
    found = [f"{name} {versions.printed_by(command)}" for name, command in tools.items()]
    official = kubernetes_plugin.find(os.environ, kubernetes_plugin.locked_version(places))
    found.append("the official Kubernetes plugin" if official else "the double of the Kubernetes plugin, dev/plugin")
    busy, _, _ = os.getloadavg()
    return f"{', '.join(found)}; {os.cpu_count()} processors, load {busy:.1f}"
