"""How kubectl is asked, and how its failures are told apart; kubectl is a double that plays its answers in turn."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from kube import kubectl
from kube.complaints import KubectlError
from kube.json_text import UnreadableError

NODES = {"kind": "NodeList", "items": [{"metadata": {"name": "m1"}}]}
FAILS: dict[str, Callable[[], object]] = {
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


class Played:
    """A kubectl that complains as told, in turn, and then answers."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        (directory / "kubectl").write_text(DOUBLE.format(directory=directory))
        (directory / "kubectl").chmod(0o755)
        self.leads_to("https://10.0.0.1:6443")
        self.answers(json.dumps(NODES))

    def leads_to(self, server: str, proxy: str = "") -> None:
        cluster = {"server": server, **({"proxy-url": proxy} if proxy else {})}
        (self.directory / "view").write_text(json.dumps({"clusters": [{"cluster": cluster}]}))

    def answers(self, printed: str) -> None:
        (self.directory / "answer").write_text(printed)

    def complains(self, *complaints: str, ever: str = "") -> None:
        for turn, complaint in enumerate(complaints, start=1):
            (self.directory / f"{turn}.stderr").write_text(complaint)
        if ever:
            (self.directory / "last.stderr").write_text(ever)

    @property
    def calls(self) -> list[str]:
        return (self.directory / "calls").read_text().splitlines()


@pytest.fixture
def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Played:
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    for proxy in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(proxy, raising=False)
    monkeypatch.setattr(kubectl, "PAUSES", (0, 0))
    return Played(tmp_path)


def test_an_answer_is_taken_as_it_is_and_no_preference_of_the_user_comes_between(played: Played) -> None:
    assert kubectl.read("/api/v1/nodes", context="prod") == NODES
    assert played.calls == ["--context prod get --raw /api/v1/nodes KUBERC=off"]


FORBIDDEN = 'nodes is forbidden: User "x" cannot list resource "nodes"'


@pytest.mark.parametrize(
    ("complaint", "reason", "says"),
    [
        (f"Error from server (Forbidden): {FORBIDDEN}", "Forbidden", f"refuses: {FORBIDDEN}. Give the kubeconfig's"),
        ('Error from server (NotFound): pods "a" not found', "NotFound", 'pods "a" not found; NotFound'),
        (
            "error: You must be logged in to the server (the token has expired)",
            "Unauthorized",
            (
                "The API server https://10.0.0.1:6443 does not accept the login of the kubeconfig's user "
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
                "(Error: the session has expired: run sso login; exec: executable sso failed with exit code 253): mend "
                "it so that `kubectl --context prod get nodes` works here"
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
            '(context "prod" does not exist): set adb-tenants:cluster.context to one of `kubectl config get-contexts`',
        ),
        (
            'error: error loading config file "/k": yaml: line 1: no',
            "BadKubeconfig",
            'The kubeconfig cannot be used (error loading config file "/k": yaml: line 1: no)',
        ),
        (
            "The connection to the server 10.0.0.1:6443 was refused - did you specify the right host or port?",
            "Unreachable",
            "The API server https://10.0.0.1:6443 does not answer (Connection refused): start it or mend the way",
        ),
        (
            (
                "Unable to connect to the server: tls: failed to verify certificate: x509: certificate signed by "
                "unknown authority"
            ),
            "Unreachable",
            "cannot be trusted (tls: failed to verify certificate: x509: certificate signed by unknown authority)",
        ),
        ("exec format error", "Unknown", "does not give what was asked for (exec format error; Unknown)"),
    ],
)
@pytest.mark.parametrize("asked", FAILS.values(), ids=FAILS)
def test_what_does_not_pass_is_said_at_once_in_words_of_its_own(
    played: Played, asked: Callable[[], object], complaint: str, reason: str, says: str
) -> None:
    log = 'E1125 08:43:23.688476    2637 memcache.go:265] "Unhandled Error" err="couldn\'t get the API group list"'
    played.complains(ever=f"{log}\nWarning: a thing is deprecated\n{complaint}\n")
    with pytest.raises(KubectlError) as raised:
        asked()
    assert raised.value.reason == reason
    assert says in str(raised.value)
    assert "memcache" not in str(raised.value), "it is a line of kubectl's log"
    assert "deprecated" not in str(raised.value), "it is a warning"
    assert len(played.calls) == 1, "it was tried again"


PASSING = {
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
}


@pytest.mark.parametrize("complaint", PASSING)
def test_what_passes_is_tried_again_and_may_then_be_well(played: Played, complaint: str) -> None:
    played.complains(complaint, complaint)
    assert kubectl.read("/api/v1/nodes", context=None) == NODES
    assert len(played.calls) == 3


@pytest.mark.parametrize(("complaint", "reason"), PASSING.items())
def test_what_does_not_pass_after_all_is_said_after_the_third_try(played: Played, complaint: str, reason: str) -> None:
    played.complains(ever=complaint)
    with pytest.raises(KubectlError, match="run this again") as raised:
        kubectl.read("/api/v1/nodes", context=None)
    assert (raised.value.reason, len(played.calls)) == (reason, 3)


def test_no_try_begins_after_ten_seconds(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    # kubectl itself obeys a `Retry-After`, ten times: then the time is over.
    monkeypatch.setattr(kubectl, "TRYING_SECONDS", 0)
    played.complains(ever="Error from server (TooManyRequests): the server is busy")
    with pytest.raises(KubectlError):
        kubectl.read("/api/v1/nodes", context=None)
    assert len(played.calls) == 1


def test_what_changes_the_cluster_is_done_once(played: Played) -> None:
    played.complains(ever="Error from server: etcdserver: leader changed")
    answer = kubectl.ask(["replace", "--filename", "-"], context=None)
    assert (answer.last_word, len(played.calls)) == ("Error from server: etcdserver: leader changed", 1)


def test_several_refusals_are_all_named(played: Played) -> None:
    played.complains(
        ever="Error from server (Forbidden): pods is forbidden\nError from server (Forbidden): jobs is too"
    )
    with pytest.raises(KubectlError, match="refuses: pods is forbidden; jobs is too"):
        kubectl.objects(["get", "pods,jobs"], context=None)


def test_a_proxy_is_named_without_its_password(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    played.complains(ever="The connection to the server 10.0.0.1:6443 was refused - did you specify the right host?")
    played.leads_to("https://10.0.0.1:6443", proxy="socks5://user:secret@10.0.0.9:1080")
    with pytest.raises(KubectlError, match=r"does not answer through the proxy socks5://10\.0\.0\.9:1080 \("):
        kubectl.read("/api/v1/nodes", context=None)
    played.leads_to("https://10.0.0.1:6443")
    monkeypatch.setenv("HTTPS_PROXY", "http://user:secret@10.0.0.9:3128")
    with pytest.raises(KubectlError, match=r"does not answer through the proxy http://10\.0\.0\.9:3128 \("):
        kubectl.read("/api/v1/nodes", context=None)
    monkeypatch.setenv("NO_PROXY", "10.0.0.1")
    with pytest.raises(KubectlError, match=r"does not answer \("):
        kubectl.read("/api/v1/nodes", context=None)


@pytest.mark.parametrize("printed", ["", "<html>Please log in</html>", "[]", "{}"])
def test_what_is_no_answer_of_an_api_server_is_not_taken_for_one(played: Played, printed: str) -> None:
    played.answers(printed)
    with pytest.raises(KubectlError, match="what answers is no Kubernetes API server"):
        kubectl.read("/api/v1/nodes", context=None)


def test_a_kubectl_that_does_not_end_is_ended_and_its_login_plugin_quoted(
    played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kubectl, "SECONDS", 1)
    # The plugin outlives it, with its standard error in its hands.
    (played.directory / "kubectl").write_text(
        "#!/bin/sh\necho 'Open https://login.example and enter ABCD' >&2\nsleep 30 >&2 &\nexec sleep 30\n"
    )
    with pytest.raises(KubectlError, match=r"Open https://login.example and enter ABCD; kubectl has not ended"):
        kubectl.read("/api/v1/nodes", context=None)


def test_without_kubectl_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for asked in FAILS.values():
        with pytest.raises(KubectlError, match=r"does not run \(No such file or directory\): install it") as raised:
            asked()
        assert raised.value.reason == "NoKubectl"


def test_what_is_no_json_among_objects_is_unreadable(played: Played) -> None:
    played.answers("<html>")
    with pytest.raises(UnreadableError):
        kubectl.objects(["get", "nodes"], context=None)
