import subprocess
from pathlib import Path

import pytest

from dev.local import environment
from dev.local.kubernetes_plugin import Plugin
from dev.local.places import Places

PLACES = Places(checkout=Path("/checkout"), cache=Path("/cache"))
DOUBLE = Plugin(official=False, where="/checkout/dev/plugin/bin")
OFFICIAL = Plugin(official=True, where="/opt/pulumi-resource-kubernetes")


def test_the_variables_of_pulumi_and_kubectl_are_exported() -> None:
    assert environment.of(PLACES, DOUBLE, {"PATH": "/usr/bin:/bin", "PULUMI_HOME": "/home/me/.pulumi"}) == {
        "PATH": "/checkout/.venv/bin:/checkout/.local/bin:/checkout/dev/plugin/bin:/usr/bin:/bin",
        "KUBECONFIG": "/checkout/.local/kubeconfig",
        "PULUMI_HOME": "/checkout/.local/pulumi",
        "PULUMI_CREDENTIALS_PATH": "/home/me/.pulumi",
        "PULUMI_BACKEND_URL": "file:///checkout/.local/state?metadata=skip",
        "PULUMI_CONFIG_PASSPHRASE": "adb-tenants-dev",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_SKIP_CHECKPOINTS": "true",
        "PULUMI_PARALLEL": "64",
        "GOGC": "200",
        "PULUMI_STACK": "dev",
        "PYTHONDONTWRITEBYTECODE": "",
    }


def test_the_double_is_not_on_path_with_the_official_plugin() -> None:
    assert environment.of(PLACES, OFFICIAL, {"PATH": "/usr/bin"})["PATH"] == (
        "/checkout/.venv/bin:/checkout/.local/bin:/usr/bin"
    )


def test_exporting_twice_changes_nothing(places: Places) -> None:
    outside = {"PATH": "/usr/bin:/bin", "HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "internal"}
    once = environment.of(places, DOUBLE, outside)
    assert environment.of(places, DOUBLE, outside | once) == once


def test_the_local_cluster_is_excluded_from_the_proxy() -> None:
    exports = environment.of(PLACES, OFFICIAL, {"PATH": "", "https_proxy": "http://proxy:3128", "NO_PROXY": "internal"})
    assert (exports["NO_PROXY"], exports["no_proxy"]) == ("internal,127.0.0.1,localhost", "127.0.0.1,localhost")


@pytest.mark.parametrize(
    "value", ["plain", "a b", "it's", '"$HOME"', "`id`", "semi;colon", "back\\slash", "line\nbreak", ""]
)
def test_values_survive_the_shells_quoting(value: str) -> None:
    script = environment.as_shell({"VALUE": value}) + 'printf %s "$VALUE"'
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True, env={})
    assert done.stdout == value
