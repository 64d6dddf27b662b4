"""Files made to exhaust the linter: it finishes within 10 seconds and 500 MB, with findings or an unusable file."""

import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.process import run

SECONDS = 10
MEGABYTES = 500
SIZE = 10 * 2**20

HEAD = b"config:\n  adb-tenants:tenants:\n"
CLUSTER = b"config:\n  adb-tenants:cluster:\n"


def filled(unit: bytes) -> bytes:
    """Return ten megabytes of one unit."""
    return unit * (SIZE // len(unit))


def tenants(count: int, entry: str) -> bytes:
    """Return so many tenants; `{i}` is the number of each."""
    return HEAD + "".join(entry.format(i=i, a=i >> 8 & 255, b=i & 255) for i in range(count)).encode()


OWN = "    - name: t{i}\n      vip: 10.1.{a}.{b}\n      hosts: {{master: m{i}, standby: s{i}}}\n"
SAME = (
    "    - name: t\n      vip: 10.0.0.1\n      vrid: 5\n      hosts: {{master: m, standby: s}}\n      dataPath: /d/x\n"
)

FILES: dict[str, Callable[[], bytes]] = {
    "flow lists in flow lists": lambda: filled(b"["),
    "flow maps in flow maps": lambda: filled(b"{a: "),
    "block lists in block lists": lambda: filled(b"- "),
    "block maps in block maps": lambda: b"".join(b" " * depth + b"a:\n" for depth in range(4000)),
    "keys of keys of keys": lambda: filled(b"? "),
    "aliases of lists of aliases": lambda: (
        b"a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        + b"".join(b"a%d: &a%d [%s]\n" % (i, i, b", ".join([b"*a%d" % (i - 1)] * 9)) for i in range(1, 30))
        + HEAD
    ),
    "one large map merged into many": lambda: (
        b"x: &x {"
        + b", ".join(b"k%d: 1" % i for i in range(10_000))
        + b"}\n"
        + CLUSTER
        + b"".join(b"    c%d: {<<: *x}\n" % i for i in range(100_000))
    ),
    "maps merged in a chain": lambda: (
        b"a0: &a0 {k: 1}\n" + b"".join(b"a%d: &a%d {<<: *a%d, k%d: 1}\n" % (i, i, i - 1, i) for i in range(1, 20_000))
    ),
    "an alias within itself": lambda: b"config: &c\n  adb-tenants:tenants: *c\n",
    "zeros": lambda: filled(b"\0"),
    "noise": lambda: random.Random(1).randbytes(SIZE),  # noqa: S311 - not a secret
    "noise of YAML's own letters": lambda: bytes(random.Random(2).choices(b"abc:-[]{}\n &*!|>'\"#@`,?~0", k=SIZE)),  # noqa: S311
    "empty lines": lambda: filled(b"\n"),
    "comments": lambda: filled(b"# x\n"),
    "directives": lambda: b"".join(b"%%TAG !a%d! b\n" % i for i in range(500_000)),
    "documents": lambda: filled(b"---\n"),
    "anchors": lambda: HEAD + b"".join(b"    - &a%d x\n" % i for i in range(600_000)),
    "one key again and again": lambda: CLUSTER + filled(b"    k: 1\n"),
    "unknown keys": lambda: CLUSTER + b"".join(b"    k%d: 1\n" % i for i in range(90_000)),
    "empty tenants": lambda: HEAD + b"    - {}\n" * 190_000,
    "tenants that are none": lambda: HEAD + filled(b"    - x\n"),
    "many tenants": lambda: tenants(100_000, OWN),
    "as many tenants as are read": lambda: tenants(18_000, OWN),
    "tenants that share everything": lambda: tenants(15_000, SAME),
    "tenants that share everything and waive it": lambda: tenants(
        8_000,
        SAME.replace("name: t", "name: t{i}") + "      waive: [{{rule: E601, reason: x}}, {{rule: E703, reason: x}}]\n",
    ),
    "pools": lambda: CLUSTER + b"    vipPools:\n" + b"    - 10.0.0.0/24\n" * 190_000 + b"  adb-tenants:tenants: []\n",
    "one long word": lambda: HEAD + b"    - name: " + b"x" * SIZE,
    "one long number": lambda: HEAD + b"    - vip: " + b"9" * SIZE,
    "one long image": lambda: HEAD + b"    - image: " + b"a/" * (SIZE // 2) + b"A",
    "one long host": lambda: HEAD + b"    - hosts: {master: " + b"a." * (SIZE // 2) + b"_}",
    "one long path": lambda: HEAD + b"    - dataPath: " + b"/.." * (SIZE // 3),
    "one long quantity": lambda: HEAD + b"    - memory: " + b"1" * SIZE + b"x",
    "a quote that never ends": lambda: HEAD + b'    - name: "' + filled(b"x "),
    "more than is read at all": lambda: b"#" * (17 * 2**20),
}


# Linux counts the memory of a process from before it executed another program. A direct child of pytest, which may have
# grown to more than a gigabyte, would seem as large; the process between the two avoids that.
MEASURE = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[2:])
with open(sys.argv[1], "w") as peak:
    peak.write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(code)
"""


@pytest.mark.parametrize("name", FILES)
def test_a_hostile_file_is_linted_in_time_and_memory(name: str, tmp_path: Path) -> None:
    file, peak = tmp_path / "Pulumi.dev.yaml", tmp_path / "peak"
    file.write_bytes(FILES[name]())

    begin = time.monotonic()
    linted = run(sys.executable, "-c", MEASURE, str(peak), sys.executable, "-m", "tenants", "lint", str(file))
    seconds = time.monotonic() - begin

    assert linted.stderr == ""
    assert linted.returncode in ({1, 2} if linted.stdout.startswith(str(file)) else {0}), linted.stdout[:200]
    megabytes = int(peak.read_text()) / (2**20 if sys.platform == "darwin" else 2**10)
    assert seconds < SECONDS, f"took {seconds:.1f} s"
    assert megabytes < MEGABYTES, f"took {megabytes:.0f} MB"
