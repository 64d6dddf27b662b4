"""Measures an image change of one tenant, against `kubectl apply` and `helm upgrade` of the whole fleet."""

import copy

from dev.bench import fleets, rivals
from dev.bench.cell import Cell
from dev.bench.comparison import Comparison
from dev.bench.objects import Manifest, Objects
from dev.local import progress

_TENANT = "tenant1"


def compare(here: Cell, tenants: int, rounds: int) -> list[Comparison]:
    """Set a new image with each tool in turn; no pod restarts (`OnDelete`)."""
    kubectl, helm = "kubectl apply --server-side", "helm upgrade"
    result = Comparison(
        about=f"One of {tenants} tenants gets a new image, until the command returns.", reference=kubectl
    )
    objects = here.objects()
    # There may be no release yet.
    rivals.helm(here, objects, "upgrade", "--install", "--take-ownership").output()
    for number in range(rounds):
        progress.log(f"one of {tenants} tenants gets a new image, round {number + 1} of {rounds}")
        result.add(kubectl, rivals.kubectl(here, _with_image(objects, f"kubectl-{number}"), "apply").seconds())
        result.add(helm, rivals.helm(here, _with_image(objects, f"helm-{number}"), "upgrade").seconds())
        here.configure(fleets.fleet(tenants, {_TENANT: {"image": _image(f"pulumi-{number}")}}))
        result.add("pulumi up --skip-preview", here.up().seconds())
    return [result]


def _image(tag: str) -> str:
    return f"docker.dtdream.com/adb/adb-control:{tag}"


def _with_image(objects: Objects, tag: str) -> Objects:
    def changed(manifest: Manifest) -> Manifest:
        if manifest["kind"] != "StatefulSet" or not manifest["metadata"]["name"].startswith(f"{_TENANT}-"):
            return manifest
        edited = copy.deepcopy(manifest)
        (container,) = edited["spec"]["template"]["spec"]["containers"]
        container["image"] = _image(tag)
        return edited

    return objects.with_each_owned(changed)
