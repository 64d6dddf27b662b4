"""The configuration as the engine hands it to the program: as text, decrypted.

Of what was encrypted it tells only in which sections that was. Where exactly, the stack's file tells, if it is there.
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
    """The fleet that a stack's configuration describes.

    Args:
        texts: the sections as JSON; `None` is an absent one.
        encrypted: the sections that hold encrypted values.
        file: the stack's file, which need not exist: the configuration may come from elsewhere.

    Raises:
        FleetError: it describes none, or has an encrypted value where it would not be kept secret.
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
        return text  # Some text that is no JSON: neither a list nor a map, as will be said.
