"""What others wrote, in Chromium: shown to the letter where Markdown is read, and safe in the table that is downloaded."""

from __future__ import annotations

import csv
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from pages.format import JOINER
from tests.pages.driving import HOSTILE

from .conftest import ROOT, _wait_for, settled
from .test_browser import browser

__all__ = ["browser"]
pytestmark = [pytest.mark.slow, pytest.mark.browser]

TEXTS = [
    HOSTILE,
    "see http://host.example/a and www.host.example or ann@host.example",
    ":material/home: :smile: :red-badge[x]",
    "# head",
    "- item",
    "    code",
    "| a | b |\n|---|---|\n| c | d |",
    "[x](javascript:alert(1))",
    "&lt;b&gt; &nbsp; &#42; <script>alert(1)</script>",
    r"$$x$$ \alpha _a_ ~~s~~ [^1]",
]
PAGE = """
import json, sys
import streamlit as st
from pages.format import plain
from pages.shared import tables

for number, text in enumerate(json.loads(sys.argv[1])):
    with st.container(key=f"markdown-{number}"):
        st.markdown(plain(text))
    with st.container(key=f"label-{number}"):
        st.button(plain(text), key=f"button {number}")
    with st.container(key=f"table-{number}"):
        st.table({"x": [plain(text)]}, hide_index=True, hide_header=True)
tables.show([{"=name": "=1+1", "@other": "-1+1", "n": -2.5, "score": "-3"}], columns={}, key="formulas")
"""
OBEYED = "a, img, strong, em, h1, li, code, pre, del, sup, script, .katex, [data-testid=stIconMaterial], [class*=Badge]"


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    script = tmp_path / "shown.py"
    script.write_text(PAGE, encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = ("-m", "streamlit", "run", str(script), "--server.port", port, "--server.address", "127.0.0.1")
    server = subprocess.Popen(
        [sys.executable, *command, "--server.headless", "true", "--", json.dumps(TEXTS)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(f"http://127.0.0.1:{port}/_stcore/health", server)
        page = browser.new_page()
        page.add_init_script("delete window.showSaveFilePicker")  # a download that needs no window of the system's
        page.goto(f"http://127.0.0.1:{port}")
        expect(page.get_by_test_id("stDataFrame")).to_be_visible(timeout=60_000)
        settled(page)
        yield page
        page.close()
    finally:
        server.kill()
        server.wait(20)


def test_text_is_shown_to_the_letter_and_tables_are_safe_to_take_along(page: Page, tmp_path: Path) -> None:
    for number, text in enumerate(TEXTS):
        for kind in ("markdown", "label", "table"):
            place = page.locator(f".st-key-{kind}-{number}")
            assert place.locator(OBEYED).count() == 0, (kind, text, place.inner_html())
            said = place.inner_text().replace(JOINER, "").split()
            assert said == text.split(), kind
    table = page.get_by_test_id("stDataFrame")
    table.hover()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as CSV").click()
    file = tmp_path / "table.csv"
    download.value.save_as(file)
    with file.open(encoding="utf-8-sig", newline="") as lines:
        head, row = csv.reader(lines)
    assert head == ["'=name", "'@other", "n", "score"]
    assert row == ["'=1+1", "'-1+1", "-2.5", "-3"]
