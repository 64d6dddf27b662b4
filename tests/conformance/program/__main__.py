"""Declares the Kubernetes objects that the stack's configuration lists, each through the provider it names."""

from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

GROUPS: dict[str, Any] = {
    "core/v1": kubernetes.core.v1,
    "apps/v1": kubernetes.apps.v1,
    "batch/v1": kubernetes.batch.v1,
    "networking.k8s.io/v1": kubernetes.networking.v1,
    "rbac.authorization.k8s.io/v1": kubernetes.rbac.v1,
}

config = pulumi.Config()
providers = {name: kubernetes.Provider(name, **options) for name, options in config.require_object("providers").items()}
for name, declared in config.require_object("objects").items():
    group, kind = declared["type"].split(":")
    resource = getattr(GROUPS[group], kind)
    options = pulumi.ResourceOptions(provider=providers[declared["provider"]], **declared.get("options", {}))
    if "get" in declared:
        resource.get(name, declared["get"], opts=options)
    else:
        resource(name, opts=options, **declared["manifest"])
