import subprocess
import sys
import time
from pathlib import Path
from unittest import mock

import pytest

from dev.bench import meter
from dev.bench.meter import Meter, sampling
from dev.bench.results import Part
from dev.local.cluster import KwokCluster

BUSY = "import time\nwhile time.process_time() < 0.5: pass\n"
BEFORE_ITS_LAST_SAMPLE = pytest.approx(0.5, abs=0.25)


def executable(path: Path, script: str) -> Path:
    path.write_text(f"#!{sys.executable}\nimport subprocess\n{script}")
    path.chmod(0o755)
    return path


def test_each_process_counts_for_the_next_named_one_above_it(tmp_path: Path) -> None:
    kubectl = executable(tmp_path / "kubectl", BUSY)
    program = tmp_path / "program.py"
    program.write_text(f"import subprocess\nsubprocess.run(['{kubectl}'])\nsubprocess.run(['{kubectl}'])\n{BUSY}")
    host = executable(tmp_path / "pulumi-language-python", f"subprocess.run(['{sys.executable}', '{program}'])")
    plugin = executable(tmp_path / "pulumi-resource-kubernetes", BUSY)
    engine = executable(tmp_path / "pulumi", f"subprocess.run(['{host}'])\nsubprocess.run(['{plugin}'])\n{BUSY}")

    with sampling() as sampler:
        subprocess.run([engine], check=True)

    usage = sampler.usage()
    assert {part: used.cpu_seconds for part, used in usage.items()} == {
        Part.ENGINE: BEFORE_ITS_LAST_SAMPLE,
        # The language host does next to nothing.
        Part.PROGRAM: BEFORE_ITS_LAST_SAMPLE,
        Part.PLUGIN: BEFORE_ITS_LAST_SAMPLE,
        # Twice.
        Part.KUBECTL: pytest.approx(1.0, abs=0.4),
    }
    assert all(2_000_000 < used.peak_octets < 500_000_000 for used in usage.values()), usage


def test_processes_that_run_already_and_other_commands_do_not_count(tmp_path: Path) -> None:
    earlier = subprocess.Popen([executable(tmp_path / "kubectl", BUSY)])
    try:
        with sampling() as sampler:
            subprocess.run([sys.executable, "-c", BUSY], check=True)
            earlier.wait()
    finally:
        earlier.kill()
    assert sampler.usage() == {}


METRICS = """# TYPE apiserver_request_total counter
apiserver_request_total{code="200",resource="services",subresource="",verb="GET"} %d
apiserver_request_total{code="200",resource="",subresource="/openapi/v3",verb="GET"} 1e+01
apiserver_request_total{code="200",resource="leases",subresource="",verb="PUT"} %d00
apiserver_request_total{code="200",resource="",subresource="/metrics",verb="GET"} %d00
apiserver_request_terminations_total{code="200",resource="services"} %d00
"""


def test_requests_are_counted_without_heartbeats_once_it_is_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meter, "_IDLE_SECONDS", 0.5)
    cluster = mock.create_autospec(KwokCluster, instance=True)
    cluster.processes.return_value = {}
    cluster.kubectl.side_effect = [METRICS.replace("%d", str(number)) for number in (0, 100, 100, 102, 104, 904)]
    measured = Meter(cluster)
    measured.observe_idleness()

    def work() -> tuple[float, float]:
        time.sleep(0.5)
        return 0.2, 0.5

    cost = measured.measure(work)
    assert (cost.seconds, cost.returned) == (0.2, 0.5)
    # Four a second without it; 200 a second before it was idle.
    assert cost.requests == pytest.approx(800 - 2, abs=20)
