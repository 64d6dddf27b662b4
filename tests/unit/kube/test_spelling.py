"""Equivalent manifests are normalised to equal ones, others are not."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from kube.spelling import flags, normalised

Json = dict[str, Any]


def workload() -> Json:
    pod = {
        "containers": [
            {
                "name": "db",
                "resources": {"limits": {"memory": "16Gi"}},
                "volumeMounts": [{"name": "data", "mountPath": "/data"}, {"name": "keys", "mountPath": "/keys"}],
            }
        ],
        "volumes": [
            {"name": "data", "hostPath": {"path": "/data0/x"}},
            {"name": "keys", "secret": {"secretName": "keys"}},
        ],
    }
    return {"kind": "StatefulSet", "spec": {"template": {"spec": pod}}}


def edited(edit: Callable[[Json, Json], object]) -> Json:
    """Edit the pod and its container."""
    found = workload()
    pod = found["spec"]["template"]["spec"]
    edit(pod, pod["containers"][0])
    return found


def rename(pod: Json, container: Json) -> None:
    pod["volumes"][0]["name"] = container["volumeMounts"][0]["name"] = "other"


SAME: dict[str, Callable[[Json, Json], object]] = {
    "name of a volume": rename,
    "path": lambda pod, _: pod["volumes"][0]["hostPath"].update(path="//data0//./x/"),
    "no type": lambda pod, _: pod["volumes"][0]["hostPath"].update(type=""),
    "amount": lambda _, container: container["resources"]["limits"].update(memory="17179869184"),
    "request of the limit": lambda _, container: container["resources"].update(requests={"memory": "16384Mi"}),
    "writable": lambda _, container: container["volumeMounts"][0].update(readOnly=False),
    "volume without a mount": lambda pod, _: pod["volumes"].append({"name": "x", "emptyDir": {}}),
}
DIFFERENT: dict[str, Callable[[Json, Json], object]] = {
    "path": lambda pod, _: pod["volumes"][0]["hostPath"].update(path="/data0/x/y"),
    "type": lambda pod, _: pod["volumes"][0]["hostPath"].update(type="Directory"),
    "amount": lambda _, container: container["resources"]["limits"].update(memory="16G"),
    "request": lambda _, container: container["resources"].update(requests={"memory": "1Gi"}),
    "read-only": lambda _, container: container["volumeMounts"][0].update(readOnly=True),
    "part": lambda _, container: container["volumeMounts"][0].update(subPath="x"),
    "place": lambda _, container: container["volumeMounts"][0].update(mountPath="/elsewhere"),
    "volume": lambda _, container: container["volumeMounts"][0].update(name="keys"),
}


@pytest.mark.parametrize("edit", SAME.values(), ids=SAME)
def test_equivalent_spellings_are_normalised(edit: Callable[[Json, Json], object]) -> None:
    assert normalised(edited(edit)) == normalised(workload())


@pytest.mark.parametrize("edit", DIFFERENT.values(), ids=DIFFERENT)
def test_differences_in_meaning_are_kept(edit: Callable[[Json, Json], object]) -> None:
    assert normalised(edited(edit)) != normalised(workload())


def test_other_kinds_and_the_input_are_unchanged() -> None:
    service = {"kind": "Service", "spec": {"ports": [{"port": 1}]}}
    assert normalised(service) == service
    read = workload()
    before = copy.deepcopy(read)
    normalised(read)
    assert read == before


@pytest.mark.parametrize(
    ("container", "read"),
    [
        ({"args": ["--a=b", "--vrid", "7", "--x"]}, {"--a": "b", "--vrid": "7", "--x": ""}),
        ({"args": ["-a=b=c"]}, {"--a": "b=c"}),
        ({"command": ["/bin/k", "--a=b"], "args": ["--a=c"]}, {"--a": "c"}),
        ({"args": ["--a=b", "word", "other"]}, {"--a": "b", "": "word other"}),
        ({}, {}),
    ],
    ids=str,
)
def test_flags_are_read_as_their_program_reads_them(container: Json, read: dict[str, str]) -> None:
    assert flags(container) == read
