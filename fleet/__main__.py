"""`python -m fleet`: writes the fleet page."""

import argparse
import sys
from collections.abc import Sequence

from fleet.html import page
from fleet.live import from_cluster
from fleet.view import from_outputs
from kube import terminal
from kube.json_text import UnreadableError, document


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m fleet",
        description="Show a fleet on one HTML page: nodes as columns, with their tenants.",
        epilog="exit code: 0 written; 2 the input is unusable, or the cluster cannot be reached.",
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "file", metavar="FILE", nargs="?", help="output of `pulumi stack output --json`; `-` for standard input"
    )
    source.add_argument("--live", action="store_true", help="read the cluster, by kubectl")
    parser.add_argument("--context", help="with --live: kubeconfig context (default: the current one)")
    parser.add_argument("--namespace", default="default", help="with --live (default: %(default)s)")
    options = parser.parse_args(arguments)
    try:
        if options.live:
            view = from_cluster(namespace=options.namespace, context=options.context)
        else:
            view = from_outputs("stack outputs", document(terminal.read(options.file)))
    except OSError as error:
        return terminal.unusable(parser.prog, f"{options.file}: {error.strerror or error}")
    except UnreadableError as error:
        return terminal.unusable(parser.prog, f"{'the cluster' if options.live else options.file}: {error}.")
    sys.stdout.write(page(view))
    return 0


if __name__ == "__main__":
    terminal.run(main)
