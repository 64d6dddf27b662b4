"""`python -m ci.touched` prints the stacks that a change can touch, as JSON: a list of batches.

The changed files are those between `--since` and the checkout. A stack file touches its stack; documentation, tests and
tools that no `up` runs touch none; every other file, the program above all, touches all stacks. What is not known to be
harmless is not: a new folder needs no entry here.
"""

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from kube.json_text import UnreadableError, loads
from kube.manifest import items, text

BATCH = 256
"""The most jobs that a matrix of GitHub Actions may have (2026-11); each batch becomes a matrix."""

STACK_FILE = re.compile(r"Pulumi\.(?P<stack>[A-Za-z0-9_.-]+)\.yaml")
"""With the characters that Pulumi permits: the names go into commands of the pipelines."""
NO_COMMIT = re.compile(r"0*")
"""What a forge gives for the commit before a branch's first push."""

TOUCH_NONE = (
    ".ci/*",
    ".gitignore",
    "LICENSE",
    "Makefile",
    "*.md",
    "dev/*",
    "docs/*",
    "drift/*",
    "fleet/*",
    "requirements-dev.txt",
    "tests/*",
)


@dataclass(frozen=True, kw_only=True)
class Touched:
    """The stacks that a change can touch."""

    stacks: tuple[str, ...]
    removed: tuple[str, ...]
    """Stacks whose file the change deletes."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m ci.touched", description="Print the stacks that a change can touch, as a JSON list of batches."
    )
    parser.add_argument("--since", default="", metavar="COMMIT", help="default: none, which touches all stacks")
    parser.add_argument(
        "--stacks", default='["*"]', metavar="JSON", help="patterns of their names (default: %(default)s)"
    )
    options = parser.parse_args(arguments)
    try:
        patterns = [text(each) for each in items(loads(options.stacks))]
    except (json.JSONDecodeError, UnreadableError):
        patterns = []
    if not all(patterns) or not patterns:
        parser.error(f'--stacks must be a JSON list of names or patterns, such as ["prod"], not {options.stacks!r}.')
    declared = sorted(found["stack"] for file in Path().glob("*.yaml") if (found := STACK_FILE.fullmatch(file.name)))
    operated = [stack for stack in declared if any(fnmatchcase(stack, pattern) for pattern in patterns)]
    change = touched(operated, changed_since(options.since))
    for stack in change.removed:
        sys.stderr.write(
            f"Pulumi.{stack}.yaml is deleted. No pipeline deletes a stack or its objects: retire its tenants, then run "
            f"`pulumi destroy --stack {stack}` and `pulumi stack rm {stack}`.\n"
        )
    sys.stdout.write(json.dumps(list(batches(change.stacks))) + "\n")
    return 0


def touched(stacks: Sequence[str], files: Iterable[str] | None) -> Touched:
    """Choose among these stacks by the changed files; `None` if they are not known."""
    if files is None:
        return Touched(stacks=tuple(stacks), removed=())
    relevant = [file for file in files if not any(fnmatchcase(file, pattern) for pattern in TOUCH_NONE)]
    own = {file: match["stack"] for file in relevant if (match := STACK_FILE.fullmatch(file))}
    everything = len(own) < len(relevant)
    return Touched(
        stacks=tuple(stack for stack in stacks if everything or stack in own.values()),
        removed=tuple(sorted(stack for file, stack in own.items() if not Path(file).exists())),
    )


def changed_since(commit: str) -> list[str] | None:
    """List the files that differ between a commit and the checkout; `None` if git does not have the commit."""
    if NO_COMMIT.fullmatch(commit):
        return None
    # Without renames: a stack file that is renamed touches both stacks.
    command = ["git", "diff", "--name-only", "--no-renames", "-z", commit, "HEAD", "--"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.stderr.write(f"Every stack is touched: the changes since {commit} are not known. {done.stderr}")
        return None
    return [file for file in done.stdout.split("\0") if file]


def batches(stacks: Sequence[str]) -> Iterator[list[str]]:
    """Split the stacks into lists of at most a matrix's length."""
    for start in range(0, len(stacks), BATCH):
        yield list(stacks[start : start + BATCH])


if __name__ == "__main__":
    sys.exit(main())
