import re
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from dev.bench import plot
from dev.bench.results import Part, Tool, Work
from tests.unit.dev.bench.measured import results

SVG = "{http://www.w3.org/2000/svg}"


def luminance(color: str) -> float:
    """Return the relative luminance of a color, as WCAG 2 defines it."""
    channels = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def themes() -> list[dict[str, str]]:
    """Return the colors of the light and of the dark theme, by variable."""
    light, dark = plot.growth(results()).split("@media (prefers-color-scheme: dark)")
    return [dict(re.findall(r"--(\w+): (#\w{6})", theme)) for theme in (light, dark)]


def drawing() -> ET.Element:
    return ET.fromstring(plot.growth(results()))  # noqa: S314 - our own


def points(element: ET.Element) -> list[tuple[float, float]]:
    pairs = (pair.split(",") for pair in element.attrib["points"].split())
    return [(float(x), float(y)) for x, y in pairs]


def test_every_color_is_legible_in_both_themes() -> None:
    light, dark = themes()
    assert light.keys() == dark.keys() >= set(re.findall(r"var\(--(\w+)\)", plot.growth(results())))
    for theme in (light, dark):
        back = luminance(theme["back"])
        for name in theme.keys() - {"back", "grid"}:
            darker, lighter = sorted((luminance(theme[name]), back))
            # WCAG 2 asks for 4.5 for text and 3 for graphics.
            assert (lighter + 0.05) / (darker + 0.05) >= (4.5 if name in {"ink", "dim"} else 3), (name, theme[name])


def test_lines_are_to_scale_and_everything_is_labelled() -> None:
    texts = [text.text for text in drawing().iter(f"{SVG}text")]
    assert {"Seconds", "Processor seconds of a preview", "tenants", *plot.PARTS, str(Tool.DIFF)} <= set(texts)
    preview, diff, failover = drawing().iter(f"{SVG}polyline")
    measured = results()
    for line, work, tool in (
        (preview, Work.UNCHANGED, Tool.PREVIEW),
        (diff, Work.UNCHANGED, Tool.DIFF),
        (failover, Work.FAILOVER, Tool.UP),
    ):
        costs = [measured.fastest(work, tenants, tool) for tenants in (1, 4, 10)]
        # The grid begins at 0 and ends at 6 s, for a failover of 6 s.
        assert [y for _, y in points(line)] == [pytest.approx(340 - 284 * c.seconds / 6, abs=0.1) for c in costs if c]
        assert [x for x, _ in points(line)] == [pytest.approx(56 + 354 * n / 10, abs=0.1) for n in (1, 4, 10)]


def test_processes_are_stacked_without_gaps() -> None:
    layers = [points(element) for element in drawing().iter(f"{SVG}polygon")]
    assert len(layers) == len(plot.PARTS)
    for below, above in pairwise(layers):
        assert below[:3] == above[:2:-1]
    largest = results().fastest(Work.UNCHANGED, 10, Tool.PREVIEW)
    assert largest is not None
    # The top of the grid is at 6 s.
    assert layers[-1][2][1] == pytest.approx(340 - 284 * largest.cpu(*plot.PARTS) / 6, abs=0.1)
    assert Part.HELM not in plot.PARTS
