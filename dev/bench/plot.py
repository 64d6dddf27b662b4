"""Draws how previews and failovers grow with the fleet, as SVG that follows the reader's light or dark theme."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from dev.bench.results import Part, Results, Tool, Work

PARTS = (Part.API_SERVER, Part.PLUGIN, Part.ENGINE, Part.KUBECTL, Part.PROGRAM)
"""The parts of a preview, from the bottom of the stack to its top."""

TITLE = "Seconds of previews and failovers, and processor seconds of a preview by process, by number of tenants"

_WIDTH, _HEIGHT = 860, 400
_TOP, _BOTTOM = 56, 340
_LIGHT = ("#0b6bcb", "#c2410c", "#0f766e", "#7c3aed", "#a16207")
_DARK = ("#58a6ff", "#fb923c", "#2dd4bf", "#c4b5fd", "#e3b341")
_STYLE = """
svg { --back: #ffffff; --ink: #1f2328; --dim: #59636e; --grid: #d1d9e0; LIGHT }
@media (prefers-color-scheme: dark) { svg { --back: #0d1117; --ink: #f0f6fc; --dim: #9198a1; --grid: #3d444d; DARK } }
text { font: 13px system-ui, sans-serif; fill: var(--ink); paint-order: stroke; stroke: var(--back); stroke-width: 4px }
.dim { fill: var(--dim); font-size: 12px }
.title { font-weight: 600 }
.middle { text-anchor: middle }
.end { text-anchor: end }
.back { fill: var(--back) }
.grid { stroke: var(--grid) }
.line { fill: none; stroke-width: 2.5 }
"""


@dataclass(frozen=True, kw_only=True)
class _Panel:
    """A pair of axes; both begin at 0."""

    left: float
    right: float
    most_tenants: float
    most_seconds: float

    def x(self, tenants: float) -> float:
        return self.left + (self.right - self.left) * tenants / self.most_tenants

    def y(self, seconds: float) -> float:
        return _BOTTOM - (_BOTTOM - _TOP) * seconds / self.most_seconds

    def points(self, values: Iterable[tuple[float, float]]) -> str:
        return " ".join(f"{self.x(tenants):.1f},{self.y(seconds):.1f}" for tenants, seconds in values)


def growth(results: Results) -> str:
    """Return the plot: seconds by size on the left, processor seconds of a preview by process on the right."""
    sizes = sorted(results.state_octets)
    lines = {
        about: {size: cost.seconds for size in sizes if (cost := results.fastest(work, size, tool))}
        for about, work, tool in (
            (f"{Tool.PREVIEW}, nothing changed", Work.UNCHANGED, Tool.PREVIEW),
            (Tool.DIFF, Work.UNCHANGED, Tool.DIFF),
            ("failover, until the Endpoints moved", Work.FAILOVER, Tool.UP),
        )
    }
    costs = {size: cost for size in sizes if (cost := results.fastest(Work.UNCHANGED, size, Tool.PREVIEW))}
    layers: dict[str, dict[int, float]] = {}
    below = dict.fromkeys(costs, 0.0)
    for part in PARTS:
        below = {size: below[size] + cost.cpu(part) for size, cost in costs.items()}
        layers[part] = below

    drawing = ET.Element("svg", xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {_WIDTH} {_HEIGHT}", role="img")
    ET.SubElement(drawing, "title").text = TITLE
    ET.SubElement(drawing, "style").text = _STYLE.replace("LIGHT", _colors(_LIGHT)).replace("DARK", _colors(_DARK))
    ET.SubElement(drawing, "rect", {"class": "back", "width": "100%", "height": "100%", "rx": "6"})
    left = _panel(drawing, (56, 410), "Seconds", lines)
    for number, values in enumerate(lines.values()):
        color = f"var(--c{number})"
        ET.SubElement(
            drawing,
            "polyline",
            {"class": "line", "style": f"stroke: {color}", "points": left.points(values.items())},
        )
        for tenants, seconds in values.items():
            at = {"cx": f"{left.x(tenants):.1f}", "cy": f"{left.y(seconds):.1f}"}
            ET.SubElement(drawing, "circle", {**at, "r": "3.5", "style": f"fill: {color}"})
    _legend(drawing, left, list(enumerate(lines)))
    right = _panel(drawing, (486, 840), "Processor seconds of a preview", layers)
    below = dict.fromkeys(costs, 0.0)
    for number, above in enumerate(layers.values()):
        style = f"fill: var(--c{number}); stroke: var(--back)"
        outline = right.points([*above.items(), *reversed(below.items())])
        ET.SubElement(drawing, "polygon", style=style, points=outline)
        below = above
    # In the order of the layers, from the top.
    _legend(drawing, right, list(enumerate(layers))[::-1])
    ET.indent(drawing, space="")
    return ET.tostring(drawing, encoding="unicode") + "\n"


def _panel(
    drawing: ET.Element, across: tuple[float, float], title: str, values: Mapping[str, Mapping[int, float]]
) -> _Panel:
    """Draw axes with room for the values, and their labels."""
    left, right = across
    sizes = sorted({size for each in values.values() for size in each})
    most = max(seconds for each in values.values() for seconds in each.values())
    step = _step(most)
    steps = math.ceil(most / step)
    panel = _Panel(left=left, right=right, most_tenants=sizes[-1], most_seconds=step * steps)
    _text(drawing, (left - 36, _TOP - 24), title, "title")
    for number in range(steps + 1):
        y = panel.y(number * step)
        ends = {"x1": f"{left}", "x2": f"{right}", "y1": f"{y:.1f}", "y2": f"{y:.1f}"}
        ET.SubElement(drawing, "line", {"class": "grid", **ends})
        _text(drawing, (left - 8, y + 4), f"{number * step:g}", "dim end")
    shown = 0.0
    for size in sizes:
        # The smallest sizes are too close to each other for a label each.
        if panel.x(size) - shown > 26:
            shown = panel.x(size)
            _text(drawing, (shown, _BOTTOM + 20), str(size), "dim middle")
    _text(drawing, ((left + right) / 2, _BOTTOM + 42), "tenants", "dim middle")
    return panel


def _legend(drawing: ET.Element, panel: _Panel, entries: Sequence[tuple[int, str]]) -> None:
    for row, (number, about) in enumerate(entries):
        x, y = panel.left + 12, _TOP + 18 + 20 * row
        square = {"x": f"{x}", "y": f"{y - 10}", "width": "12", "height": "12", "rx": "2"}
        ET.SubElement(drawing, "rect", {**square, "style": f"fill: var(--c{number})"})
        _text(drawing, (x + 18, y), about)


def _text(drawing: ET.Element, at: tuple[float, float], content: str, kind: str = "") -> None:
    x, y = at
    ET.SubElement(drawing, "text", {"x": f"{x:.1f}", "y": f"{y:.1f}", "class": kind}).text = content


def _step(most: float) -> float:
    """Return a round distance for at most six lines of a grid."""
    magnitude = 10.0 ** math.floor(math.log10(most / 5))
    return next(magnitude * factor for factor in (1, 2, 5, 10) if most / (magnitude * factor) <= 5)


def _colors(values: Sequence[str]) -> str:
    return "; ".join(f"--c{number}: {color}" for number, color in enumerate(values))
