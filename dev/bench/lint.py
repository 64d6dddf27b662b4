"""Measures linting, beside `yaml.compose` of the same file, about the least that reading it can cost.

The start of Python is not included.
"""

import time
from collections.abc import Callable

import yaml

from dev.bench.results import Cost, Results, Tool, Work
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


def measure(results: Results, rounds: int) -> None:
    """Read the same file with each parser in turn."""
    tenants = results.sizes.lint
    data = stack_file(tenants)
    report = lint("bench.yaml", data)
    assert not report.findings, report.findings[:3]  # noqa: S101 - a file with faults would end early
    for _ in range(rounds):
        contenders: dict[Tool, Callable[[], object]] = {
            Tool.LINT: lambda: lint("bench.yaml", data),
            Tool.COMPOSE: lambda: yaml.compose(data, yaml.CSafeLoader),
        }
        for tool, run in contenders.items():
            began = time.perf_counter()
            run()
            seconds = time.perf_counter() - began
            results.add(Work.LINT, tenants, tool, Cost(seconds=seconds, returned=seconds))
