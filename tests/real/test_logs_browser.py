"""Somebody's own logs in Chromium: two files given, the verdict read and taken along; two published scores by address."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from engine import explain
from engine.logs import read_log
from engine.logs.judging import verdict_of_logs
from engine.stats import published

from .conftest import settled
from .test_browser import browser, shoot

__all__ = ["browser"]
pytestmark = [pytest.mark.slow, pytest.mark.browser]

ROWS = {
    "ruby.csv": [(n, int(n % 10 not in (2, 7)), "![x](p.png) and <b>ruby</b>") for n in range(200)],
    "jade.csv": [(n, int(n % 10 in (0, 2, 4, 5, 6)), "$jade$ :red[says]") for n in range(200)],
}


@pytest.fixture(params=[(1280, "light"), (390, "dark")], ids=["desktop", "dark phone"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    width, scheme = request.param
    page = browser.new_page(viewport={"width": width, "height": 844}, color_scheme=scheme)
    yield page
    page.close()


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    for name, rows in ROWS.items():
        lines = ["id,correct,output", *(f"{number},{score},{text}" for number, score, text in rows)]
        (tmp_path / name).write_text("\n".join(lines), encoding="utf-8")
    return [tmp_path / name for name in ROWS]


def holds(page: Page, name: str) -> None:
    """No wider than the screen, and no image or markup of a log's own."""
    settled(page)
    size = page.viewport_size
    assert size
    assert page.evaluate("document.querySelector('[data-testid=\"stMain\"]').scrollWidth") <= size["width"]
    assert page.locator("img[src*='p.png']").count() == 0
    expect(page.get_by_test_id("stException")).to_have_count(0)
    shoot(page, f"{name}-{size['width']}")


def test_two_files_and_their_verdict(app: str, page: Page, files: list[Path]) -> None:
    page.goto(f"{app}/logs")
    expect(page.get_by_text("What can be read.")).to_be_visible(timeout=60_000)
    holds(page, "logs-empty")
    for number, file in enumerate(files):
        page.locator("input[type=file]").nth(number).set_input_files(file)
        expect(page.get_by_text(file.name, exact=True).first).to_be_visible(timeout=60_000)
    found = verdict_of_logs(*(read_log(file.name, file) for file in files))
    expect(page.get_by_role("heading", name=explain(found.verdict).headline)).to_be_visible(timeout=60_000)
    expect(page.get_by_role("heading", name="The 100 items where they differ")).to_be_visible(timeout=60_000)
    holds(page, "logs-verdict")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download JSON").click()
    told = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
    assert (told["winner"], told["n"], told["gap"]) == ("a", 200, pytest.approx(found.verdict.gap))


def test_two_published_scores_by_their_address(app: str, page: Page) -> None:
    page.goto(f"{app}/logs?a=85.0&b=85.8&n=14042")
    found = published.published_gap("85.0", "85.8", 14_042, correlation=0.5)
    headline = explain(found).headline
    expect(page.get_by_role("heading", name=headline)).to_be_visible(timeout=60_000)
    holds(page, "logs-published")
    page.get_by_text("Suppose both answered the same items").click()
    apart = explain(published.published_gap("85.0", "85.8", 14_042)).headline
    expect(page.get_by_role("heading", name=apart)).to_be_visible(timeout=60_000)
