"""All battles of this machine, and how a learner's forecasts did."""

from __future__ import annotations

from engine import battles, report
from engine.analysis import forecasts
from tests.pages.driving import Start, expecting, open_page, texts

HISTORY = "pages/battle/history.py"


def test_history_lists_battles(fought: str) -> None:
    app = open_page(HISTORY)
    assert not app.exception
    assert app.dataframe[0].value["state"].tolist() == ["done"]


def test_a_learners_record_is_above_the_list(fight: Start) -> None:
    for seed in range(3):
        fight(expecting(), seed=seed)
    fight(expecting("bob"))
    record = forecasts.record(
        [g for _, g in forecasts.scored_battles(battles.author("ann")) if isinstance(g, forecasts.ForecastScore)]
    )
    assert record.n == 3
    app = open_page(HISTORY, learner="ann")
    assert not app.exception
    for sentence in report.sentences(record):
        assert sentence in texts(app)
    assert "ann" not in [word.strip(".,:") for word in texts(app).split()]
    stranger = open_page(HISTORY, learner="eve")
    assert "forecast" not in texts(stranger)
    assert len(stranger.dataframe[0].value) == 4


def test_forecasts_without_a_grade_are_counted_apart(fight: Start, start: Start) -> None:
    fight(expecting())
    start(expecting())
    app = open_page(HISTORY, learner="ann")
    assert "One forecast is graded" in texts(app)
    assert "1 more without a grade" in texts(app)
