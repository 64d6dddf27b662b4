"""How long linting takes, as a ratio to `yaml.compose` of the same file: about the least that reading it can cost.

`python -m bench [TENANTS]` (1,000 unless told otherwise). Ratios are of the fastest of several rounds, taken in
turns, so that a busy machine slows all of them down alike.
"""

import sys
import time
from collections.abc import Callable

import yaml

from tenants.lint import lint

ROUNDS = 7


def fleet(tenants: int) -> bytes:
    """A stack file of so many sound tenants, 250 on each segment, written as people write them."""
    segments = range((tenants + 249) // 250)
    lines = [
        "config:",
        "  adb-tenants:cluster:",
        "    context: bench",
        "    vipPools:",
        *(f"      - {{cidr: 10.1.{segment}.0/24, segment: s{segment}}}" for segment in segments),
        "  adb-tenants:defaults:",
        "    memory: 32Gi",
        "  adb-tenants:tenants:",
    ]
    for index in range(tenants):
        lines += [
            f"    - name: tenant{index}",
            f"      vip: 10.1.{index // 250}.{index % 250 + 1}",
            f"      hosts: {{master: m{index}.adb.g1.com, standby: s{index}.adb.g1.com}}",
        ]
        if index % 5 == 0:
            lines += ["      state: stopped", "      memoryLimit: 4096", f"      dataPath: /data1/tenant{index}/data"]
    return "\n".join(lines).encode() + b"\n"


def main() -> None:
    """Print the table."""
    tenants = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    data = fleet(tenants)
    report = lint("bench.yaml", data)
    assert not report.findings, report.findings[:3]  # noqa: S101 - a refused file would end early
    contenders: dict[str, Callable[[], object]] = {
        "python -m tenants lint, without starting Python": lambda: lint("bench.yaml", data),
        "yaml.compose, libyaml": lambda: yaml.compose(data, yaml.CSafeLoader),
        "yaml.compose, pure Python": lambda: yaml.compose(data, yaml.SafeLoader),
    }
    fastest = dict.fromkeys(contenders, float("inf"))
    for _ in range(ROUNDS):
        for name, run in contenders.items():
            begin = time.perf_counter()
            run()
            fastest[name] = min(fastest[name], time.perf_counter() - begin)
    lint_name, composed, pure = contenders
    print(f"{tenants} tenants, {len(data):,} octets, fastest of {ROUNDS} rounds")
    for name, seconds in fastest.items():
        print(f"  {name:50} {seconds * 1000:8.1f} ms")
    print(f"  ratio of lint to yaml.compose with libyaml: {fastest[lint_name] / fastest[composed]:.2f}")
    print(f"  ratio of lint to yaml.compose in Python:    {fastest[lint_name] / fastest[pure]:.2f}")


if __name__ == "__main__":
    main()
