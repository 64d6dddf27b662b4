"""A headless Chromium: Debian's, which `apt-get install chromium` brings."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The browser that the machine has; without one the tests fail, and say how to get it."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    assert found, "no Chromium on PATH: `apt-get install chromium`, or set CHROMIUM to a browser's path"
    with sync_playwright() as playwright:
        # Inside a container, as in CI, there is neither a user namespace for the sandbox nor room in /dev/shm.
        started = playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        )
        yield started
        started.close()
