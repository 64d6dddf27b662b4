from pathlib import Path

import pytest

from local.places import Places


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """An empty checkout with an empty cache."""
    (tmp_path / "checkout" / "local").mkdir(parents=True)
    (tmp_path / "checkout" / "local" / "toolchain.py").touch()
    return Places(checkout=tmp_path / "checkout", cache=tmp_path / "cache")
