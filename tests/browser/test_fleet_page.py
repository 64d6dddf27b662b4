"""The fleet page in a real browser, from a file, without a network."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from fleet.html import page as fleet_page
from fleet.view import FleetView, from_outputs

Outputs = dict[str, Any]


def outputs(tenants: int, nodes: int) -> Outputs:
    """Return stack outputs in which each tenth tenant is stopped, with readiness: each seventh master is not ready."""
    return {
        "tenants": {
            f"tenant{number}": {
                "endpoint": f"192.168.{143 + number // 250}.{number % 250 + 1}:5432",
                "activeRole": "standby" if number % 5 == 4 else "master",
                "hosts": {"master": f"m{number % nodes + 1}.adb", "standby": f"m{(number + 1) % nodes + 1}.adb"},
                "vrid": number % 255 + 1,
                "state": "stopped" if number % 10 == 9 else "running",
                "ready": {"master": number % 7 != 6, "standby": True},
            }
            for number in range(tenants)
        }
    }


def per_node(fleet: Outputs, nodes: int) -> Outputs:
    """Return these outputs as of a fleet whose nodes have keepalived, and one more node without tenants."""
    tenants = {
        name: {**{key: value for key, value in entry.items() if key != "vrid"}, "keepalived": "node"}
        for name, entry in fleet["tenants"].items()
    }
    return {
        "tenants": tenants,
        "nodeKeepalived": {f"m{number}.adb": {"vrid": 200 + number} for number in range(1, nodes + 2)},
    }


def view(fleet: Outputs) -> FleetView:
    """Return what the page shows of outputs, with their tenants' readiness as if it had been read from the cluster."""
    found = from_outputs("test", fleet)
    tenants = (
        replace(tenant, seats=tuple(replace(seat, ready=readiness[seat.role]) for seat in tenant.seats))
        for tenant in found.tenants
        for readiness in [fleet["tenants"][tenant.name]["ready"]]
    )
    return replace(found, tenants=tuple(tenants))


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """Open a fleet's page from a file; errors and console messages of the browser fail the test."""
    messages: list[str] = []
    contexts = []

    def open_page(fleet: Outputs, **options: Any) -> Page:
        file = tmp_path / "fleet.html"
        file.write_text(fleet_page(view(fleet)), encoding="utf-8")
        context = browser.new_context(offline=True, **options)
        contexts.append(context)
        shown = context.new_page()
        shown.on("pageerror", lambda error: messages.append(str(error)))
        shown.on("console", lambda message: messages.append(message.text))
        shown.goto(file.as_uri())
        return shown

    yield open_page
    for context in contexts:
        context.close()
    assert messages == []


def visible_seats(shown: Page) -> list[str]:
    """Return tenant and role of each visible seat."""
    seats = shown.locator(".seat:visible").all()
    return [f"{seat.locator('.name').inner_text()} {seat.locator('.role').inner_text()}" for seat in seats]


def focused(shown: Page) -> str:
    """Return tenant and role of the focused seat, or an empty text."""
    return str(
        shown.evaluate(
            "() => document.activeElement.matches('.seat') ? document.activeElement.querySelector('.name').textContent"
            " + ' ' + document.activeElement.querySelector('.role').textContent : ''"
        )
    )


def test_tenants_are_shown_on_their_nodes_with_role_vip_and_readiness(opened: Callable[..., Page]) -> None:
    fleet = outputs(3, 3)
    fleet["tenants"]["tenant1"]["ready"]["master"] = False
    shown = opened(fleet)
    columns = {
        node.locator("h2").inner_text(): [seat.inner_text() for seat in node.locator(".seat").all()]
        for node in shown.locator(".node").all()
    }
    assert columns == {
        "m1.adb": ["tenant0 master ● ready active 192.168.143.1 id 1", "tenant2 standby ● ready"],
        "m2.adb": ["tenant0 standby ● ready", "tenant1 master ▲ not ready active 192.168.143.2 id 2"],
        "m3.adb": ["tenant1 standby ● ready", "tenant2 master ● ready active 192.168.143.3 id 3"],
    }


def test_nodes_with_keepalived_show_its_id_and_vips_and_no_warning(opened: Callable[..., Page]) -> None:
    shown = opened(per_node(outputs(7, 3), 3))
    headers = [node.locator("header > *").all_inner_texts() for node in shown.locator(".node").all()]
    assert headers == [
        ["m1.adb", "5 roles, 3 active", "keepalived id 201, 3 VIPs"],
        ["m2.adb", "5 roles, 1 active", "keepalived id 202, 1 VIP"],
        ["m3.adb", "4 roles, 3 active", "keepalived id 203, 3 VIPs"],
        ["m4.adb", "no tenant", "keepalived id 204, no VIPs"],
    ]


@pytest.mark.parametrize(
    ("typed", "left"),
    [
        ("tenant1", ["tenant1 master", "tenant1 standby"]),
        ("192.168.143.3", ["tenant2 standby", "tenant2 master"]),
        ("M2", ["tenant0 standby", "tenant1 master"]),
        ("m2 tenant1", ["tenant1 master"]),
        ("nobody", []),
    ],
)
def test_the_filter_finds_by_name_node_and_address(opened: Callable[..., Page], typed: str, left: list[str]) -> None:
    shown = opened(outputs(3, 3))
    shown.keyboard.press("/")
    shown.keyboard.type(typed)
    assert visible_seats(shown) == left
    tenants = {seat.split()[0] for seat in left}
    assert (
        shown.locator("#shown").inner_text()
        == f"{len(tenants)} tenants on {shown.locator('.node:visible').count()} nodes"
    )
    shown.keyboard.press("Escape")
    assert len(visible_seats(shown)) == 6


def test_the_page_works_with_the_keyboard_alone(opened: Callable[..., Page]) -> None:
    shown = opened(outputs(3, 3))
    steps = [
        ("/", ""),
        ("ArrowDown", "tenant0 master"),
        ("ArrowDown", "tenant2 standby"),
        ("ArrowDown", "tenant2 standby"),
        ("ArrowRight", "tenant1 master"),
        ("ArrowRight", "tenant2 master"),
        ("ArrowUp", "tenant1 standby"),
        ("Enter", "tenant1 master"),
        ("ArrowLeft", "tenant2 standby"),
    ]
    for key, expected in steps:
        shown.keyboard.press(key)
        assert focused(shown) == expected, f"after {key}"


def test_a_filter_is_part_of_the_link(opened: Callable[..., Page]) -> None:
    shown = opened(outputs(3, 3))
    shown.locator("#filter").fill("m2 tenant1")
    shown.reload()
    assert visible_seats(shown) == ["tenant1 master"]


def test_a_filter_shows_what_is_not_ready(opened: Callable[..., Page]) -> None:
    shown = opened(outputs(30, 5))
    shown.locator("#trouble").check()
    assert visible_seats(shown) == [f"tenant{number} master" for number in (20, 6, 27, 13)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "fleet",
    [outputs(3, 3), outputs(500, 40), per_node(outputs(3, 3), 3)],
    ids=["keepalived per tenant", "500 tenants", "keepalived per node"],
)
def test_text_has_contrast_and_the_page_does_not_overflow(
    opened: Callable[..., Page], scheme: str, fleet: Outputs
) -> None:
    """WCAG requires a contrast of 4.5; the widths are those of a laptop and a phone."""
    shown = opened(fleet, color_scheme=scheme)
    contrasts = shown.evaluate(CONTRASTS)
    assert min(contrasts.values()) >= 4.5, {name: value for name, value in contrasts.items() if value < 4.5}
    for width in (1280, 390):
        shown.set_viewport_size({"width": width, "height": 900})
        assert shown.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


def test_500_tenants_fit_the_screen_and_are_filtered_at_once(opened: Callable[..., Page]) -> None:
    shown = opened(outputs(500, 40))
    assert shown.locator(".seat").count() == 1000
    # A seat takes one line: a column of 25 fits the screen.
    assert shown.locator(".seat").first.bounding_box()["height"] < 45  # type: ignore[index]
    took = shown.evaluate(
        "() => { const start = performance.now(); filter.value = 'tenant499'; filter.dispatchEvent(new Event('input'));"
        " document.body.offsetHeight; return performance.now() - start }"
    )
    assert set(visible_seats(shown)) == {"tenant499 master", "tenant499 standby"}
    assert took < 500, "milliseconds"


def test_hostile_names_are_text(opened: Callable[..., Page]) -> None:
    fleet = outputs(3, 3)
    hostile = '"><img src=x onerror="document.title=1"></script><script>document.title=1</script>{{script}}'
    fleet["tenants"][hostile] = {**fleet["tenants"].pop("tenant1"), "hosts": {"master": hostile, "standby": "m1.adb"}}
    shown = opened(json.loads(json.dumps(fleet)))
    assert shown.title() == "ADB fleet: test"
    assert hostile in [name.inner_text() for name in shown.locator(".name").all()]


CONTRASTS = """() => {
  const parse = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b]
    .map((part) => part / 255)
    .map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  const result = {};
  const written = "h1, h2, p, label, .name, .role, .health, .active, .vip, .vrid, kbd";
  const called = (element) => element.className || element.tagName;
  for (const element of document.querySelectorAll(written)) {
    const one = light(parse(getComputedStyle(element).color)), other = light(ground(element));
    const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    const name = `${called(element)} in ${called(element.parentElement)}`;
    result[name] = Math.min(result[name] ?? 99, contrast);
  }
  return result;
}"""
