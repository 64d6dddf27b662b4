"""Where things lie: in the checkout, under its `.local/`, and in the cache that all checkouts share."""

import os
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Places:
    """The directories of one checkout. Nothing here creates them."""

    checkout: Path
    cache: Path
    """Shared by all checkouts of a user; everything in it is keyed by the content it was made from."""

    @property
    def local(self) -> Path:
        """Everything of this checkout's cluster and tool chain; git-ignored, dropped by `make clean`."""
        return self.checkout / ".local"

    @property
    def tools(self) -> Path:
        """Links to the tools that were built, first on PATH but for the virtual environment."""
        return self.local / "bin"

    @property
    def venv(self) -> Path:
        """The virtual environment, where `Pulumi.yaml` says it is."""
        return self.checkout / ".venv"

    @property
    def state(self) -> Path:
        """Pulumi's file backend."""
        return self.local / "state"

    @property
    def kubeconfig(self) -> Path:
        """The local cluster's kubeconfig; its only context is `kwok-adb`."""
        return self.local / "kubeconfig"

    @property
    def double(self) -> Path:
        """The directory of the double of the official Kubernetes plugin."""
        return self.checkout / "dev" / "plugin" / "bin"


def of_checkout() -> Places:
    """The places of the checkout that this file lies in; the cache follows the XDG base directory rules."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Places(checkout=CHECKOUT, cache=cache / "adb-tenants")
