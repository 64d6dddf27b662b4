"""A headless Chromium: Debian's, from `apt-get install chromium`."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


# Not for the session: Playwright's event loop runs as long as the fixture, and asyncio.run of other files would fail.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The machine's browser; without one the tests fail with a message."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    assert found, "no Chromium on PATH: `apt-get install chromium`, or set CHROMIUM to a browser's path"
    with sync_playwright() as playwright:
        # A container, as in CI, has no user namespace for the sandbox and too little space in /dev/shm.
        started = playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        )
        yield started
        started.close()
