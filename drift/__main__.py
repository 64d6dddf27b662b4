"""`python -m drift`: lists what was changed in the cluster by hand, and repairs what the engine does not see."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from drift import report
from drift.cluster import RepairClient
from drift.deployed import parse
from drift.repair import NOTHING_DONE, repair
from drift.survey import look
from kube import terminal
from kube.escaping import visible
from kube.json_text import UnreadableError

DRIFT = 1
UNUSABLE = 2
FORMATS = {"text": report.text, "markdown": report.markdown, "json": report.document}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m drift",
        description="List what was changed by hand in the cluster that a stack was brought up in.",
        epilog="exit code: 0 no drift (any more); 1 drift; 2 the state is unusable, or the cluster does not answer.",
    )
    parser.add_argument(
        "file",
        metavar="FILE",
        help="what `pulumi stack export --show-secrets` prints; `-` for standard input, which leaves no secret behind",
    )
    parser.add_argument("--context", help="context of the kubeconfig (default: the one the stack was brought up with)")
    parser.add_argument("--format", choices=FORMATS, default="text", help="default: %(default)s")
    parser.add_argument(
        "--repair",
        action="store_true",
        help="take out what was added, and put back defaults that were changed: what `pulumi up --refresh`, which "
        "repairs the rest, does not see",
    )
    options = parser.parse_args(arguments)
    try:
        deployed = parse(sys.stdin.buffer.read() if options.file == "-" else Path(options.file).read_bytes())
        cluster = RepairClient(options.context or deployed.context)
        survey = look(deployed, cluster)
        done = repair(survey, cluster) if options.repair else NOTHING_DONE
        survey = look(deployed, cluster) if options.repair else survey
    except OSError as error:
        return _unusable(f"{options.file}: {error.strerror or error}")
    except UnreadableError as error:
        return _unusable(f"{error}.")
    for key, said in done.refused.items():
        sys.stderr.write(visible(f"{' '.join(filter(None, key))} is left as it is: {said}") + "\n")
    sys.stdout.write(FORMATS[options.format](survey, done.repaired))
    return DRIFT if survey.findings else 0


def _unusable(why: str) -> int:
    sys.stderr.write(f"python -m drift: {why}\n")
    return UNUSABLE


if __name__ == "__main__":
    terminal.run(main)
