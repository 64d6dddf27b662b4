"""Normalises workloads, so that a comparison finds no difference where only the spelling differs."""

from collections.abc import Mapping

from kube.facts import normal_path, pod_spec
from kube.manifest import Json, Manifest, items, mapping, named, number, text
from kube.quantity import amount

VOLUME = "volume"
"""The key, in a normalised mount, of the volume that it mounts."""


def normalised(workload: Manifest) -> Manifest:
    """Return a StatefulSet or ReplicationController with each volume inside its mounts, independent of its name.

    Volumes without a mount are left out: no container sees them. Other objects are returned unchanged.
    """
    pod = pod_spec(workload)
    if not pod:
        return workload
    volumes = pod.get("volumes")
    result = {key: value for key, value in pod.items() if key != "volumes"}
    for part in ("initContainers", "containers"):
        if part in pod:
            result[part] = [_container(mapping(each), volumes) for each in items(pod[part])]
    spec = mapping(workload.get("spec"))
    return {**workload, "spec": {**spec, "template": {**mapping(spec.get("template")), "spec": result}}}


def flags(container: Manifest) -> Mapping[str, str]:
    """Return a container's command-line flags by name; `--vrid=7`, `--vrid 7` and `-vrid=7` are the same.

    Positional arguments are joined under an empty name.
    """
    found: dict[str, str] = {}
    arguments = [text(word) for word in items(container.get("args"))]
    words = [*(text(word) for word in items(container.get("command"))), *arguments]
    flag = ""
    for position, word in enumerate(words):
        if word.startswith("-"):
            name, is_whole, value = word.partition("=")
            name = "--" + name.lstrip("-")
            found[name], flag = value, "" if is_whole else name
        elif flag:
            found[flag], flag = word, ""
        elif position >= len(words) - len(arguments):
            found[""] = f"{found.get('', '')} {word}".lstrip()
    return found


def _container(container: Manifest, volumes: Json) -> Manifest:
    mounts = [_mount(mapping(each), volumes) for each in items(container.get("volumeMounts"))]
    resources = {what: _quantities(amounts) for what, amounts in mapping(container.get("resources")).items()}
    # Requests default to the limits: the API server fills them in for a pod, but not in a template.
    requests = {**mapping(resources.get("limits")), **mapping(resources.get("requests"))}
    resources |= {"requests": requests} if requests else {}
    return {**container, "volumeMounts": mounts, "resources": resources}


def _mount(mount: Manifest, volumes: Json) -> Manifest:
    volume = {key: value for key, value in named(volumes, text(mount.get("name"))).items() if key != "name"}
    if directory := mapping(volume.get("hostPath")):
        volume["hostPath"] = {
            # An empty type is the default one.
            **{key: value for key, value in directory.items() if value != ""},
            "path": normal_path(text(directory.get("path"))),
        }
    return {
        **{key: value for key, value in mount.items() if key != "name" and value is not False},
        VOLUME: volume,
    }


def _quantities(amounts: Json) -> Json:
    if not isinstance(amounts, dict):
        return amounts
    return {key: _quantity(value) for key, value in amounts.items()}


def _quantity(value: Json) -> Json:
    read = amount(text(value) or str(number(value)))
    return value if read is None else f"{read.normalize():f}"
