"""`python -m ci.touched` prints the stacks that a change can touch, as JSON: a list of batches.

The changed files are those between `--since` and the checkout. A stack file touches its stack; documentation, tests and
tools that no `up` runs touch none; every other file, such as one of the program, touches all stacks. So a new folder
touches all of them until it is listed here.
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
"""What GitHub and GitLab give as the commit before the first push of a branch."""

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
        "--stacks",
        type=_patterns,
        default=["*"],
        metavar="JSON",
        help="a list of names or patterns: the stacks to choose from (default: all)",
    )
    parser.add_argument(
        "--first",
        type=_patterns,
        default=["*"],
        metavar="JSON",
        help="likewise, those among them that a change of the program touches (default: all)",
    )
    options = parser.parse_args(arguments)
    declared = sorted(found["stack"] for file in Path().glob("*.yaml") if (found := STACK_FILE.fullmatch(file.name)))
    operated = _matching(declared, options.stacks)
    change = touched(operated, changed_since(options.since), first=_matching(operated, options.first))
    for stack in change.removed:
        sys.stderr.write(
            f"Pulumi.{stack}.yaml is deleted. No pipeline deletes a stack or its objects: retire its tenants, then run "
            f"`pulumi destroy --stack {stack}` and `pulumi stack rm {stack}`.\n"
        )
    sys.stdout.write(json.dumps(list(batches(change.stacks))) + "\n")
    return 0


def _patterns(option: str) -> list[str]:
    try:
        patterns = [text(each) for each in items(loads(option))]
    except (json.JSONDecodeError, UnreadableError):
        patterns = []
    if not patterns or not all(patterns):
        raise argparse.ArgumentTypeError(f'not a JSON list of names or patterns, such as ["prod"]: {option!r}')
    return patterns


def _matching(stacks: Sequence[str], patterns: Sequence[str]) -> list[str]:
    return [stack for stack in stacks if any(fnmatchcase(stack, pattern) for pattern in patterns)]


def touched(stacks: Sequence[str], files: Iterable[str] | None, *, first: Sequence[str]) -> Touched:
    """Choose among these stacks by the changed files; all of them if those are not known (`None`)."""
    if files is None:
        return Touched(stacks=tuple(stacks), removed=())
    relevant = [file for file in files if not any(fnmatchcase(file, pattern) for pattern in TOUCH_NONE)]
    own = {match["stack"] for file in relevant if (match := STACK_FILE.fullmatch(file))}
    by_program = set(first) if len(own) < len(relevant) else set()
    return Touched(
        stacks=tuple(stack for stack in stacks if stack in own | by_program),
        removed=tuple(sorted(stack for stack in own if not Path(f"Pulumi.{stack}.yaml").exists())),
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
