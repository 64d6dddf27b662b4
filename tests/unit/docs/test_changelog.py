"""The changelog has an entry for the version of pyproject.toml, and the newest first."""

import re
import tomllib

from tests.support.program import ROOT

RELEASE = re.compile(r"^## \[(\d+)\.(\d+)\.(\d+)\] - (\d{4}-\d{2}-\d{2})$", re.MULTILINE)


def test_the_newest_release_of_the_changelog_is_this_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text()
    releases = [(tuple(map(int, numbers)), date) for *numbers, date in RELEASE.findall(changelog)]
    assert releases == sorted(releases, reverse=True)
    assert len(releases) == changelog.count("\n## "), "a heading without a version and a date"
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert ".".join(map(str, releases[0][0])) == version
