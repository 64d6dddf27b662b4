"""`python -m ci.first_with FIELD LINE` prints the id of the first object whose FIELD's first line is LINE, if any.

Standard input is what the API of GitHub or GitLab lists, one JSON list for each page. On GitHub only comments of bots
are considered, since anybody can write one with the same first line.
"""

import sys

from kube.json_text import concatenated
from kube.manifest import at, items, mapping, text


def main() -> int:
    """Print the id."""
    field, line = sys.argv[1:]
    for found in (mapping(each) for page in concatenated(sys.stdin.read()) for each in items(page)):
        by_a_person = at(found, "user", "type") not in (None, "Bot")
        if text(found.get(field)).partition("\n")[0].rstrip() == line and not by_a_person:
            sys.stdout.write(f"{found.get('number') or found.get('iid') or found['id']}\n")
            break
    return 0


if __name__ == "__main__":
    sys.exit(main())
