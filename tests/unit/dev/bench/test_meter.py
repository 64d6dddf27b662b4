import subprocess
import sys
from pathlib import Path

import pytest

from dev.bench.meter import sampling
from dev.bench.results import Part

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
