"""`python -m dev.last_hop`: serves VIPs with the real kube-keepalived-vip in a virtual machine, and listens."""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from dev.bench.cell import Cell, cell
from dev.last_hop import disk, kubelet, machine, page, requirements
from dev.last_hop.disk import SystemDisk
from dev.last_hop.requirements import KeepalivedFiles
from dev.last_hop.results import Per, Results
from dev.last_hop.scenarios import MASTER, MOVING, NODES, VIPS, Run, config
from dev.local import places, progress
from dev.local.cluster import DEV_NODES
from dev.local.conditions import conditions
from dev.local.places import Places
from dev.local.user_error import UserError

_HERE = Path(__file__).parent
_GATEWAY = "192.168.143.254"
_CLIENT = "192.168.143.50"
_LOG_SECONDS = 5.0
_SERVICE_ACCOUNT = "adb-keepalived"
# keepalived of Debian, built for nftables, refuses to reload a configuration with this line if it started without it.
_REFUSED_WHEN_RELOADED = "vrrp_iptables"


def main(arguments: Sequence[str]) -> int:
    """Run the scenarios, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m dev.last_hop", description=__doc__)
    parser.add_argument("--switches", type=int, default=5, help="of each kind, each way (default: 5)")
    parser.add_argument("--json", type=Path, help="a file for the results")
    parser.add_argument("--write", action="store_true", help="write docs/last-hop.json and the tables of the pages")
    parser.add_argument("--page", action="store_true", help="only write the tables, from docs/last-hop.json")
    options = parser.parse_args(arguments)
    docs = places.CHECKOUT / "docs"

    def work() -> None:
        if options.page:
            page.write(Results.from_json(page.data(docs).read_text(encoding="utf-8")), docs)
            return
        results = run(options.switches)
        print(page.section(results))
        if options.json:
            options.json.write_text(results.as_json(), encoding="utf-8")
        if options.write:
            page.write(results, docs)
        if faults := results.faults():
            raise UserError("\n".join(["The last hop has faults:", *faults]))

    return progress.exit_code(work, if_interrupted="interrupted")


def run(switches: int) -> Results:
    """Run every scenario."""
    here = places.of_checkout()
    files, system = requirements.keepalived_files(), disk.system(here)
    requirements.ensure_tools(system, here.local / "logs" / "apt.log", os.environ)
    if not system.exists():
        disk.build(system, here.local / "logs" / "debootstrap.log")
    results = Results(conditions=_conditions(here))
    began = time.monotonic()
    with cell(config({MOVING: MASTER}, Per.TENANT), Path("helm"), DEV_NODES) as fleet:
        # The ServiceAccount that the machine uses is declared too.
        fleet.up().output()
        run_disk = fleet.directory / "run.img"
        _write(run_disk, fleet, files)
        _serve(fleet, system, run_disk, logs=here.local / "logs", results=results, switches=switches)
    results.minutes = round((time.monotonic() - began) / 60)
    return results


def _serve(fleet: Cell, system: SystemDisk, run_disk: Path, *, logs: Path, results: Results, switches: int) -> None:
    logs.mkdir(parents=True, exist_ok=True)
    kubectl = shutil.which("kubectl") or "kubectl"
    with machine.booted(system, run_disk, logs / "last-hop-console.log") as booted:
        processor = "QEMU's emulation of a processor" if booted.accelerator == "tcg" else "KVM"
        results.conditions += f", {processor}"
        booted.tell("lan", f"{_GATEWAY}/24")
        for node in DEV_NODES:
            booted.tell("node", NODES[node.name], f"{node.address}/24", _GATEWAY)
        booted.tell("client", f"{_CLIENT}/24", _GATEWAY, *VIPS.values())
        try:
            with kubelet.running(booted, fleet.cluster, NODES, kubectl) as kubelets:
                Run(cell=fleet, machine=booted, kubelet=kubelets, results=results).all(switches)
        finally:
            for pod in [line.about[0] for line in booted.lines if line.word == "started"]:
                booted.tell("log", pod)
            time.sleep(_LOG_SECONDS)
            lines = (f"{line.word} {line.seconds} {' '.join(line.about)}\n" for line in booted.lines)
            (logs / "last-hop.log").write_text("".join(lines))
            # Also of a run that did not finish.
            (logs / "last-hop.json").write_text(results.as_json())


def _write(run_disk: Path, fleet: Cell, files: KeepalivedFiles) -> None:
    with tempfile.TemporaryDirectory() as name:
        content = Path(name)
        (content / "keepalived").mkdir()
        for file in files.all():
            shutil.copy(file, content / "keepalived")
        template = content / "keepalived" / "keepalived.tmpl"
        kept = (line for line in template.read_text().splitlines(keepends=True) if _REFUSED_WHEN_RELOADED not in line)
        template.write_text("".join(kept))
        for part in ("machine.sh", "client.py", "database.py"):
            shutil.copy(_HERE / part, content)
        (content / "machine.sh").chmod(0o755)
        (content / "kubeconfig").write_text(_kubeconfig(fleet))
        disk.of_a_run(run_disk, content)


def _kubeconfig(fleet: Cell) -> str:
    """Return a kubeconfig for keepalived in the machine, which reaches this one's loopback as 10.0.2.2."""
    server = fleet.kubectl("config", "view", "--output=jsonpath={.clusters[0].cluster.server}").output()
    token = fleet.kubectl("create", "token", _SERVICE_ACCOUNT, "--duration=24h").output().strip()
    cluster = {"server": f"https://10.0.2.2:{server.rpartition(':')[2]}", "insecure-skip-tls-verify": True}
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "cell",
            "clusters": [{"name": "cell", "cluster": cluster}],
            "users": [{"name": _SERVICE_ACCOUNT, "user": {"token": token}}],
            "contexts": [{"name": "cell", "context": {"cluster": "cell", "user": _SERVICE_ACCOUNT}}],
        }
    )


def _conditions(here: Places) -> str:
    return conditions(here, {"Kubernetes": ["kube-apiserver", "--version"], "QEMU": [machine.QEMU, "--version"]})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
