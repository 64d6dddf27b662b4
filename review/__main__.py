"""`python -m review`: report what an update would do to databases and their clients."""

import argparse
import sys
from collections.abc import Sequence

from kube import terminal
from kube.json_text import UnreadableError
from review import machine, markdown
from review.danger import BY_WORD
from review.preview import parse
from review.verdict import Review, review

ANY_CHANGE = "change"
LEVELS = tuple(word for word, danger in BY_WORD.items() if danger)
FORMATS = ("markdown", "json")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m review",
        description="Report what the update in the output of `pulumi preview --json` would do to databases and their "
        "clients.",
        epilog="exit code: 0 the update can proceed; 1 it reaches --fail-on, or the preview was refused, failed or is "
        "incomplete; 2 the file is not a preview",
    )
    parser.add_argument("file", metavar="FILE", help="the preview, digest or event stream; `-` for standard input")
    parser.add_argument("--format", choices=FORMATS, default="markdown", help="default: %(default)s")
    parser.add_argument(
        "--engine-exit-code",
        type=int,
        default=0,
        metavar="CODE",
        help="exit code of `pulumi preview`; any but 0 blocks the update, whatever is in the file "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--fail-on",
        choices=[ANY_CHANGE, *LEVELS],
        metavar="LEVEL",
        help=f"exit with 1 if the danger is this or worse ({', '.join(LEVELS)}), or at any `change`",
    )
    parser.add_argument(
        "--limit",
        type=int,
        default=markdown.GITHUB_LIMIT,
        metavar="BYTES",
        help="length of the Markdown; what exceeds it is omitted, the least dangerous first (default: %(default)s)",
    )
    options = parser.parse_args(arguments)
    try:
        judged = review(parse(terminal.read(options.file)), engine_exit_code=options.engine_exit_code)
    except OSError as error:
        return terminal.unusable(parser.prog, f"{options.file}: {error.strerror or error}")
    except UnreadableError as error:
        return terminal.unusable(parser.prog, f"{options.file}: {error}.")
    written = machine.document(judged) if options.format == "json" else markdown.comment(judged, limit=options.limit)
    sys.stdout.write(written)
    return exit_code(judged, options.fail_on)


def exit_code(judged: Review, fail_on: str | None) -> int:
    """Return 0 if the update can proceed, else 1; `fail_on` is the word of a danger, or `change`."""
    if fail_on == ANY_CHANGE:
        too_dangerous = judged.changes
    else:
        too_dangerous = fail_on is not None and judged.danger >= BY_WORD[fail_on]
    return int(too_dangerous or not judged.can_proceed)


if __name__ == "__main__":
    terminal.run(main)
