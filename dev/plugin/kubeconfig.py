"""Kubeconfigs: found, read, and looked up in."""

import os
from pathlib import Path

import yaml

from dev.plugin.api_server import UnreachableError
from dev.plugin.property_values import Manifest

_POD = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where the kubelet puts the credentials of a pod's ServiceAccount."""


def load(path_or_contents: str) -> Manifest:
    """A kubeconfig given by path or as text; the ambient one when empty. Raises `UnreachableError`."""
    try:
        if not path_or_contents:
            return _ambient()
        # A path, unless it is too long for one or names no file.
        if len(path_or_contents) < 4096 and (path := Path(path_or_contents).expanduser()).is_file():
            return _read(path)
        return _checked(path_or_contents)
    except (OSError, TypeError, ValueError, yaml.YAMLError) as error:
        reason = f"failed to parse kubeconfig data in `kubernetes:config:kubeconfig`- {error}"
        raise UnreachableError(reason) from error


def context_of(kubeconfig: Manifest, name: str) -> Manifest | None:
    """The named (or current) context."""
    return _named(kubeconfig, "contexts", name or kubeconfig.get("current-context", "")).get("context")


def cluster_of(kubeconfig: Manifest, context: str) -> Manifest | None:
    """The cluster that the named (or current) context leads to."""
    found = context_of(kubeconfig, context)
    return _named(kubeconfig, "clusters", found["cluster"]).get("cluster") if found else None


def user_of(kubeconfig: Manifest, context: str) -> Manifest:
    """The credentials that the named (or current) context goes with."""
    found = context_of(kubeconfig, context) or {}
    user: Manifest = _named(kubeconfig, "users", found.get("user", "")).get("user") or {}
    return user


def _named(kubeconfig: Manifest, section: str, name: str) -> Manifest:
    return next((entry for entry in kubeconfig.get(section) or () if entry["name"] == name), {})


def _ambient() -> Manifest:
    merged: Manifest = {}
    for entry in (os.environ.get("KUBECONFIG") or "~/.kube/config").split(os.pathsep):
        path = Path(entry).expanduser()
        for key, value in (_read(path) if entry and path.is_file() else {}).items():
            # The first file to name something wins; of equal names in a list, `_named` takes the first.
            merged[key] = merged.get(key, []) + (value or []) if isinstance(value, list) else merged.get(key, value)
    return merged or _pods_own()


def _pods_own() -> Manifest:
    """What a pod has in a kubeconfig's stead; nothing outside of one."""
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
