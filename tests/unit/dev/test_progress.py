import re
import sys
from pathlib import Path

import pytest

from dev.local import progress
from dev.local.user_error import UserError


def test_a_long_step_shows_its_title_and_the_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "_TICK_IN_A_LOG", 0.1)
    script = "import time; print('noise'); time.sleep(0.35)"
    progress.run("building etcd, about 1 min", [sys.executable, "-c", script], log_file=tmp_path / "log")
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "building etcd, about 1 min …"
    assert lines[1:-1], "no sign of life between the start and the end"
    assert [line for line in lines[1:-1] if not re.fullmatch(r"  \d+ s", line)] == []
    assert re.fullmatch(r"  done in \d+ s", lines[-1])
    assert (tmp_path / "log").read_text() == "noise\n"


def test_a_failed_step_shows_the_end_of_its_output_and_the_remedy(tmp_path: Path) -> None:
    script = "print(*range(100), sep='\\n'); raise SystemExit(1)"
    with pytest.raises(UserError) as failed:
        progress.run("building etcd", [sys.executable, "-c", script], log_file=tmp_path / "log", remedy="Go online.")
    first, second, *tail = str(failed.value).splitlines()
    assert re.fullmatch(r"building etcd: failed after \d+ s\. Go online\.", first)
    assert second == f"The end of {tmp_path / 'log'}:"
    assert tail == [str(number) for number in range(70, 100)]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (725, "12 min 05 s")]
)
def test_durations_are_formatted(seconds: float, text: str) -> None:
    assert progress.duration(seconds) == text
