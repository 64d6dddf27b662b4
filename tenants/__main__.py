"""`python -m tenants`: checks stack files, splits them, writes them for existing tenants, documents and runs them."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from kube import json_text, terminal
from kube.json_text import UnreadableError
from tenants import handbook, isolation, permissions, schema, split, stackfile
from tenants.as_found import stack_text
from tenants.boundary import load
from tenants.discover import KINDS, UnreadableListError, discover
from tenants.fleet import Fleet
from tenants.formats import FORMATS
from tenants.lint import exit_code, lint_files
from tenants.operator_stacks import IMAGE, OperatorOptions, UnusableOptionError, stack_resources
from tenants.permissions import USERS, Extra, User
from tenants.rules.names import is_subdomain
from tenants.stackfile import stack_of


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
        help="print a stack file that adopts the existing tenants of a namespace",
        usage=f"kubectl get {KINDS} --output json | python -m tenants discover",
    )
    splitting = commands.add_parser(
        "split",
        help="move tenants to the stack file of a new stack, and print how to move their state",
        usage="python -m tenants split FILE STACK TENANT...",
    )
    splitting.add_argument("file", metavar="FILE", help="the stack file of the fleet, such as Pulumi.prod.yaml")
    splitting.add_argument("stack", metavar="STACK", help="the new stack, such as prod-2")
    splitting.add_argument("tenants", metavar="TENANT", nargs="+", help="the tenants to move")
    _add_operator(commands)
    _add_permissions(commands)
    isolating = commands.add_parser(
        "isolation",
        help="print quota, default requests and default NetworkPolicy of a namespace, for its administrator",
    )
    isolating.add_argument("files", nargs="+", metavar="FILE", help="the stack files of all stacks of the namespace")
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
    elif options.command == "split":
        try:
            output = split.files(Path(options.file), options.stack, options.tenants)
        except split.CannotSplitError as error:
            sys.stderr.write(f"{options.file} is not split: {error}\n")
            return 2
    elif options.command in _OF_OPTIONS:
        try:
            output = _OF_OPTIONS[options.command](options)
        except UnusableOptionError as error:
            sys.stderr.write(f"{error}\n")
            return 2
    else:
        reports = lint_files(options.files)
        code = exit_code(reports)
        output = FORMATS[options.format](reports)
    if output:
        sys.stdout.write(output.rstrip("\n") + "\n")
    return code


def _add_operator(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    about = "print a Stack resource of Pulumi's Kubernetes Operator for each stack file"
    parser = commands.add_parser("operator", help=about, description=f"{about}; see docs/scale.md")
    add = parser.add_argument
    add("files", nargs="+", metavar="FILE", type=Path, help="a stack file of the repository")
    add("--repository", required=True, metavar="URL", help="Git repository of the program and the stack files")
    add("--backend", required=True, metavar="URL", help="where the states are, such as s3://adb-state")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--commit", help="run this commit, which has been reviewed")
    source.add_argument("--branch", default="main", help="run each new commit of this branch (default: %(default)s)")
    add("--directory", default=".", help="directory of Pulumi.yaml in the repository (default: the root)")
    add("--namespace", default="pulumi", help="namespace of the resources (default: %(default)s)")
    add(
        "--secret",
        default="adb-tenants",
        help="Secret with the keys kubeconfig, PULUMI_CONFIG_PASSPHRASE and those of --variable (default: %(default)s)",
    )
    add(
        "--variable",
        action="append",
        default=[],
        metavar="NAME",
        help="another variable of the Secret, such as AWS_ACCESS_KEY_ID; may be repeated",
    )
    add("--service-account", default="adb-tenants", help="account of the pods that run Pulumi (default: %(default)s)")
    add("--image", default=IMAGE, help="their image (default: %(default)s)")
    add("--seconds", type=int, default=300, help="between two polls of the branch; at least 60 (default: %(default)s)")
    add("--repair", action="store_true", help="also run `up --refresh` in this interval, even without a new commit")
    add("--preview-only", action="store_true", help="preview, and change nothing")


def _operator(options: argparse.Namespace) -> str:
    reports = lint_files([str(file) for file in options.files])
    if exit_code(reports):
        raise UnusableOptionError("`python -m tenants lint` has findings in these files; fix them first")
    common = {name: value for name, value in vars(options).items() if name not in ("command", "files", "variable")}
    return stack_resources(options.files, OperatorOptions(**common, variables=options.variable))


def _add_permissions(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    about = "print the smallest permissions for the users of a stack, for `kubectl apply -f -`"
    parser = commands.add_parser(
        "permissions", help=about, description=f"{about}; without users, print a table of them in Markdown"
    )
    add = parser.add_argument
    add("file", metavar="FILE", help="the stack file, such as Pulumi.prod.yaml")
    for user in User:
        add(
            f"--{user}",
            metavar="USER",
            help=f"who runs {USERS[user]}, as the API server names it, such as system:serviceaccount:ci:{user}",
        )
    add("--destroy", action="store_true", help="also for `pulumi destroy`, which deletes what tenants share")
    add("--missing-nodes", action="store_true", help="also for labels of nodes that do not exist any more")
    add("--repair", action="store_true", help="also for `python -m drift --repair`")


def _fleet(file: str) -> Fleet:
    if exit_code(lint_files([file])):
        raise UnusableOptionError(f"`python -m tenants lint {file}` has findings; fix them first")
    return load(stackfile.read(Path(file).read_bytes()).sections)


def _isolation(options: argparse.Namespace) -> str:
    try:
        return isolation.manifest([_fleet(file) for file in options.files])
    except isolation.UnlikeNamespacesError as error:
        raise UnusableOptionError(str(error)) from error


def _permissions(options: argparse.Namespace) -> str:
    fleet, file = _fleet(options.file), Path(options.file)
    extra = Extra(destroy=options.destroy, missing_nodes=options.missing_nodes, repair=options.repair)
    users = {user: name for user in User if (name := getattr(options, user))}
    if not users:
        return permissions.table(fleet, extra)
    stack = stack_of(file.name)
    if stack is None or not is_subdomain(stack):
        raise UnusableOptionError(
            f"{file} is not named Pulumi.<stack>.yaml with a stack of lower-case letters, digits, - and ., of which a "
            "policy can have the name"
        )
    return permissions.manifest(fleet, stack, users, extra)


_OF_OPTIONS = {"isolation": _isolation, "operator": _operator, "permissions": _permissions}
"""The commands that raise `UnusableOptionError`."""

if __name__ == "__main__":
    terminal.run(main)
