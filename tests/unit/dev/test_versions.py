import sys

import pytest

from dev.local import toolchain, versions
from dev.local.versions import Version, VersionRange


@pytest.mark.parametrize(
    ("printed", "version"),
    [
        ("v3.250.0", Version(3, 250, 0)),
        ("v3.251.0-alpha.1", Version(3, 251, 0)),
        ("go version go1.26.6 linux/amd64", Version(1, 26, 6)),
        ("go version go1.27 linux/amd64", Version(1, 27, 0)),
        ("Kubernetes v1.36.3", Version(1, 36, 3)),
        ("Client Version: v1.36.3\nKustomize Version: v5.8.1", Version(1, 36, 3)),
        ("etcd Version: 3.6.10\nGit SHA: d8a03f6\nGo Version: go1.26.6", Version(3, 6, 10)),
        ("kwok version v0.8.0 go1.26.8 (linux/amd64)", Version(0, 8, 0)),
        ("(devel)", None),
        ("", None),
    ],
)
def test_a_tools_version_is_read_from_what_it_prints(printed: str, version: Version | None) -> None:
    assert Version.parse(printed) == version


def test_versions_are_ordered_by_number_not_by_text() -> None:
    assert Version(3, 9) < Version(3, 79) < Version(3, 250)


def test_a_range_includes_its_oldest_and_excludes_its_end() -> None:
    accepted = VersionRange(Version(1, 35), Version(1, 38))
    tried = [Version(1, 34, 9), Version(1, 35), Version(1, 37, 12), Version(1, 38)]
    assert [version in accepted for version in tried] == [False, True, True, False]


def test_built_versions_are_in_the_accepted_range() -> None:
    refused = {
        requirement.tools.name: f"{requirement.tools.version} is not {requirement.accepted}"
        for requirement in toolchain.REQUIREMENTS
        if requirement.tools.version not in requirement.accepted
    }
    assert refused == {}


@pytest.mark.parametrize("script", ["raise SystemExit(1)", "print('nothing')", "import os; os.abort()"])
def test_a_tool_that_fails_or_prints_no_version_has_none(script: str) -> None:
    assert versions.printed_by([sys.executable, "-c", script]) is None


def test_a_missing_tool_has_no_version() -> None:
    assert versions.printed_by(["/nowhere/pulumi", "version"]) is None
