"""One spelling for what means the same, so that only what matters differs: paths, quantities, flags, volumes."""

from collections.abc import Mapping

from kube.facts import normal_path, pod_spec
from kube.manifest import Json, Manifest, items, mapping, named, number, text
from kube.quantity import amount

VOLUME = "volume"
"""In a mount in its one spelling: what lies there."""


def in_one_spelling(workload: Manifest) -> Manifest:
    """A StatefulSet or ReplicationController in which a volume stands where it is mounted, whatever it is called.

    Volumes that nothing mounts are left out: no container sees them. Other objects come back as they are.
    """
    pod = pod_spec(workload)
    if not pod:
        return workload
    volumes = pod.get("volumes")
    spelled = {key: value for key, value in pod.items() if key != "volumes"}
    for part in ("initContainers", "containers"):
        if part in pod:
            spelled[part] = [_container(mapping(each), volumes) for each in items(pod[part])]
    spec = mapping(workload.get("spec"))
    return {**workload, "spec": {**spec, "template": {**mapping(spec.get("template")), "spec": spelled}}}


def flags(container: Manifest) -> Mapping[str, str]:
    """The flags that a container's program is given, by name: of `--vrid=7`, `--vrid 7` and `-vrid=7` the same.

    Arguments that are no flags are under an empty name.
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
    spelled = {
        **container,
        "volumeMounts": [_mount(mapping(each), volumes) for each in items(container.get("volumeMounts"))],
    }
    resources = {what: _quantities(amounts) for what, amounts in mapping(container.get("resources")).items()}
    # Of a pod, the API server asks for as much as its limit is, unless it is told otherwise; of a template it does not.
    requests = {**mapping(resources.get("limits")), **mapping(resources.get("requests"))}
    spelled["resources"] = {**resources, **({"requests": requests} if requests else {})}
    return spelled


def _mount(mount: Manifest, volumes: Json) -> Manifest:
    volume = {key: value for key, value in named(volumes, text(mount.get("name"))).items() if key != "name"}
    if directory := mapping(volume.get("hostPath")):
        volume["hostPath"] = {
            # No type, which is the default, is also written as an empty one.
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
