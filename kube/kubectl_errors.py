"""Classifies kubectl's error output: a reason for the program, and for the user a sentence with what to do."""

import re
from dataclasses import dataclass
from enum import StrEnum

from kube.json_text import UnreadableError


class Reason(StrEnum):
    """Why kubectl failed: some of the API server's own reasons, and those of this module."""

    FORBIDDEN = "Forbidden"
    NOT_FOUND = "NotFound"
    UNAUTHORIZED = "Unauthorized"
    NO_KUBECTL = "NoKubectl"
    NO_CONTEXT = "NoContext"
    BAD_KUBECONFIG = "BadKubeconfig"
    LOGIN_FAILED = "LoginFailed"
    UNREACHABLE = "Unreachable"
    UNKNOWN = "Unknown"
    """The API server gave no reason, or kubectl's message is not recognised."""


_TRANSIENT_REASONS = {"TooManyRequests", "ServiceUnavailable", "Timeout", "ServerTimeout"}
# As client-go words them: etcd's election; a load balancer's own page instead of an answer; 429, 503 and 504 when it
# asks what kinds there are, which lose their reasons; a connection that broke.
_TRANSIENT = re.compile(
    r"leader changed|etcdserver: request timed out|has prevented the request from succeeding|connection reset by peer"
    r"|has asked us to try again later|is currently unable to handle the request|in the time allotted"
    r"|\bEOF\b|TLS handshake timeout|client connection lost|broken pipe|GOAWAY|server misbehaving"
    r"|Temporary failure in name resolution"
)
_UNABLE, _CREDENTIALS = "Unable to connect to the server: ", "getting credentials: "
_LOG_LINE = re.compile(r"[EWIF]\d{4} \d\d:\d\d:\d\d\.|Warning: ")
_FROM_SERVER = re.compile(r"^Error from server(?: \((?P<reason>\w+)\))?: ", re.MULTILINE)
_UNAUTHORIZED = re.compile(r"^error: You must be logged in to the server \((?P<message>.*)\)", re.DOTALL | re.MULTILINE)
_OTHER_LOGIN = re.compile(r"client-cert|client-key|auth plugin|auth provider|tokenFile", re.IGNORECASE)
_NO_CREDENTIALS = re.compile(r"error: EOF$")
_REFUSED = re.compile(r"^The connection to the server (?P<address>\S+) was refused", re.MULTILINE)
# What kubectl asks before it can send an object. Its words then lack what tells a failed connection from other errors.
_ASKING_FOR_KINDS = re.compile(r'unable to recognize "[^"]*": Get "[^"]*": (?P<why>.+)')
_CONTEXT = re.compile(r"context .*(does not exist|not found)", re.IGNORECASE)
_KUBECONFIG = re.compile(
    r"config file|invalid configuration|Error in configuration|proxy-url|^error: open |does not exist",
    re.IGNORECASE | re.MULTILINE,
)
_MAX_CHARACTERS = 800


class KubectlError(UnreadableError):
    """The cluster could not be read; the text says why and what to do, without a full stop."""

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason
        """The API server's (`Forbidden`, `TooManyRequests`, …) or, of `Reason`, one of this module's."""


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Why kubectl failed."""

    reason: str
    message: str
    """From where the error arose: the API server, the login plugin, the operating system."""
    address: str = ""
    """The API server's, if kubectl names it."""

    @property
    def is_transient(self) -> bool:
        """Whether the same request may succeed a second later."""
        if self.reason in (Reason.UNREACHABLE, Reason.UNKNOWN, "InternalError"):
            return bool(_TRANSIENT.search(self.message))
        return self.reason in _TRANSIENT_REASONS


@dataclass(frozen=True, kw_only=True)
class Connection:
    """The connection to the API server that the kubeconfig describes; empty strings where it has nothing."""

    context: str | None
    server: str = ""
    proxy: str = ""


def parse(stderr: str) -> Failure:
    """Classify kubectl's error output."""
    lines = [line for line in stderr.splitlines() if line.strip() and not _LOG_LINE.match(line)]
    text = "\n".join(lines)
    if from_server := _FROM_SERVER.search(text):
        message = "; ".join(part.strip() for part in _FROM_SERVER.sub("\0", text).split("\0")[1:])
        return Failure(reason=from_server["reason"] or Reason.UNKNOWN, message=_one_line(message))
    if found := _UNAUTHORIZED.search(text):
        return Failure(reason=Reason.UNAUTHORIZED, message=_one_line(found["message"]))
    # A login plugin's own output precedes client-go's summary of it.
    unable = _one_line(text.replace(_UNABLE + _CREDENTIALS, "").replace(_UNABLE, ""))
    if _UNABLE + _CREDENTIALS in text:
        return Failure(reason=Reason.LOGIN_FAILED, message=unable)
    if _NO_CREDENTIALS.search(text):
        return Failure(reason=Reason.LOGIN_FAILED, message="it has no credentials")
    if found := _REFUSED.search(text):
        return Failure(reason=Reason.UNREACHABLE, message="Connection refused", address=found["address"])
    if _UNABLE in text:
        return Failure(reason=Reason.UNREACHABLE, message=unable)
    if found := _ASKING_FOR_KINDS.search(text):
        return Failure(reason=Reason.UNREACHABLE, message=_one_line(found["why"]))
    message = _one_line(text).removeprefix("error: ")
    if _OTHER_LOGIN.search(text):
        return Failure(reason=Reason.LOGIN_FAILED, message=message)
    if _CONTEXT.search(text):
        return Failure(reason=Reason.NO_CONTEXT, message=message)
    return Failure(reason=Reason.BAD_KUBECONFIG if _KUBECONFIG.search(text) else Reason.UNKNOWN, message=message)


def sentence(failure: Failure, connection: Connection) -> str:
    """Return why kubectl failed and what to do, without a full stop."""
    server = f"The API server {connection.server or failure.address}".rstrip()
    message = failure.message.rstrip(".")
    context = f"--context {connection.context} " if connection.context else ""
    works = f"`kubectl {context}get nodes` works, then retry"
    match failure.reason:
        case Reason.NO_CONTEXT:
            return (
                f"No usable context in the kubeconfig ({message}): choose one of `kubectl config get-contexts` "
                "(adb-tenants:cluster.context, or --context of the command), or set KUBECONFIG to the file that has "
                'it; for the local cluster, run `make up` and `eval "$(make -s env)"`'
            )
        case Reason.BAD_KUBECONFIG:
            return f"The kubeconfig cannot be used ({message}): fix it so that {works}"
        case Reason.LOGIN_FAILED:
            return f"The kubeconfig's user cannot log in ({message}): fix the login so that {works}"
        case Reason.UNAUTHORIZED:
            return (
                f"{server} rejects the credentials of the kubeconfig's user ({message}): log in again or renew them, "
                "then retry"
            )
        case Reason.FORBIDDEN:
            return (
                f"{server} denies access: {message}. Grant the kubeconfig's user what README.md lists under "
                '"What the kubeconfig\'s user needs"'
            )
        case Reason.UNREACHABLE if "expired or is not yet valid" in message:
            return (
                f"{server} presents a certificate that is not valid at this time ({message}): renew it, or correct the "
                "clock here, then retry"
            )
        case Reason.UNREACHABLE if "x509:" in message or "certificate" in message:
            return (
                f"{server} presents a certificate that cannot be verified ({message}): fix certificate-authority or "
                "tls-server-name in the kubeconfig, then retry"
            )
        case Reason.UNREACHABLE:
            proxy = f" through the proxy {connection.proxy}" if connection.proxy else ""
            return f"{server} cannot be reached{proxy} ({message}): check that it is up and reachable, then retry"
        case _ if failure.is_transient:
            return f"{server} failed several times ({message}; {failure.reason}): retry when it has recovered"
    # Without a reason from the API server, the request may not have reached it.
    who = "kubectl" if failure.reason == Reason.UNKNOWN else server
    return f"{who} failed ({message or 'no message'}; {failure.reason}): make sure that {works}"


def _one_line(message: str) -> str:
    """Join lines without control characters; repeated lines, of a plugin that ran several times, appear once."""
    joined = ""
    for line in dict.fromkeys(message.splitlines()):
        printable = "".join(character if character.isprintable() else " " for character in line)
        if stripped := " ".join(printable.split()).strip("; "):
            joined += ("" if not joined else " " if joined[-1] in ".:;," else "; ") + stripped
    return joined if len(joined) <= _MAX_CHARACTERS else f"{joined[:_MAX_CHARACTERS]} …"
