"""Measures linting as a ratio to `yaml.compose` of the same file, about the least that reading it can cost.

The start of Python is not included.
"""

import time
from collections.abc import Callable

import yaml

from dev.bench.comparison import Comparison
from tenants.lint import lint


def stack_file(tenants: int) -> bytes:
    """Return a stack file without faults, with 250 tenants on each segment, in the usual layout."""
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


def compare(tenants: int, rounds: int) -> list[Comparison]:
    """Read the same file with each parser in turn."""
    data = stack_file(tenants)
    report = lint("bench.yaml", data)
    assert not report.findings, report.findings[:3]  # noqa: S101 - a file with faults would end early
    composed = "yaml.compose, libyaml"
    contenders: dict[str, Callable[[], object]] = {
        "python -m tenants lint": lambda: lint("bench.yaml", data),
        composed: lambda: yaml.compose(data, yaml.CSafeLoader),
        "yaml.compose, pure Python": lambda: yaml.compose(data, yaml.SafeLoader),
    }
    result = Comparison(about=f"A stack file of {tenants} tenants, {len(data):,} octets, read.", reference=composed)
    for _ in range(rounds):
        for name, run in contenders.items():
            begin = time.perf_counter()
            run()
            result.add(name, time.perf_counter() - begin)
    return [result]
