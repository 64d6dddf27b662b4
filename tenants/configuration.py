"""Loads the configuration as the engine passes it to the program: as text, decrypted.

The engine tells only which sections hold encrypted values. Which values these are, only the stack file can tell.
"""

import json
from collections.abc import Collection, Mapping
from pathlib import Path

from tenants import stackfile
from tenants.boundary import FleetError, examine, load
from tenants.findings import LintFinding, UnusableFileError
from tenants.fleet import Fleet
from tenants.rules.shape import ENCRYPTED


def load_texts(texts: Mapping[str, str | None], *, encrypted: Collection[str], file: Path) -> Fleet:
    """Return the fleet that a stack's configuration describes.

    Args:
        texts: the sections as JSON; `None` is an absent one.
        encrypted: the sections that hold encrypted values.
        file: the stack file, which need not exist: the configuration may come from elsewhere.

    Raises:
        FleetError: it is not valid, or has an encrypted value where it would not be kept secret.
    """
    misplaced = _misplaced(file) if encrypted else ()
    if misplaced:
        raise FleetError(misplaced)
    return load({section: _value(text) for section, text in texts.items()}, encrypted=encrypted)


def _misplaced(file: Path) -> tuple[LintFinding, ...]:
    try:
        sections = stackfile.read(file.read_bytes()).sections
    except (OSError, UnusableFileError):
        return ()
    return tuple(finding for finding in examine(sections).findings if finding.rule is ENCRYPTED)


def _value(text: str | None) -> object:
    try:
        return None if text is None else json.loads(text)
    except ValueError:
        return text  # Not JSON; `load` reports that it is neither a list nor a map.
