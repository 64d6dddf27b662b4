"""Pulumi's Python SDK sends the engine three to four debug messages for each resource."""

import os

import pulumi


def silence_debug_messages() -> None:
    """Send the SDK's debug messages only to an engine that shows them, with `PULUMI_OPTION_DEBUG=true`.

    Each is a blocking call on the thread of the event loop, a fifth of the program's time (pulumi#7292, 2026-11). The
    SDK has no setting for it, and the engine does not tell a program whether it was started with `--debug`.
    """
    if os.environ.get("PULUMI_OPTION_DEBUG", "").lower() not in ("true", "1"):
        pulumi.log.debug = lambda *_args, **_options: None
