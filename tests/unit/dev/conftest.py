from pathlib import Path

import pytest

from dev.local.places import Places


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """An empty checkout with an empty cache."""
    (tmp_path / "checkout" / "dev" / "local").mkdir(parents=True)
    (tmp_path / "checkout" / "dev" / "local" / "toolchain.py").touch()
    return Places(checkout=tmp_path / "checkout", cache=tmp_path / "cache")
