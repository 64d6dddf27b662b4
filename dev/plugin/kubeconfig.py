"""Finds and reads kubeconfigs."""

import os
from pathlib import Path

import yaml

from dev.plugin.api_server import UnreachableError
from dev.plugin.property_values import Manifest

_POD = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""The directory of the credentials of a pod's ServiceAccount."""


def load(path_or_contents: str) -> Manifest:
    """Load a kubeconfig given by path or as text, or the default one if empty; raises `UnreachableError`."""
    try:
        if not path_or_contents:
            return _default()
        # It is a path, unless it is too long or there is no such file.
        if len(path_or_contents) < 4096 and (path := Path(path_or_contents).expanduser()).is_file():
            return _read(path)
        return _checked(path_or_contents)
    except (OSError, TypeError, ValueError, yaml.YAMLError) as error:
        reason = f"failed to parse kubeconfig data in `kubernetes:config:kubeconfig`- {error}"
        raise UnreachableError(reason) from error


def context_of(kubeconfig: Manifest, name: str) -> Manifest | None:
    """Return the named (or current) context."""
    return _named(kubeconfig, "contexts", name or kubeconfig.get("current-context", "")).get("context")


def cluster_of(kubeconfig: Manifest, context: str) -> Manifest | None:
    """Return the cluster of the named (or current) context."""
    found = context_of(kubeconfig, context)
    return _named(kubeconfig, "clusters", found["cluster"]).get("cluster") if found else None


def user_of(kubeconfig: Manifest, context: str) -> Manifest:
    """Return the credentials of the named (or current) context."""
    found = context_of(kubeconfig, context) or {}
    user: Manifest = _named(kubeconfig, "users", found.get("user", "")).get("user") or {}
    return user


def _named(kubeconfig: Manifest, section: str, name: str) -> Manifest:
    return next((entry for entry in kubeconfig.get(section) or () if entry["name"] == name), {})


def _default() -> Manifest:
    merged: Manifest = {}
    for entry in (os.environ.get("KUBECONFIG") or "~/.kube/config").split(os.pathsep):
        path = Path(entry).expanduser()
        for key, value in (_read(path) if entry and path.is_file() else {}).items():
            # The first file wins; of equal names in a list, `_named` takes the first.
            merged[key] = merged.get(key, []) + (value or []) if isinstance(value, list) else merged.get(key, value)
    return merged or _in_pod()


def _in_pod() -> Manifest:
    """Return a kubeconfig of the pod's ServiceAccount; an empty one outside of a pod."""
    host, port = os.environ.get("KUBERNETES_SERVICE_HOST"), os.environ.get("KUBERNETES_SERVICE_PORT")
    token = _POD / "token"
    if not (host and port and token.is_file()):
        return {}
    cluster = {"server": f"https://{host}:{port}", "certificate-authority": str(_POD / "ca.crt")}
    return {
        "current-context": "pod",
        "contexts": [{"name": "pod", "context": {"cluster": "pod", "user": "pod"}}],
        "clusters": [{"name": "pod", "cluster": cluster}],
        "users": [{"name": "pod", "user": {"tokenFile": str(token)}}],
    }


def _read(path: Path) -> Manifest:
    kubeconfig = _checked(path.read_text())
    for section, keys in {"cluster": ["certificate-authority"], "user": ["client-certificate", "client-key"]}.items():
        for entry in kubeconfig.get(f"{section}s") or ():
            for key in entry.get(section, {}).keys() & keys:
                entry[section][key] = str(path.parent.absolute() / entry[section][key])
    return kubeconfig


def _checked(text: str) -> Manifest:
    kubeconfig: Manifest = yaml.safe_load(text)
    if "clusters" not in kubeconfig:
        raise ValueError(f"neither a file nor a kubeconfig: {text[:80]}")
    return kubeconfig
