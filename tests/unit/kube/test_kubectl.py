"""How kubectl is run, and how its errors are classified, with a fake kubectl that fails a given number of times."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from kube import kubectl
from kube.json_text import UnreadableError
from kube.kubectl_errors import KubectlError
from tests.support.process import executable

NODES = {"kind": "NodeList", "items": [{"metadata": {"name": "m1"}}]}
READS: dict[str, Callable[[], object]] = {
    "read": lambda: kubectl.read("/api/v1/nodes", context="prod"),
    "objects": lambda: kubectl.objects(["get", "nodes"], context="prod"),
}

DOUBLE = """#!/bin/sh
cd {directory}
case "$*" in *"config view"*) cat view; exit 0;; esac
echo "$* KUBERC=$KUBERC" >> calls
turn=$(wc -l < calls)
[ -e "$turn.stderr" ] || turn=last
[ -e "$turn.stderr" ] || {{ cat answer; exit 0; }}
cat "$turn.stderr" >&2
exit 1
"""


class FakeKubectl:
    """A kubectl that fails with the given errors in turn, and then succeeds."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        executable(directory / "kubectl", DOUBLE.format(directory=directory))
        self.set_server("https://10.0.0.1:6443")
        self.set_output(json.dumps(NODES))

    def set_server(self, server: str, proxy: str = "") -> None:
        cluster = {"server": server, **({"proxy-url": proxy} if proxy else {})}
        (self.directory / "view").write_text(json.dumps({"clusters": [{"cluster": cluster}]}))

    def set_output(self, printed: str) -> None:
        (self.directory / "answer").write_text(printed)

    def fail(self, *errors: str, always: str = "") -> None:
        for turn, error in enumerate(errors, start=1):
            (self.directory / f"{turn}.stderr").write_text(error)
        if always:
            (self.directory / "last.stderr").write_text(always)

    @property
    def calls(self) -> list[str]:
        return (self.directory / "calls").read_text().splitlines()


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeKubectl:
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    for proxy in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(proxy, raising=False)
    monkeypatch.setattr(kubectl, "RETRY_PAUSES", (0, 0))
    return FakeKubectl(tmp_path)


def test_reads_ignore_the_users_kubectl_preferences(fake: FakeKubectl) -> None:
    assert kubectl.read("/api/v1/nodes", context="prod") == NODES
    assert fake.calls == ["--context prod get --raw /api/v1/nodes KUBERC=off"]


FORBIDDEN = 'nodes is forbidden: User "x" cannot list resource "nodes"'


@pytest.mark.parametrize(
    ("stderr", "reason", "message"),
    [
        (
            f"Error from server (Forbidden): {FORBIDDEN}",
            "Forbidden",
            f"denies access: {FORBIDDEN}. Grant the kubeconfig's",
        ),
        ('Error from server (NotFound): pods "a" not found', "NotFound", 'pods "a" not found; NotFound'),
        (
            "error: You must be logged in to the server (the token has expired)",
            "Unauthorized",
            (
                "The API server https://10.0.0.1:6443 rejects the credentials of the kubeconfig's user "
                "(the token has expired): log in again"
            ),
        ),
        (
            (
                "Error: the session has expired: run sso login\nUnable to connect to the server: getting credentials: "
                "exec: executable sso failed with exit code 253"
            ),
            "LoginFailed",
            (
                "(Error: the session has expired: run sso login; exec: executable sso failed with exit code 253): fix "
                "the login so that `kubectl --context prod get nodes` works, then retry"
            ),
        ),
        ("Please enter Username: error: EOF", "LoginFailed", "it has no credentials"),
        (
            "error: The gcp auth plugin has been removed.\nPlease use another.",
            "LoginFailed",
            "(The gcp auth plugin has been removed. Please use another)",
        ),
        (
            'error: context "prod" does not exist',
            "NoContext",
            '(context "prod" does not exist): choose one of `kubectl config get-contexts`',
        ),
        (
            'error: error loading config file "/k": yaml: line 1: no',
            "BadKubeconfig",
            'The kubeconfig cannot be used (error loading config file "/k": yaml: line 1: no)',
        ),
        (
            "The connection to the server 10.0.0.1:6443 was refused - did you specify the right host or port?",
            "Unreachable",
            "The API server https://10.0.0.1:6443 cannot be reached (Connection refused): check that it is up",
        ),
        (
            (
                "Unable to connect to the server: tls: failed to verify certificate: x509: certificate signed by "
                "unknown authority"
            ),
            "Unreachable",
            "cannot be verified (tls: failed to verify certificate: x509: certificate signed by unknown authority)",
        ),
        (
            (
                'error: unable to recognize "STDIN": Get "https://k8s:6443/api?timeout=32s": tls: failed to verify '
                "certificate: x509: certificate has expired or is not yet valid: current time 2026-11-27T12:00:00Z is "
                "after 2026-11-26T12:00:00Z"
            ),
            "Unreachable",
            "2026-11-26T12:00:00Z): renew it, or correct the clock here, then retry",
        ),
        (
            (
                'error: unable to recognize "STDIN": Get "https://k8s:6443/api?timeout=32s": dial tcp 10.0.0.1:6443: '
                "connect: no route to host"
            ),
            "Unreachable",
            "cannot be reached (dial tcp 10.0.0.1:6443: connect: no route to host): check that it is up and reachable",
        ),
        ("exec format error", "Unknown", "failed (exec format error; Unknown): make sure that `kubectl"),
    ],
)
@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_permanent_errors_are_explained_at_once(
    fake: FakeKubectl, read: Callable[[], object], stderr: str, reason: str, message: str
) -> None:
    log = 'E1125 08:43:23.688476    2637 memcache.go:265] "Unhandled Error" err="couldn\'t get the API group list"'
    fake.fail(always=f"{log}\nWarning: a thing is deprecated\n{stderr}\n")
    with pytest.raises(KubectlError) as raised:
        read()
    assert raised.value.reason == reason
    assert message in str(raised.value)
    assert "memcache" not in str(raised.value), "a line of kubectl's log"
    assert "deprecated" not in str(raised.value), "a warning"
    assert len(fake.calls) == 1, "it was retried"


TRANSIENT = {
    "Error from server (TooManyRequests): the server is busy": "TooManyRequests",
    "Error from server (ServiceUnavailable): the server is currently unable to handle the request": (
        "ServiceUnavailable"
    ),
    "Error from server (Timeout): the request took too long": "Timeout",
    "Error from server (ServerTimeout): try again": "ServerTimeout",
    "Error from server: etcdserver: leader changed": "Unknown",
    'Error from server (InternalError): an error on the server ("<html>") has prevented the request from succeeding': (
        "InternalError"
    ),
    "Unable to connect to the server: read tcp 10.0.0.1:6443: connection reset by peer": "Unreachable",
    "Unable to connect to the server: net/http: TLS handshake timeout": "Unreachable",
    "Unable to connect to the server: EOF": "Unreachable",
    "error: unexpected EOF": "Unknown",
    # While kubectl asks for the kinds that there are (tests/support/matrix, 2026-11).
    'error: unable to recognize "STDIN": the server is currently unable to handle the request': "Unknown",
    'error: unable to recognize "STDIN": the server was unable to return a response in the time allotted': "Unknown",
    "error: the server has received too many requests and has asked us to try again later": "Unknown",
}


@pytest.mark.parametrize("stderr", TRANSIENT)
def test_transient_errors_are_retried(fake: FakeKubectl, stderr: str) -> None:
    fake.fail(stderr, stderr)
    assert kubectl.read("/api/v1/nodes", context=None) == NODES
    assert len(fake.calls) == 3


@pytest.mark.parametrize(("stderr", "reason"), TRANSIENT.items())
def test_the_third_transient_error_is_explained(fake: FakeKubectl, stderr: str, reason: str) -> None:
    fake.fail(always=stderr)
    with pytest.raises(KubectlError, match="retry") as raised:
        kubectl.read("/api/v1/nodes", context=None)
    assert (raised.value.reason, len(fake.calls)) == (reason, 3)


def test_no_attempt_begins_after_ten_seconds(fake: FakeKubectl, monkeypatch: pytest.MonkeyPatch) -> None:
    # kubectl itself obeys `Retry-After`, up to ten times, which may take longer.
    monkeypatch.setattr(kubectl, "RETRY_WITHIN_SECONDS", 0)
    fake.fail(always="Error from server (TooManyRequests): the server is busy")
    with pytest.raises(KubectlError):
        kubectl.read("/api/v1/nodes", context=None)
    assert len(fake.calls) == 1


def test_writes_are_not_retried(fake: FakeKubectl) -> None:
    fake.fail(always="Error from server: etcdserver: leader changed")
    answer = kubectl.run(["replace", "--filename", "-"], context=None)
    assert (answer.last_line, len(fake.calls)) == ("Error from server: etcdserver: leader changed", 1)


def test_all_errors_of_one_run_are_reported(fake: FakeKubectl) -> None:
    fake.fail(always="Error from server (Forbidden): pods is forbidden\nError from server (Forbidden): jobs is too")
    with pytest.raises(KubectlError, match="denies access: pods is forbidden; jobs is too"):
        kubectl.objects(["get", "pods,jobs"], context=None)


def test_a_proxy_is_named_without_its_password(fake: FakeKubectl, monkeypatch: pytest.MonkeyPatch) -> None:
    fake.fail(always="The connection to the server 10.0.0.1:6443 was refused - did you specify the right host?")
    fake.set_server("https://10.0.0.1:6443", proxy="socks5://user:secret@10.0.0.9:1080")
    with pytest.raises(KubectlError, match=r"cannot be reached through the proxy socks5://10\.0\.0\.9:1080 \("):
        kubectl.read("/api/v1/nodes", context=None)
    fake.set_server("https://10.0.0.1:6443")
    monkeypatch.setenv("HTTPS_PROXY", "http://user:secret@10.0.0.9:3128")
    with pytest.raises(KubectlError, match=r"cannot be reached through the proxy http://10\.0\.0\.9:3128 \("):
        kubectl.read("/api/v1/nodes", context=None)
    monkeypatch.setenv("NO_PROXY", "10.0.0.1")
    with pytest.raises(KubectlError, match=r"cannot be reached \("):
        kubectl.read("/api/v1/nodes", context=None)


@pytest.mark.parametrize("printed", ["", "<html>Please log in</html>", "[]", "{}"])
def test_a_response_that_is_not_from_an_api_server_is_an_error(fake: FakeKubectl, printed: str) -> None:
    fake.set_output(printed)
    with pytest.raises(KubectlError, match="the response is not from a Kubernetes API server"):
        kubectl.read("/api/v1/nodes", context=None)


def test_a_hanging_kubectl_is_killed_and_its_login_plugin_quoted(
    fake: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kubectl, "TIMEOUT_SECONDS", 1)
    # The plugin outlives kubectl, and holds its stderr.
    (fake.directory / "kubectl").write_text(
        "#!/bin/sh\necho 'Open https://login.example and enter ABCD' >&2\nsleep 30 >&2 &\nexec sleep 30\n"
    )
    with pytest.raises(KubectlError, match=r"Open https://login.example and enter ABCD; kubectl did not finish"):
        kubectl.read("/api/v1/nodes", context=None)


def test_a_missing_kubectl_is_reported_with_where_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for read in READS.values():
        with pytest.raises(KubectlError, match=r"cannot be run \(No such file or directory\): install it") as raised:
            read()
        assert raised.value.reason == "NoKubectl"


def test_output_that_is_not_json_is_unreadable(fake: FakeKubectl) -> None:
    fake.set_output("<html>")
    with pytest.raises(UnreadableError):
        kubectl.objects(["get", "nodes"], context=None)
