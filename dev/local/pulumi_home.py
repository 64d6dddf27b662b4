"""Keeps the engine from writing its automatic log, which nobody reads; see docs/operations.md.

Engines from 3.250 on write every message to `$PULUMI_HOME/logs`, and have no option against it. They go on without the
log where that directory cannot be made: in a home of links to the entries of the user's, but with a file `logs`.
"""

import os
import pwd
from collections.abc import Mapping
from pathlib import Path

from dev.local.places import Places

_PLUGINS = "plugins"
_LOG = "logs"


def variables(places: Places, outside: Mapping[str, str]) -> dict[str, str]:
    """Return the variables with which the engine uses the home of `make`, and the user's login."""
    users = of_user(outside)
    home = users if _is_log_wanted(outside) else places.pulumi_home
    # The engine replaces the files of a login, so it would replace links to them.
    return {"PULUMI_HOME": str(home), "PULUMI_CREDENTIALS_PATH": outside.get("PULUMI_CREDENTIALS_PATH") or str(users)}


def of_user(outside: Mapping[str, str]) -> Path:
    """Return the user's own home, also in a shell with the variables of a checkout."""
    if not outside.get("PULUMI_HOME"):
        # Like the engine, which does not use $HOME.
        return Path(pwd.getpwuid(os.getuid()).pw_dir) / ".pulumi"
    home = Path(outside["PULUMI_HOME"])
    return (home / _PLUGINS).readlink().parent if _is_of_a_checkout(home) else home


def make(places: Places, outside: Mapping[str, str]) -> None:
    """Make the home without a log; correct links are kept, since an engine may be using them."""
    users = of_user(outside)
    # Plugins that are installed later are the user's too.
    (users / _PLUGINS).mkdir(parents=True, exist_ok=True)
    home = places.pulumi_home
    home.mkdir(parents=True, exist_ok=True)
    (home / _LOG).touch()
    for link in home.iterdir():
        if link.is_symlink() and link.readlink().parent != users:
            link.unlink()
    for entry in users.iterdir():
        if not (home / entry.name).exists():
            (home / entry.name).symlink_to(entry)


def _is_log_wanted(outside: Mapping[str, str]) -> bool:
    # The engine's own variable, which had to be set for a log before 3.250.
    return outside.get("PULUMI_ENABLE_AUTOMATIC_LOGGING", "").lower() in ("1", "true")


def _is_of_a_checkout(home: Path) -> bool:
    return home.match(".local/pulumi") and (home / _PLUGINS).is_symlink()
