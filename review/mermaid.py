"""Diagrams of the access path in Mermaid, which GitHub and GitLab draw."""

import re

from review.access_path import AccessPath
from tenants.fleet import KeepalivedPer


def diagram(before: AccessPath | None, after: AccessPath | None) -> str:
    """Draw the path from the client to the database before and after, for a `mermaid` block."""
    lines = ["flowchart TB"]
    for title, path in (("before", before), ("after", after)):
        lines += [f'  subgraph {title}["{title}"]', "    direction LR", f"    {_path(title, path)}", "  end"]
    # Without this invisible link, the second diagram is drawn above the first.
    return "\n".join([*lines, "  before ~~~ after"])


def _path(title: str, path: AccessPath | None) -> str:
    if path is None:
        return f'{title}0["no VIP"]'
    where = "of node" if path.keepalived_per is KeepalivedPer.NODE else "on"
    keepalived = f"keepalived {where} {path.keepalived_host}" if path.keepalived_host else "no keepalived pod"
    database = f"{path.role or 'database'} on {path.pod_host}" if path.pod_host else f"no {path.role or 'database'} pod"
    stations = ("client", f"VIP {path.vip or 'unknown'}", keepalived, f"Service {path.service}", database)
    return " --> ".join(f'{title}{number}["{label(station)}"]' for number, station in enumerate(stations))


def label(value: str) -> str:
    """Escape a label so that nothing in it is Mermaid, HTML or the end of a code block."""
    return re.sub(r"[^A-Za-z0-9 ._:/-]", lambda found: f"#{ord(found[0])};", value)
