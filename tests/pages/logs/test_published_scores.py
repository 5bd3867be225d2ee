"""Two published scores without logs: the engine's words, and an address that fills them in."""

from __future__ import annotations

import pytest

from engine import explain
from engine.stats import published
from pages.format import plain
from tests.pages.driving import open_page, shown, texts

LOGS = "pages/logs/logs.py"


def test_published_scores_are_the_engines() -> None:
    app = open_page(LOGS, a="85.0", b="85.8", n="14042")
    assert not app.exception
    found = published.published_gap("85.0", "85.8", 14_042, correlation=0.5)
    told = explain(found)
    for sentence in (told.headline, told.gap, told.noise, told.why, told.next_step):
        assert sentence in texts(app)
    app.toggle(key="published-same").set_value(False).run()
    alone = published.published_gap("85.0", "85.8", 14_042)
    assert explain(alone).headline in texts(app)
    app.toggle(key="published-same").set_value(True).run()
    app.slider(key="published-correlation").set_value(0.9).run()
    surer = published.published_gap("85.0", "85.8", 14_042, correlation=0.9)
    assert explain(surer).headline in texts(app)


def test_published_correlations_stop_where_the_scores_do() -> None:
    app = open_page(LOGS, a="40", b="90", n="100")
    slider = app.slider(key="published-correlation")
    found = published.published_gap("40", "90", 100)
    assert found.correlations
    assert (slider.min, slider.max) == pytest.approx(found.correlations, abs=0.005)
    for end in (slider.min, slider.max):
        slider.set_value(end).run()
        assert not app.exception
        assert not app.warning


def test_published_scores_of_other_items_are_never_one_exam() -> None:
    app = open_page(LOGS, a="85.0", b="85.8", n="14,042")
    app.checkbox(key="published-other").set_value(True).run()
    app.text_input(key="published-n-b").set_value("198").run()
    assert not app.exception
    assert not app.toggle
    found = published.published_gap("85.0", "85.8", 14_042, n_b=198)
    assert explain(found).headline in texts(app)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"a": "<b>x</b>"}, "The score `a` is '<b>x</b>'"),
        ({"b": "0.858"}, "if that is a fraction, write the percentage 85.8"),
        ({"n": "many"}, "The number of items is 'many'"),
        ({"n": "1"}, "give the number of items, from 2"),
        ({"n": "²"}, "The number of items is '²'"),
        ({"n": "9" * 19}, "give the number of items, from 2"),
    ],
)
def test_a_bad_address_is_a_sentence(query: dict[str, str], told: str) -> None:
    app = open_page(LOGS, **query)
    assert not app.exception
    assert told in shown(app.warning)
    assert app.warning[0].value == plain(shown(app.warning))


@pytest.mark.parametrize(
    ("a", "b", "n"), [("0", "100", "10"), ("100", "100", "50"), ("50", "50", "2"), ("5", "5.1", "9")]
)
def test_the_ends_of_the_scale(a: str, b: str, n: str) -> None:
    app = open_page(LOGS, a=a, b=b, n=n)
    assert not app.exception
    assert not app.warning
