"""Lists what is installed and built here, with licences, as CycloneDX files in `build/sbom/`."""

import json
import os
from pathlib import Path

from dev.local import progress, python_environment, toolchain
from dev.local.go_build import Go
from dev.local.places import Places
from dev.local.user_error import UserError

_READ_BY_HAND = {
    "github.com/git-pkgs/packageurl-go": "MIT; its LICENSE has no title",
    "github.com/google/cadvisor": "Apache-2.0; its LICENSE has only the notice",
    "github.com/sourcegraph/appdash-data": "MIT; it holds generated files of sourcegraph/appdash, and no LICENSE",
}
"""Licences that cyclonedx-gomod 1.10 does not recognise, read 2026-11."""


def write(here: Places) -> None:
    """Write one file for `.venv` and one for each Go tool that was built; raises `UserError` for an unknown licence.

    The licences of `.venv` are checked by `make lint`. Go tools are not distributed, so any licence will do for them.
    """
    python_environment.ensure(here)
    toolchain.ensure(here)
    into = here.checkout / "build" / "sbom"
    into.mkdir(parents=True, exist_ok=True)
    log = here.local / "logs" / "sbom.log"
    python = here.venv / "bin" / "cyclonedx-py"
    progress.run(
        "listing the Python packages",
        [
            *(python, "environment", "--output-reproducible", "--pyproject", here.checkout / "pyproject.toml"),
            *("--output-file", into / "python.cdx.json", here.venv),
        ],
        log_file=log,
    )
    gomod = toolchain.executable(toolchain.CYCLONEDX_GOMOD, here)
    go = Go.find(here)
    # It asks `go` for the modules of a binary and for their files.
    environment = go.environment | {"PATH": os.pathsep.join([str(go.executable.parent), os.environ["PATH"]])}
    for requirement in toolchain.REQUIREMENTS:
        for command in requirement.tools.commands:
            if (binary := here.tools / command.binary).exists():
                listed = into / f"{command.binary}.cdx.json"
                progress.run(
                    f"listing the Go modules of {command.binary}",
                    [gomod, "bin", "-json", "-noserial", "-licenses", "-output", listed, binary.resolve()],
                    env=environment,
                    log_file=log,
                    remedy="Check that Go's proxy (GOPROXY) is reachable.",
                )
                _expect_licences(listed)
    progress.log(f"wrote {into}")


def _expect_licences(listed: Path) -> None:
    unknown = [
        component["name"]
        for component in json.loads(listed.read_text())["components"]
        if not component.get("evidence", {}).get("licenses") and component["name"] not in _READ_BY_HAND
    ]
    if unknown:
        raise UserError(
            f"{listed} has modules without a known licence: {', '.join(unknown)}. Read each, and note it in {__file__}."
        )
