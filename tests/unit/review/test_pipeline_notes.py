"""The comment on a pull request and the issue about drift: created once, then edited, on GitHub and on GitLab.

`gh` and GitLab's API are test doubles that store what they receive; the shell and the rest of the pipeline are real.
"""

import json
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from tests.support.process import executable, run
from tests.support.program import ROOT

GH = """#!{python}
import json, pathlib, sys
store = pathlib.Path({store!r})
comments = json.loads(store.read_text()) if store.exists() else []
words = sys.argv[1:]
option = lambda name: words[words.index(name) + 1] if name in words else None
body = lambda: pathlib.Path((option("--field") or "").removeprefix("body=@") or option("--body-file")).read_text()
if words[:2] == ["api", "--paginate"]:
    assert words[2] == "repos/team/cells/issues/7/comments", words
    # Two pages, as gh prints them.
    print(json.dumps(comments[:1]) + json.dumps(comments[1:]))
elif words[:3] == ["api", "--method", "POST"]:
    comments.append({{"id": 100 + len(comments), "user": {{"type": "Bot"}}, "body": body()}})
elif words[:3] == ["api", "--method", "PATCH"]:
    (found,) = [each for each in comments if words[3].endswith(f"/comments/{{each['id']}}")]
    found["body"] = body()
elif words[:2] == ["issue", "list"]:
    print(json.dumps([{{"number": each["number"], "title": each["title"]}} for each in comments if each["open"]]))
elif words[:2] == ["issue", "create"]:
    comments.append({{"number": 1 + len(comments), "title": option("--title"), "body": body(), "open": True}})
elif words[:2] in (["issue", "edit"], ["issue", "close"]):
    (found,) = [each for each in comments if each["number"] == int(words[2])]
    found.update({{"body": body()}} if words[1] == "edit" else {{"open": False}})
else:
    sys.exit(f"gh was called with {{words}}")
store.write_text(json.dumps(comments))
"""


def publish(directory: Path, stack: str, text: str, target: str, environment: Mapping[str, str]) -> None:
    """Run a target of the pipeline after a review of a stack."""
    out = directory / "out"
    out.mkdir(exist_ok=True)
    (out / "review.md").write_text(f"<!-- adb-tenants review of {stack} -->\n{text}\n")
    variables = {**os.environ, "OUT": str(out), "STACK": stack, **environment}
    done = run("make", "--no-print-directory", "-f", "ci/pipeline.mk", target, env=variables)
    assert done.returncode == 0, done.stdout + done.stderr


@dataclass
class GitHub:
    store: Path
    environment: dict[str, str]


@pytest.fixture
def github(tmp_path: Path) -> GitHub:
    store = tmp_path / "store.json"
    program = executable(tmp_path / "bin" / "gh", GH.format(python=sys.executable, store=str(store)))
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    return GitHub(store=store, environment={"PATH": path, "REPOSITORY": "team/cells", "PR": "7"})


def test_github_has_one_comment_for_each_stack(github: GitHub, tmp_path: Path) -> None:
    copycat = {"id": 1, "user": {"type": "User"}, "body": "<!-- adb-tenants review of prod -->\nnot ours"}
    github.store.write_text(json.dumps([copycat]))
    for stack, text in (("prod", "first"), ("prod2", "other stack"), ("prod", "second")):
        publish(tmp_path, stack, text, "note-github", github.environment)
    assert [comment["body"] for comment in json.loads(github.store.read_text())] == [
        copycat["body"],
        "<!-- adb-tenants review of prod -->\nsecond\n",
        "<!-- adb-tenants review of prod2 -->\nother stack\n",
    ]


def test_github_has_one_open_issue_about_drift_for_each_stack(github: GitHub, tmp_path: Path) -> None:
    for stack, drifted, text in (
        ("prod2", "yes", "theirs"),
        ("prod", "yes", "first"),
        ("prod", "yes", "second"),
        ("prod", "no", "-"),
        ("prod", "no", "-"),
        ("prod", "yes", "again"),
    ):
        publish(tmp_path, stack, text, "issue-github", {**github.environment, "DRIFTED": drifted})
    issues = json.loads(github.store.read_text())
    assert [(issue["title"], issue["body"].splitlines()[1], issue["open"]) for issue in issues] == [
        ("Drift in stack prod2", "theirs", True),
        ("Drift in stack prod", "second", False),
        ("Drift in stack prod", "again", True),
    ]


@dataclass
class GitLab:
    notes: list[dict[str, Any]] = field(default_factory=list)
    issues: list[dict[str, Any]] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)

    def answer(self, method: str, path: str, query: dict[str, str], form: dict[str, str]) -> Any:
        """Answer a request; a page has two notes."""
        kept = self.issues if path.startswith("/api/v4/projects/5/issues") else self.notes
        assert kept is self.issues or path.startswith("/api/v4/projects/5/merge_requests/7/notes"), path
        key = "iid" if kept is self.issues else "id"
        if method == "GET" and kept is self.notes:
            first = 2 * (int(query["page"]) - 1)
            return kept[first : first + 2]
        if method == "GET":
            return [each for each in kept if each.get("state") != "close" and query["search"] in each["title"]]
        if method == "POST":
            kept.append({key: len(kept) + 1, **form})
            return kept[-1]
        (found,) = (each for each in kept if path.endswith(f"/{each[key]}"))
        found.update({"state" if name == "state_event" else name: value for name, value in form.items()})
        return found


@pytest.fixture
def gitlab() -> Iterator[GitLab]:
    kept = GitLab()

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            assert self.headers["PRIVATE-TOKEN"] == "token"
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            path, _, query = self.path.partition("?")
            answer = kept.answer(self.command, path, dict(parse_qsl(query)), dict(parse_qsl(body)))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        do_GET = do_POST = do_PUT = handle_any  # noqa: N815 - the server's own names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the server's own name
            """Stay silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        kept.environment = {
            "CI_API_V4_URL": f"http://127.0.0.1:{server.server_port}/api/v4",
            "CI_PROJECT_ID": "5",
            "CI_MERGE_REQUEST_IID": "7",
            "FORGE_TOKEN": "token",
            "no_proxy": "127.0.0.1",
        }
        yield kept
        server.shutdown()


def test_gitlab_has_one_note_for_each_stack(gitlab: GitLab, tmp_path: Path) -> None:
    others = [{"id": number, "body": "by a person"} for number in (1, 2, 3)]
    gitlab.notes.extend(others)
    for stack, text in (("prod", "first & last"), ("prod2", "other stack"), ("prod", "second + third")):
        publish(tmp_path, stack, text, "note-gitlab", gitlab.environment)
    assert [note["body"] for note in gitlab.notes[len(others) :]] == [
        "<!-- adb-tenants review of prod -->\nsecond + third\n",
        "<!-- adb-tenants review of prod2 -->\nother stack\n",
    ]


def test_each_stack_of_the_downloaded_artifacts_gets_its_comment(github: GitHub, tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    for kind, drifted in (("review", None), ("drift", "yes")):
        for stack in ("prod", "cell-1"):
            out = checkout / kind / "build" / "review" / f"{kind}-{stack}"
            out.mkdir(parents=True)
            (out / "review.md").write_text(f"<!-- adb-tenants review of {stack} -->\n{kind}\n")
            if drifted:
                (out / "drifted").write_text(f"{drifted}\n")
    kept = {}
    for kind, target in (("review", "note-github"), ("drift", "issue-github")):
        for part in ("ci", "kube"):
            (checkout / kind / part).symlink_to(ROOT / part)
        github.store.unlink(missing_ok=True)
        command = ["make", "--no-print-directory", "-f", "ci/pipeline.mk", "each", f"TARGET={target}"]
        done = run(*command, cwd=checkout / kind, env={**os.environ, **github.environment})
        assert done.returncode == 0, done.stdout + done.stderr
        kept[kind] = [each.get("title", each["body"]) for each in json.loads(github.store.read_text())]
    assert kept == {
        "review": [f"<!-- adb-tenants review of {stack} -->\nreview\n" for stack in ("cell-1", "prod")],
        "drift": ["Drift in stack cell-1", "Drift in stack prod"],
    }


def test_gitlab_has_one_open_issue_about_drift_for_each_stack(gitlab: GitLab, tmp_path: Path) -> None:
    for drifted, text in (("yes", "first"), ("yes", "second"), ("no", "-"), ("no", "-"), ("yes", "again")):
        publish(tmp_path, "prod", text, "issue-gitlab", {**gitlab.environment, "DRIFTED": drifted})
    assert [(issue["title"], issue["description"].splitlines()[1], issue.get("state")) for issue in gitlab.issues] == [
        ("Drift in stack prod", "second", "close"),
        ("Drift in stack prod", "again", None),
    ]
