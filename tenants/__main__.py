"""`python -m tenants`: check stack files, print their schema and rules, or write one for the tenants of a cluster."""

import argparse
import sys
from collections.abc import Sequence

from kube import json_text, terminal
from kube.json_text import UnreadableError
from tenants import handbook, schema
from tenants.as_found import stack_text
from tenants.discover import KINDS, UnreadableListError, discover
from tenants.formats import FORMATS
from tenants.lint import exit_code, lint_files


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m tenants", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    lint = commands.add_parser(
        "lint",
        help="check stack files, alone and against each other, without an engine or a cluster",
        epilog="exit code: 0 clean, 1 findings, 2 a file that cannot be used",
    )
    lint.add_argument("files", nargs="+", metavar="FILE", help="a stack file, such as Pulumi.dev.yaml")
    lint.add_argument("--format", choices=FORMATS, default="text", help="how to write findings (default: %(default)s)")
    commands.add_parser("schema", help="print the JSON Schema of a stack file, for editors")
    commands.add_parser("rules", help="print the rules as Markdown")
    commands.add_parser(
        "discover",
        help="print a stack file for the tenants that a namespace holds, to be adopted",
        usage=f"kubectl get {KINDS} --output json | python -m tenants discover",
    )
    options = parser.parse_args(arguments)

    code = 0
    if options.command == "schema":
        output = schema.document()
    elif options.command == "rules":
        output = handbook.document()
    elif options.command == "discover":
        try:
            found = stack_text(discover(json_text.document(sys.stdin.buffer.read())))
        except (UnreadableError, UnreadableListError) as error:
            sys.stderr.write(f"standard input is not what `kubectl get {KINDS} --output json` prints: {error}\n")
            return 2
        sys.stderr.write("".join(f"{remark}\n" for remark in found.remarks))
        output = found.text
    else:
        reports = lint_files(options.files)
        code = exit_code(reports)
        output = FORMATS[options.format](reports)
    if output:
        sys.stdout.write(output.rstrip("\n") + "\n")
    return code


if __name__ == "__main__":
    terminal.run(main)
