"""`python -m drift`: lists manual changes in the cluster, and repairs those that Pulumi does not see."""

import argparse
import sys
from collections.abc import Sequence

from drift import report
from drift.cluster import KubectlClient
from drift.deployed import parse
from drift.repair import NOTHING_DONE, repair
from drift.survey import compare
from kube import terminal
from kube.escaping import visible
from kube.json_text import UnreadableError

DRIFT = 1
FORMATS = {"text": report.text, "markdown": report.markdown, "json": report.document}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m drift",
        description="List manual changes in the cluster of a stack.",
        epilog="exit code: 0 no drift (left); 1 drift; 2 the state is unusable, or the cluster cannot be reached.",
    )
    parser.add_argument(
        "file",
        metavar="FILE",
        help="output of `pulumi stack export --show-secrets`; `-` for standard input, which leaves no secrets on disk",
    )
    parser.add_argument("--context", help="kubeconfig context (default: the stack's)")
    parser.add_argument("--format", choices=FORMATS, default="text", help="default: %(default)s")
    parser.add_argument(
        "--repair",
        action="store_true",
        help="remove fields that were added and restore defaults that were changed; `pulumi up --refresh` repairs "
        "declared fields, but does not see these",
    )
    options = parser.parse_args(arguments)
    try:
        deployed = parse(terminal.read(options.file))
        cluster = KubectlClient(options.context or deployed.context)
        survey = compare(deployed, cluster)
        done = repair(survey, cluster) if options.repair else NOTHING_DONE
        survey = compare(deployed, cluster) if options.repair else survey
    except OSError as error:
        return terminal.unusable(parser.prog, f"{options.file}: {error.strerror or error}")
    except UnreadableError as error:
        return terminal.unusable(parser.prog, f"{error}.")
    for key, error_line in done.failed.items():
        sys.stderr.write(visible(f"{' '.join(filter(None, key))} was not repaired: {error_line}") + "\n")
    sys.stdout.write(FORMATS[options.format](survey, done.repaired))
    return DRIFT if survey.drift else 0


if __name__ == "__main__":
    terminal.run(main)
