"""What the program must know of the live cluster before the engine acts: read only, by the official client.

Everything else goes through Pulumi. This does not, because a read that fails inside the engine ends the program before
it can say anything, and what the plugin prints then ends in the advice to drop the resources from the state
(`PULUMI_K8S_DELETE_UNREACHABLE`), which would lose every tenant. See docs/decisions/0004-live-reads.md.
"""

import json
import os
from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from http import HTTPStatus
from typing import Any

import urllib3
from kubernetes import client, config

CONNECT_AND_READ_SECONDS = (5, 30)
MOST_NEAR_NAMES = 5
JSON = "application/json"
METADATA_ONLY = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"


class UnusableClusterError(Exception):
    """The cluster cannot be used as it is; the text says in a sentence or two what to do."""


class LiveCluster:
    """A cluster that answers."""

    def __init__(self, context: str | None) -> None:
        """Take the connection from the ambient kubeconfig, or inside a pod from its service account.

        Raises:
            UnusableClusterError: There is no such context, or nothing that says where the cluster is.
        """
        self._settings = client.Configuration()
        try:
            if context is None and "KUBERNETES_SERVICE_HOST" in os.environ and "KUBECONFIG" not in os.environ:
                config.load_incluster_config(client_configuration=self._settings)  # type: ignore[no-untyped-call]
            else:
                config.load_kube_config(context=context, client_configuration=self._settings)  # type: ignore[no-untyped-call]
        except config.ConfigException as error:
            raise UnusableClusterError(
                f"The kubeconfig does not lead to a cluster ({_first_line(error)}): set adb-tenants:cluster.context "
                "to one of `kubectl config get-contexts`, or KUBECONFIG to the file that has it; for the local "
                'cluster, run `make up` and `eval "$(make -s env)"`.'
            ) from error
        # An API server that is down is said to be so at once, not after three more tries.
        self._settings.retries = 0
        self._client = client.ApiClient(self._settings)

    def kubelet_versions(self, wanted: Collection[str]) -> Mapping[str, str]:
        """The kubelet's version of each of these nodes, by the node's name; empty where a node does not tell.

        Labelling a node that does not exist would *create* it: `NodePatch` is a server-side apply
        (pulumi-kubernetes#2194). So this is asked in every run, also in an `up --skip-preview`, before anything is
        declared.

        Raises:
            UnusableClusterError: Not all of them are there; names those, with the names that are near.
        """
        present = {item["metadata"]["name"]: item for item in self._list("/api/v1/nodes")}
        missing = [name for name in wanted if name not in present]
        if missing:
            raise UnusableClusterError("\n".join(_no_such_node(name, present) for name in missing))
        return {name: present[name].get("status", {}).get("nodeInfo", {}).get("kubeletVersion", "") for name in wanted}

    def nodes_labelled(self, label: str, value: str) -> Sequence[str]:
        """The nodes whose label has this value, sorted."""
        return sorted(
            item["metadata"]["name"]
            for item in self._list("/api/v1/nodes", accept=METADATA_ONLY)
            if item["metadata"].get("labels", {}).get(label) == value
        )

    def objects(self, namespace: str) -> Mapping[tuple[str, str], Mapping[str, Any]]:
        """Every object of the kinds that a tenant is made of, by kind and name."""
        core, apps = f"/api/v1/namespaces/{namespace}", f"/apis/apps/v1/namespaces/{namespace}"
        lists = {
            "ConfigMap": f"{core}/configmaps",
            "ReplicationController": f"{core}/replicationcontrollers",
            "Service": f"{core}/services",
            "StatefulSet": f"{apps}/statefulsets",
        }
        return {
            (kind, item["metadata"]["name"]): {**item, "kind": kind}
            for kind, path in lists.items()
            for item in self._list(path)
        }

    def services(self, namespace: str) -> Sequence[Mapping[str, Any]]:
        """Every Service."""
        return self._list(f"/api/v1/namespaces/{namespace}/services")

    def jobs(self, namespace: str) -> Sequence[Mapping[str, Any]]:
        """Every Job."""
        return self._list(f"/apis/batch/v1/namespaces/{namespace}/jobs")

    def pod_is_ready(self, namespace: str, name: str) -> bool:
        """Whether the pod is there and ready to serve."""
        pod = self._get(f"/api/v1/namespaces/{namespace}/pods/{name}", absent={})
        conditions = pod.get("status", {}).get("conditions", [])
        return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)

    def host_of_pod(self, namespace: str, name: str) -> str | None:
        """The node that a pod is on; `None` where there is no such pod, or it is not scheduled."""
        pod = self._get(f"/api/v1/namespaces/{namespace}/pods/{name}", absent={})
        host: str | None = pod.get("spec", {}).get("nodeName")
        return host

    def revisions(self, namespace: str) -> Mapping[str, str]:
        """What each StatefulSet's first pod runs: its `current` template or an `old` one; without a pod, no word."""
        latest = {
            item["metadata"]["name"]: item["status"].get("updateRevision")
            for item in self._list(f"/apis/apps/v1/namespaces/{namespace}/statefulsets")
        }
        runs = {
            item["metadata"]["name"]: item["metadata"].get("labels", {}).get("controller-revision-hash")
            for item in self._list(f"/api/v1/namespaces/{namespace}/pods", accept=METADATA_ONLY)
        }
        return {
            name: "current" if runs[f"{name}-0"] == revision else "old"
            for name, revision in latest.items()
            if f"{name}-0" in runs
        }

    def _list(self, path: str, *, accept: str = JSON) -> Sequence[Mapping[str, Any]]:
        # An empty list of metadata comes as `null`.
        return self._get(path, accept=accept)["items"] or ()

    def _get(self, path: str, *, accept: str = JSON, absent: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        request = self._client.param_serialize(
            "GET", path, header_params={"Accept": accept}, auth_settings=["BearerToken"]
        )
        try:
            response = self._client.call_api(*request, _request_timeout=CONNECT_AND_READ_SECONDS)
            body: bytes = response.read()  # type: ignore[no-untyped-call]
        except (urllib3.exceptions.HTTPError, client.ApiException) as error:
            raise UnusableClusterError(
                f"The API server {self._settings.host} does not answer ({_reason(error)}): start it or mend the way "
                "to it, then run this again; nothing was changed."
            ) from error
        if response.status == HTTPStatus.NOT_FOUND and absent is not None:
            return absent
        if response.status != HTTPStatus.OK:
            raise UnusableClusterError(
                f"The API server {self._settings.host} refuses: {_message(body, response.status)}. Give the "
                "kubeconfig's user what README.md lists under \"What the kubeconfig's user needs\"."
            )
        answer: Mapping[str, Any] = json.loads(body)
        return answer


def _no_such_node(name: str, present: Collection[str]) -> str:
    near = get_close_matches(name, sorted(present), n=MOST_NEAR_NAMES, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else "`kubectl get nodes` lists those there are."
    return f"Host {name} is no node of this cluster: {hint}"


def _reason(error: Exception) -> str:
    """The words of the operating system where there are any: `Connection refused` rather than a nest of classes."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        cause = cause.__cause__ or cause.__context__ or getattr(cause, "reason", None)
    return _first_line(error)


def _message(body: bytes, status: int) -> str:
    try:
        return str(json.loads(body)["message"]).rstrip(".")
    except (TypeError, ValueError, KeyError):
        return f"HTTP status {status}"


def _first_line(error: object) -> str:
    return str(error).partition("\n")[0]
