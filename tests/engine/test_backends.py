"""The documented backend URLs work: with a real S3-compatible server, a file share, and as far as AWS's host name."""

import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support.process import run
from tests.support.program import ROOT

pytestmark = pytest.mark.engine

DOCUMENTED = {
    found
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    for found in re.findall(r"\b(?:s3|file|gs|azblob|postgres)://[^\s`']+", page.read_text())
}
AWS = "s3://adb-state?region=eu-central-1"
ON_PREMISES = "s3://adb-state?endpoint=minio.example:9000&region=us-east-1&s3ForcePathStyle=true"
KEYS = {"AWS_ACCESS_KEY_ID": "adb", "AWS_SECRET_ACCESS_KEY": "a-long-secret"}


def test_every_documented_url_is_tested_here() -> None:
    assert {
        AWS,
        ON_PREMISES,
        "file:///srv/adb-state?metadata=skip",
        "file:///path/to/state?metadata=skip",
    } == DOCUMENTED


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """Address of an S3-compatible server with the bucket `adb-state`."""
    (tmp_path / "buckets" / "adb-state").mkdir(parents=True)
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    host, _, port = address.partition(":")
    command = [sys.executable, "-m", "nanio", "serve", "--data-dir", str(tmp_path / "buckets"), "--host", host]
    keys = {"NANIO_ACCESS_KEY": KEYS["AWS_ACCESS_KEY_ID"], "NANIO_SECRET_KEY": KEYS["AWS_SECRET_ACCESS_KEY"]}
    with (tmp_path / "server.log").open("wb") as log:
        running = subprocess.Popen([*command, "--port", port], env={**os.environ, **keys}, stdout=log, stderr=log)
    try:
        _wait_for(address, running)
        yield address
    finally:
        running.terminate()
        running.wait()


def _wait_for(address: str, running: subprocess.Popen[bytes]) -> None:
    host, _, port = address.partition(":")
    while running.poll() is None:
        with closing(socket.socket()) as probe:
            if probe.connect_ex((host, int(port))) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("the S3-compatible server exited immediately")


def pulumi(directory: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the CLI in a project that declares nothing."""
    (directory / "Pulumi.yaml").write_text("name: adb-tenants\nruntime: python\n")
    (directory / "__main__.py").write_text('import pulumi\npulumi.export("declared", "nothing")\n')
    settings = {
        "PULUMI_CONFIG_PASSPHRASE": "backend-tests",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        # The user's own login is kept.
        "PULUMI_HOME": str(directory / "home"),
        "PULUMI_CREDENTIALS_PATH": str(directory / "home"),
    }
    variables = {**os.environ, **KEYS, **settings, **environment}
    return run("pulumi", *arguments, "--non-interactive", cwd=directory, env=variables)


def bring_up(directory: Path, url: str) -> None:
    """Log in, create a stack, and run `up`, which locks and writes the state; pipelines log in by the variable."""
    for arguments in (["login", url], ["stack", "init", "prod"], ["up", "--yes", "--stack", "prod"]):
        done = pulumi(directory, *arguments, PULUMI_BACKEND_URL=url)
        assert done.returncode == 0, f"{url}: {done.stderr}{done.stdout}"
    output = pulumi(directory, "stack", "output", "declared", "--stack", "prod", PULUMI_BACKEND_URL=url)
    assert output.stdout == "nothing\n"


def test_a_bucket_on_premises_stores_a_state(server: str, tmp_path: Path) -> None:
    url = ON_PREMISES.replace("minio.example:9000", f"http://{server}")
    bring_up(tmp_path, url)
    assert (tmp_path / "buckets" / "adb-state" / ".pulumi" / "stacks" / "adb-tenants" / "prod.json").exists()
    refused = pulumi(tmp_path, "stack", "ls", PULUMI_BACKEND_URL=url, AWS_SECRET_ACCESS_KEY="another")  # noqa: S106
    assert "SignatureDoesNotMatch" in refused.stderr


def test_a_file_share_stores_a_state(tmp_path: Path) -> None:
    (tmp_path / "share").mkdir()
    bring_up(tmp_path, f"file://{tmp_path}/share?metadata=skip")


def test_requests_for_aws_go_to_the_bucket(tmp_path: Path) -> None:
    asked: list[str] = []

    class Proxy(BaseHTTPRequestHandler):
        """Records the requested addresses, and refuses all connections."""

        def do_CONNECT(self) -> None:
            asked.append(self.path)
            self.send_error(403)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the server's own name
            """Stay silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        pulumi(tmp_path, "stack", "ls", PULUMI_BACKEND_URL=AWS, HTTPS_PROXY=f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
    assert set(asked) == {"adb-state.s3.eu-central-1.amazonaws.com:443"}
