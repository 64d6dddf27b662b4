"""The directories of a checkout, of its `.local/`, and of the cache that all checkouts share."""

import os
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Places:
    """The directories of one checkout, whether they exist or not."""

    checkout: Path
    cache: Path
    """Shared by all checkouts of a user; the names in it contain a hash of their sources."""

    @property
    def local(self) -> Path:
        """The local cluster and tool chain of this checkout; git-ignored, deleted by `make clean`."""
        return self.checkout / ".local"

    @property
    def tools(self) -> Path:
        """Links to the tools that were built, on PATH after the virtual environment."""
        return self.local / "bin"

    @property
    def venv(self) -> Path:
        """The virtual environment, as named in `Pulumi.yaml`."""
        return self.checkout / ".venv"

    @property
    def state(self) -> Path:
        """Pulumi's file backend."""
        return self.local / "state"

    @property
    def pulumi_home(self) -> Path:
        """Pulumi's home without the engine's automatic log."""
        return self.local / "pulumi"

    @property
    def kubeconfig(self) -> Path:
        """The local cluster's kubeconfig; its only context is `kwok-adb`."""
        return self.local / "kubeconfig"

    @property
    def double(self) -> Path:
        """The directory of the double of the official Kubernetes plugin."""
        return self.checkout / "dev" / "plugin" / "bin"


def of_checkout() -> Places:
    """Return the directories of the checkout with this file; the cache follows the XDG base directory rules."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Places(checkout=CHECKOUT, cache=cache / "adb-tenants")
