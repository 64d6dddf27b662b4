"""Says in one sentence what the engine would take a page for: no such context, or nobody answers there.

A read that fails ends the program before it can say anything, and what the plugin then prints ends in the advice to
drop the resources from the state (`PULUMI_K8S_DELETE_UNREACHABLE`) — advice that would lose every tenant.
"""

import os
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

CONNECT_TIMEOUT_SECONDS = 5.0
PROXY_VARIABLES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")


class UnusableKubeconfigError(Exception):
    """The cluster cannot be used; the text says what to do."""


def require_reachable(context: str | None) -> None:
    """Raise `UnusableKubeconfigError` unless `context` (`None`: the current one) leads to a listening API server.

    Only a connection is opened and closed; whether it is allowed anything is the API server's to say.
    """
    paths = _kubeconfig_paths()
    found = [path for path in paths if path.is_file()]
    if not found:
        if "KUBERNETES_SERVICE_HOST" in os.environ:
            return  # Inside a pod the plugin uses the pod's own service account.
        raise UnusableKubeconfigError(
            f"There is no kubeconfig at {', '.join(map(str, paths))}: set KUBECONFIG to the cluster's, "
            'or, for the local cluster, run `make up` and `eval "$(make -s env)"`.'
        )
    configs = [_load(path) for path in found]
    wanted = context or next((config["current-context"] for config in configs if config.get("current-context")), None)
    contexts = dict(_named(configs, "contexts", "context"))
    if wanted not in contexts:
        known = ", ".join(contexts) or "none"
        raise UnusableKubeconfigError(
            f"There is no context {wanted!r} in {', '.join(map(str, found))} (there: {known}): "
            "set adb-tenants:cluster.context to one of them, or KUBECONFIG to the file that has it."
            if wanted
            else f"{', '.join(map(str, found))} has no current context: set adb-tenants:cluster.context ({known})."
        )
    cluster = dict(_named(configs, "clusters", "cluster")).get(contexts[wanted].get("cluster", ""), {})
    server = str(cluster.get("server", ""))
    if cluster.get("proxy-url") or any(variable in os.environ for variable in PROXY_VARIABLES):
        return  # The way leads through somebody else; let the plugin try.
    address = urlsplit(server)
    port = address.port or (80 if address.scheme == "http" else 443)
    try:
        socket.create_connection((address.hostname or "", port), timeout=CONNECT_TIMEOUT_SECONDS).close()
    except OSError as error:
        raise UnusableKubeconfigError(
            f"The API server {server} of context {wanted!r} does not answer ({error.strerror or error}): start it or "
            "mend the way to it, then run this again; nothing was changed."
        ) from error


def _kubeconfig_paths() -> list[Path]:
    variable = os.environ.get("KUBECONFIG", "")
    names = [name for name in variable.split(os.pathsep) if name]
    return [Path(name) for name in names] or [Path.home() / ".kube" / "config"]


def _load(path: Path) -> Mapping[str, Any]:
    try:
        config = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UnusableKubeconfigError(f"The kubeconfig {path} cannot be read: {error}") from error
    return config if isinstance(config, dict) else {}


def _named(configs: list[Mapping[str, Any]], plural: str, singular: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield name and value of each entry; as in kubectl, of two files the first one wins, so it comes last."""
    for config in reversed(configs):
        for entry in reversed(config.get(plural) or []):
            yield entry.get("name", ""), entry.get(singular) or {}
