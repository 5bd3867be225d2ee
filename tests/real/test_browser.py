"""The app as a person meets it: in Chromium, from a click to a verdict. Screenshots go to test-results/."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from engine import BattleRequest, runs

from .conftest import MODELS, ROOT, settled

pytestmark = [pytest.mark.slow, pytest.mark.browser]
SHOTS = ROOT / "test-results"
FLAGS = "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync --no-first-run"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = os.environ.get("NOISEFLOOR_CHROMIUM")
    assert path, (
        "NOISEFLOOR_CHROMIUM is not set: run the tests with `make test`, or set it to scripts/chromium's answer"
    )
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS.split())
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    yield page
    page.close()


def shoot(page: Page, name: str) -> None:
    """A picture of the whole page, scrolled content included."""
    SHOTS.mkdir(exist_ok=True)
    size = page.viewport_size
    assert size
    height = page.evaluate("document.querySelector('[data-testid=\"stMain\"]').scrollHeight")
    page.set_viewport_size({"width": size["width"], "height": max(size["height"], min(int(height), 4000))})
    page.wait_for_timeout(600)
    page.screenshot(path=SHOTS / f"{name}.png")
    page.set_viewport_size(size)


def test_a_deep_link_on_a_fresh_server_is_no_alarm(app: str, page: Page) -> None:
    """Runs first in the file: the server has seen no session yet."""
    page.goto(f"{app}/labs")
    expect(page.get_by_role("heading", name="Labs", exact=True)).to_be_visible(timeout=20_000)
    page.wait_for_timeout(1000)
    expect(page.get_by_text("Page not found")).to_have_count(0)


def test_from_click_to_verdict(app: str, page: Page) -> None:
    page.goto(app)
    expect(page.get_by_role("heading", name="Is that gap real?")).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="Run a battle yourself").click()
    expect(page.get_by_role("heading", name="Is A really better than B?")).to_be_visible()
    slider = page.get_by_role("slider", name=re.compile("Items"))
    slider.focus()
    slider.press("Home")
    slider.press("ArrowRight")
    slider.press("ArrowRight")  # 100 items: enough to be seen running
    pilot = runs.pilot(BattleRequest(a=MODELS[0], b=MODELS[1], task="arc_easy"))  # other tests may have fought already
    found = 100 * math.sqrt((pilot.likely if pilot else 0.30) / 100) * (1.95996 + 0.84162)
    expect(page.get_by_text(f"{found:.1f} points")).to_be_visible()
    page.get_by_role("button", name="Run the battle").click()
    page.wait_for_url(re.compile(r"battle=[0-9a-f]{10}"))
    address = page.url
    expect(page.get_by_role("button", name="Stop")).to_be_visible(timeout=30_000)
    expect(page.get_by_text(re.compile("items/s, about"))).to_be_visible(timeout=240_000)
    shoot(page, "battle-live")

    page.goto("about:blank")  # a closed tab
    page.goto(address)  # and its address, opened again
    expect(page.get_by_text("Was it a fair fight?")).to_be_visible(timeout=240_000)
    expect(page.get_by_text("of 2,376 items")).to_be_visible()
    expect(page.get_by_text("Tango score, paired").first).to_be_visible()
    expect(page.get_by_text("on the same 100 items").first).to_be_visible()
    settled(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download JSON").click()
    assert Path(download.value.path()).read_text(encoding="utf-8").startswith('{\n "battle_id"')
    shoot(page, "battle-verdict")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("device", "width", "height"), [("desktop", 1280, 900), ("phone", 390, 844)])
def test_pages_hold_at_every_width_and_theme(
    app: str, browser: Browser, scheme: str, device: str, width: int, height: int
) -> None:
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
    for path, heading in (("", "Is that gap real?"), ("battle", "Is A really better than B?"), ("labs", "Labs")):
        page.goto(f"{app}/{path}")
        expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible(timeout=20_000)
        page.wait_for_timeout(800)
        wide = page.evaluate("document.querySelector('[data-testid=\"stMain\"]').scrollWidth")
        assert wide <= width, f"{path or 'home'} is wider than the screen"
        expect(page.get_by_test_id("stException")).to_have_count(0)
        shoot(page, f"{path or 'home'}-{device}-{scheme}")
    page.close()


def test_an_unknown_battle_is_one_clear_sentence(app: str, page: Page) -> None:
    page.goto(f"{app}/battle?battle=nosuch")
    expect(page.get_by_text("There is no battle 'nosuch'")).to_be_visible(timeout=20_000)
