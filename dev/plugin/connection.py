"""The connection to an API server on this machine, by the official client; others are refused."""

import ipaddress
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from kubernetes import config
from kubernetes.client import ApiClient, Configuration
from kubernetes.client.exceptions import ApiException
from kubernetes.dynamic import DynamicClient
from urllib3.exceptions import HTTPError, MaxRetryError, NewConnectionError

from dev.plugin.api_server import ApiError, UnreachableError
from dev.plugin.kubeconfig import cluster_of, context_of, user_of
from dev.plugin.property_values import Manifest

_NO_CONFIGURATION = (
    "unable to load Kubernetes client configuration from kubeconfig file. Make sure you have: \n\n"
    " \t • set up the provider as per "
    "https://www.pulumi.com/registry/packages/kubernetes/installation-configuration/ \n\n "
)


class NotLoopbackError(Exception):
    """The kubeconfig names an API server on another machine."""


class Connection:
    """Sends requests to the API server of a context."""

    def __init__(self, kubeconfig: Manifest, context: str, timeout_seconds: float | None) -> None:
        """Connect; raises `UnreachableError` or `NotLoopbackError`."""
        _require_loopback(kubeconfig, context)
        self._timeout_seconds = timeout_seconds
        configuration = Configuration()
        try:
            config.load_kube_config_from_dict(  # type: ignore[no-untyped-call]
                kubeconfig, context=context or None, client_configuration=configuration, persist_config=False
            )
        except config.ConfigException as error:
            raise UnreachableError(f"{_NO_CONFIGURATION}{error}") from error
        # The client's default is the environment's proxy, on another machine.
        configuration.proxy = (cluster_of(kubeconfig, context) or {}).get("proxy-url")
        configuration.connection_pool_maxsize = 64
        # The kinds are known (`manifest`): discovery would cost requests, and a cache file that outlives its cluster.
        client = ApiClient(configuration)
        # The client ignores impersonation: without this header, requests would have the administrator's rights.
        if as_user := user_of(kubeconfig, context).get("as"):
            client.set_default_header("Impersonate-User", as_user)  # type: ignore[no-untyped-call]
        self._client = DynamicClient(client, discoverer=lambda *_: None)  # type: ignore[no-untyped-call]
        try:
            self.send("get", "/openapi/v3")
        except (ApiError, UnreachableError) as error:
            raise UnreachableError(f"unable to load schema information from the API server: {error}") from error

    def send(self, method: str, path: str, body: Any = None, **options: Any) -> Manifest:
        with self._translated_errors(method, path):
            response = self._request(method, path, body, _request_timeout=self._timeout_seconds, **options)
            answer: Manifest = json.loads(response.data)
            return answer

    def stream(self, path: str, **options: Any) -> Iterator[Manifest]:
        with self._translated_errors("get", path), self._request("get", path, **options) as response:
            buffer = b""
            for chunk in response.stream(amt=None):
                *lines, buffer = (buffer + chunk).split(b"\n")
                yield from map(json.loads, lines)

    def _request(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        return self._client.request(method, path, body=body, serialize=False, **options)

    @contextmanager
    def _translated_errors(self, method: str, path: str) -> Iterator[None]:
        try:
            yield
        except ApiException as error:
            raise ApiError(_status(error)) from error
        except (HTTPError, OSError) as error:
            url = self._client.configuration.host + path
            raise UnreachableError(f'{method.capitalize()} "{url}": {_dial_error(error, url)}') from error


def _require_loopback(kubeconfig: Manifest, context: str) -> None:
    cluster = cluster_of(kubeconfig, context)
    if cluster is None:
        wanted = context or kubeconfig.get("current-context", "")
        known = not wanted or context_of(kubeconfig, wanted)
        reason = "no configuration has been provided" if known else f'context "{wanted}" does not exist'
        raise UnreachableError(_NO_CONFIGURATION + reason)
    server, proxy = str(cluster.get("server", "")), cluster.get("proxy-url")
    if not _is_loopback(server) or (proxy and not _is_loopback(proxy)):
        raise NotLoopbackError(
            f"the local double of the kubernetes plugin refuses {server or 'a cluster without an address'}: it "
            "supports API servers on this machine only. Put the official pulumi-resource-kubernetes on PATH for others."
        )


def _is_loopback(url: str) -> bool:
    try:
        addresses = {info[4][0] for info in socket.getaddrinfo(urlsplit(url).hostname or "", None)}
    except OSError:
        return False
    return all(ipaddress.ip_address(address).is_loopback for address in addresses)


def _status(error: ApiException) -> Manifest:
    try:
        status: Manifest = json.loads(error.body or "")
    except ValueError:
        return {"message": f"{error.reason} ({error.status})", "reason": error.reason}
    return status


def _dial_error(error: Exception, url: str) -> str:
    cause = error.reason if isinstance(error, MaxRetryError) else error
    if isinstance(cause, NewConnectionError) and isinstance(cause.__context__, ConnectionRefusedError):
        return f"dial tcp {urlsplit(url).netloc}: connect: connection refused"
    return str(cause)
