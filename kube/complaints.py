"""What kubectl says when it fails, read: a word for the program, a sentence with what to do for its user."""

import re
from dataclasses import dataclass

from kube.json_text import UnreadableError

FORBIDDEN, NOT_FOUND, UNAUTHORIZED = "Forbidden", "NotFound", "Unauthorized"
NO_KUBECTL, NO_CONTEXT, BAD_KUBECONFIG = "NoKubectl", "NoContext", "BadKubeconfig"
LOGIN_FAILED, UNREACHABLE = "LoginFailed", "Unreachable"
UNKNOWN = "Unknown"
"""The API server gave no reason, or kubectl said something that is not known here."""

_PASSING_REASONS = {"TooManyRequests", "ServiceUnavailable", "Timeout", "ServerTimeout"}
# As client-go words them: etcd's election; a load balancer's own page instead of an answer; a connection that broke.
_PASSING = re.compile(
    r"leader changed|etcdserver: request timed out|has prevented the request from succeeding|connection reset by peer"
    r"|\bEOF\b|TLS handshake timeout|client connection lost|broken pipe|GOAWAY|server misbehaving"
    r"|Temporary failure in name resolution"
)
_UNABLE, _CREDENTIALS = "Unable to connect to the server: ", "getting credentials: "
_LOG_LINE = re.compile(r"[EWIF]\d{4} \d\d:\d\d:\d\d\.|Warning: ")
_FROM_SERVER = re.compile(r"^Error from server(?: \((?P<reason>\w+)\))?: ", re.MULTILINE)
_UNAUTHORIZED = re.compile(r"^error: You must be logged in to the server \((?P<said>.*)\)", re.DOTALL | re.MULTILINE)
_OTHER_LOGIN = re.compile(r"client-cert|client-key|auth plugin|auth provider|tokenFile", re.IGNORECASE)
_NO_CREDENTIALS = re.compile(r"error: EOF$")
_REFUSED = re.compile(r"^The connection to the server (?P<address>\S+) was refused", re.MULTILINE)
_CONTEXT = re.compile(r"context .*(does not exist|not found)", re.IGNORECASE)
_KUBECONFIG = re.compile(
    r"config file|invalid configuration|Error in configuration|proxy-url|^error: open |does not exist",
    re.IGNORECASE | re.MULTILINE,
)
_MOST_CHARACTERS = 800


class KubectlError(UnreadableError):
    """The cluster was not read; the text says why and what to do, without its full stop."""

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason
        """Kubernetes' own word (`Forbidden`, `NotFound`, `TooManyRequests`, …), or one of this module's."""


@dataclass(frozen=True, kw_only=True)
class Complaint:
    """Why kubectl failed."""

    reason: str
    said: str
    """The words of whoever knows: the API server, the login plugin, the operating system."""
    address: str = ""
    """Of the API server, where kubectl names it."""

    @property
    def passes(self) -> bool:
        """Whether the same request may well succeed in a second."""
        if self.reason in (UNREACHABLE, UNKNOWN, "InternalError"):
            return bool(_PASSING.search(self.said))
        return self.reason in _PASSING_REASONS


@dataclass(frozen=True, kw_only=True)
class Way:
    """How the kubeconfig leads to the API server."""

    context: str | None
    server: str = ""
    proxy: str = ""
    """Empty strings where the kubeconfig does not say."""


def read_complaint(printed: str) -> Complaint:
    """Tell what kubectl's standard error speaks of."""
    lines = [line for line in printed.splitlines() if line.strip() and not _LOG_LINE.match(line)]
    text = "\n".join(lines)
    if from_server := _FROM_SERVER.search(text):
        said = "; ".join(part.strip() for part in _FROM_SERVER.sub("\0", text).split("\0")[1:])
        return Complaint(reason=from_server["reason"] or UNKNOWN, said=_one_line(said))
    if found := _UNAUTHORIZED.search(text):
        return Complaint(reason=UNAUTHORIZED, said=_one_line(found["said"]))
    # What a login plugin itself wrote stands before what client-go makes of it.
    unable = _one_line(text.replace(_UNABLE + _CREDENTIALS, "").replace(_UNABLE, ""))
    if _UNABLE + _CREDENTIALS in text:
        return Complaint(reason=LOGIN_FAILED, said=unable)
    if _NO_CREDENTIALS.search(text):
        return Complaint(reason=LOGIN_FAILED, said="it has no credentials")
    if found := _REFUSED.search(text):
        return Complaint(reason=UNREACHABLE, said="Connection refused", address=found["address"])
    if _UNABLE in text:
        return Complaint(reason=UNREACHABLE, said=unable)
    said = _one_line(text).removeprefix("error: ")
    if _OTHER_LOGIN.search(text):
        return Complaint(reason=LOGIN_FAILED, said=said)
    if _CONTEXT.search(text):
        return Complaint(reason=NO_CONTEXT, said=said)
    return Complaint(reason=BAD_KUBECONFIG if _KUBECONFIG.search(text) else UNKNOWN, said=said)


def explained(complaint: Complaint, way: Way) -> KubectlError:
    """Say it in a sentence, with what to do."""
    return KubectlError(_sentence(complaint, way), reason=complaint.reason)


def _sentence(complaint: Complaint, way: Way) -> str:
    server = f"The API server {way.server or complaint.address}".rstrip()
    said = complaint.said.rstrip(".")
    works = (
        f"`{' '.join(['kubectl', *(['--context', way.context] if way.context else []), 'get', 'nodes'])}` works here"
    )
    match complaint.reason:
        case "NoContext":
            return (
                f"The kubeconfig does not lead to a cluster ({said}): set adb-tenants:cluster.context to one of "
                "`kubectl config get-contexts`, or KUBECONFIG to the file that has it; for the local cluster, run "
                '`make up` and `eval "$(make -s env)"`'
            )
        case "BadKubeconfig":
            return f"The kubeconfig cannot be used ({said}): mend it so that {works}, then run this again"
        case "LoginFailed":
            return f"The login of the kubeconfig's user fails ({said}): mend it so that {works}, then run this again"
        case "Unauthorized":
            return (
                f"{server} does not accept the login of the kubeconfig's user ({said}): log in again or renew its "
                "credentials, then run this again"
            )
        case "Forbidden":
            return (
                f"{server} refuses: {said}. Give the kubeconfig's user what README.md lists under "
                '"What the kubeconfig\'s user needs"'
            )
        case "Unreachable" if "x509:" in said or "certificate" in said:
            return (
                f"{server} cannot be trusted ({said}): mend the cluster's certificate-authority or tls-server-name in "
                "the kubeconfig, then run this again"
            )
        case "Unreachable":
            proxy = f" through the proxy {way.proxy}" if way.proxy else ""
            return f"{server} does not answer{proxy} ({said}): start it or mend the way to it, then run this again"
        case _ if complaint.passes:
            return (
                f"{server} is not well, also at the last of several tries ({said}; {complaint.reason}): "
                "run this again when it has recovered"
            )
    return (
        f"{server} does not give what was asked for ({said or 'no word why'}; {complaint.reason}): see whether {works}"
    )


def _one_line(said: str) -> str:
    """Join lines, without what a terminal would act on; a plugin that was run several times is quoted once."""
    words = ""
    for line in dict.fromkeys(said.splitlines()):
        printable = "".join(character if character.isprintable() else " " for character in line)
        if stripped := " ".join(printable.split()).strip("; "):
            words += ("" if not words else " " if words[-1] in ".:;," else "; ") + stripped
    return words if len(words) <= _MOST_CHARACTERS else f"{words[:_MOST_CHARACTERS]} …"
