"""`python -m ci.first_with FIELD LINE` prints the id of the first object whose FIELD's first line is LINE, if any.

Reads what the API of GitHub or GitLab lists on standard input, one JSON list a page. On GitHub, where anybody may write
a comment that looks like ours, only a bot's counts.
"""

import json
import sys
from collections.abc import Iterator
from typing import Any


def main() -> int:
    """Print the id."""
    field, line = sys.argv[1:]
    for found in _listed(sys.stdin.read()):
        by_a_person = found.get("user", {}).get("type", "Bot") != "Bot"
        if (found[field] or "").partition("\n")[0].rstrip() == line and not by_a_person:
            sys.stdout.write(f"{found.get('number') or found.get('iid') or found['id']}\n")
            break
    return 0


def _listed(pages: str) -> Iterator[dict[str, Any]]:
    decoder, position = json.JSONDecoder(), 0
    while position < len(pages):
        page, position = decoder.raw_decode(pages, position)
        yield from page
        while pages[position : position + 1].isspace():
            position += 1


if __name__ == "__main__":
    sys.exit(main())
