"""`python -m review`: says what a preview would do to people's databases, and draws the fleet."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from kube.json_text import UnreadableError, document
from review import machine, markdown
from review.danger import BY_WORD
from review.fleet_page import page
from review.fleet_view import from_outputs
from review.live_fleet import from_cluster
from review.preview import parse
from review.verdict import Review, review
from tenants import terminal

UNUSABLE = 2
ANY_CHANGE = "change"
FORMATS = ("markdown", "json")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    # The preview's name comes first and without a word before it, so this is no sub-command of one parser.
    return _fleet(arguments[1:]) if arguments[:1] == ["fleet"] else _review(arguments)


def _review(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m review",
        description="Turn what `pulumi preview --json` wrote into the words of the domain.",
        epilog="exit code: 0 it may go on; 1 it reaches --fail-on, was refused, is not complete, or its engine failed; "
        "2 the file is no preview. `python -m review fleet --help`: the picture of a fleet.",
    )
    parser.add_argument("file", metavar="FILE", help="the preview, digest or event stream; `-` for standard input")
    parser.add_argument("--format", choices=FORMATS, default="markdown", help="default: %(default)s")
    parser.add_argument(
        "--engine-exit-code",
        type=int,
        default=0,
        metavar="CODE",
        help="what `pulumi preview` ended with; any but 0 blocks it, whatever the file says (default: %(default)s)",
    )
    parser.add_argument(
        "--fail-on",
        choices=[ANY_CHANGE, *(word for word, danger in BY_WORD.items() if danger)],
        metavar="LEVEL",
        help="exit with 1 if the danger is this or worse (traffic, restart, data-loss), or at any `change`",
    )
    parser.add_argument(
        "--limit",
        type=int,
        default=markdown.GITHUB_LIMIT,
        metavar="BYTES",
        help="of the Markdown; what does not fit is left out, the least dangerous first (default: %(default)s)",
    )
    options = parser.parse_args(arguments)
    try:
        judged = review(parse(_read(options.file)), engine_exit_code=options.engine_exit_code)
    except OSError as error:
        return _unusable(f"{options.file}: {error.strerror or error}")
    except UnreadableError as error:
        return _unusable(f"{options.file}: {error}.")
    written = machine.document(judged) if options.format == "json" else markdown.comment(judged, limit=options.limit)
    sys.stdout.write(written)
    return exit_code(judged, options.fail_on)


def _fleet(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m review fleet",
        description="Draw a fleet as one HTML page: nodes as columns, tenants on them.",
        epilog="exit code: 0 drawn, 2 there is nothing to draw.",
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "file", metavar="FILE", nargs="?", help="what `pulumi stack output --json` prints; `-` for standard input"
    )
    source.add_argument("--live", action="store_true", help="ask the cluster itself, by kubectl")
    parser.add_argument("--context", help="with --live: context of the kubeconfig (default: the current one)")
    parser.add_argument("--namespace", default="default", help="with --live (default: %(default)s)")
    options = parser.parse_args(arguments)
    try:
        if options.live:
            fleet = from_cluster(namespace=options.namespace, context=options.context)
        else:
            fleet = from_outputs("stack outputs", document(_read(options.file)))
    except OSError as error:
        return _unusable(f"{options.file}: {error.strerror or error}")
    except UnreadableError as error:
        return _unusable(f"{'the cluster' if options.live else options.file}: {error}.")
    sys.stdout.write(page(fleet))
    return 0


def _read(file: str) -> bytes:
    return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()


def exit_code(judged: Review, fail_on: str | None) -> int:
    """0 if it may go on, 1 if not; `fail_on` is the word of a danger, or `change`."""
    if fail_on == ANY_CHANGE:
        too_dangerous = judged.changes
    else:
        too_dangerous = fail_on is not None and judged.danger >= BY_WORD[fail_on]
    return int(too_dangerous or not judged.may_go_on)


def _unusable(why: str) -> int:
    sys.stderr.write(f"python -m review: {why}\n")
    return UNUSABLE


if __name__ == "__main__":
    terminal.run(main)
