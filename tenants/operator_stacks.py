"""`Stack` resources of Pulumi's Kubernetes Operator, which run `pulumi up` for stack files in a Git repository.

Written for version 2 of the operator (pulumi.com/v1). Secrets are referred to by name and never contained.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tenants.rules.names import is_subdomain
from tenants.stackfile import stack_of

IMAGE = "pulumi/pulumi:3.248.0-nonroot"
"""The operator's own default is `latest-nonroot`: an engine that nobody has tested with this program."""
PASSPHRASE = "PULUMI_CONFIG_PASSPHRASE"  # noqa: S105 - the variable's name
_KUBECONFIG = "/etc/adb-tenants/kubeconfig"


class UnusableOptionError(Exception):
    """No resources can be written; the text says why, and what to do."""


@dataclass(frozen=True, kw_only=True)
class OperatorOptions:
    """What all stacks of a repository have in common."""

    repository: str
    branch: str
    commit: str | None
    """Run this commit and no other, instead of whatever the branch contains."""
    directory: str
    """Of Pulumi.yaml in the repository."""
    backend: str
    namespace: str
    """Of the resources, their Secrets and the pods that run Pulumi."""
    secret: str
    """The Secret whose keys are the variables of `variables`, and `kubeconfig`."""
    variables: Sequence[str]
    service_account: str
    image: str
    seconds: int
    """Between two polls of the branch, and between two repairs."""
    repair: bool
    """Run `up --refresh` in this interval, even without a new commit."""
    preview_only: bool


def stack_resources(files: Sequence[Path], options: OperatorOptions) -> str:
    """Return one resource for each stack file, as YAML; raises `UnusableOptionError`."""
    if options.backend.startswith("file:"):
        raise UnusableOptionError(
            "a file backend would be on the disk of a pod, which is lost with it; choose a bucket, such as s3://…"
        )
    resources = [_resource(file, options) for file in files]
    return yaml.safe_dump_all(resources, sort_keys=False, explicit_start=True, width=120)


def _resource(file: Path, options: OperatorOptions) -> Mapping[str, Any]:
    stack = stack_of(file.name)
    if stack is None or not is_subdomain(stack):
        raise UnusableOptionError(
            f"{file} is not named Pulumi.<stack>.yaml with a stack of lower-case letters, digits, - and ., of which a "
            "resource can have the name"
        )
    variables = dict.fromkeys([PASSPHRASE, *options.variables])
    return {
        "apiVersion": "pulumi.com/v1",
        "kind": "Stack",
        "metadata": {"name": stack, "namespace": options.namespace},
        "spec": {
            "stack": stack,
            # A misspelt name must not create an empty stack.
            "useLocalStackOnly": True,
            "projectRepo": options.repository,
            "repoDir": options.directory,
            **({"branch": options.branch} if options.commit is None else {"commit": options.commit}),
            "backend": options.backend,
            "envRefs": {
                # The program refuses the wrong cluster before a refresh drops anything from the state.
                "PULUMI_RUN_PROGRAM": {"type": "Literal", "literal": {"value": "true"}},
                "PULUMI_SKIP_UPDATE_CHECK": {"type": "Literal", "literal": {"value": "true"}},
                "KUBECONFIG": {"type": "Literal", "literal": {"value": f"{_KUBECONFIG}/kubeconfig"}},
                **{name: {"type": "Secret", "secret": {"name": options.secret, "key": name}} for name in variables},
            },
            "preview": options.preview_only,
            "refresh": options.repair,
            "continueResyncOnCommitMatch": options.repair,
            "resyncFrequencySeconds": options.seconds,
            # Deleting the resource must not delete the fleet.
            "destroyOnFinalize": False,
            # A lock may belong to a run that is still at work: a person decides (`pulumi cancel`).
            "retryOnUpdateConflict": False,
            "serviceAccountName": options.service_account,
            "workspaceReclaimPolicy": "Delete",
            "workspaceTemplate": {
                "spec": {
                    "image": options.image,
                    "podTemplate": {
                        "spec": {
                            "containers": [
                                {
                                    "name": "pulumi",
                                    "volumeMounts": [
                                        {"name": "kubeconfig", "mountPath": _KUBECONFIG, "readOnly": True}
                                    ],
                                }
                            ],
                            "volumes": [
                                {
                                    "name": "kubeconfig",
                                    "secret": {
                                        "secretName": options.secret,
                                        "items": [{"key": "kubeconfig", "path": "kubeconfig"}],
                                    },
                                }
                            ],
                        }
                    },
                }
            },
        },
    }
