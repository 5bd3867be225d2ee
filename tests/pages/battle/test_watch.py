"""A battle that is under way, or was stopped."""

from __future__ import annotations

from engine import ItemResult, SequentialGap, runs
from engine.store.ledger import Ledger
from tests.pages.driving import Start, open_page, press, texts

BATTLE = "pages/battle/battle.py"


def test_a_running_battle_shows_an_interval_that_holds_at_every_moment(start: Start) -> None:
    battle_id = start(stop="adaptive")
    with Ledger() as ledger:
        ledger.claim("cpu")
        for side, score in (("a", 1.0), ("b", 0.0)):
            items = ledger.entry(battle_id).battle.item_ids[:12]
            ledger.append(battle_id, side, [ItemResult(item_id=item, score=score) for item in items])
    app = open_page(BATTLE, battle=battle_id)
    assert not app.exception
    assert "It holds at every moment" in texts(app) and "The battle ends when the band has left zero" in texts(app)
    trail = app.session_state[f"trail-{battle_id}"]
    watched = SequentialGap(level=0.95, margin=0.02)
    for _ in range(12):
        watched.update(1, 0)
    assert (trail.gap.n, trail.gap.interval, trail.gap.winner) == (12, watched.interval, "a")
    assert [row["items"] for row in trail.rows] == sorted({row["items"] for row in trail.rows})


def test_stopped_battle_can_go_on(start: Start) -> None:
    battle_id = start()
    runs.stop(battle_id)
    app = open_page(BATTLE, battle=battle_id)
    assert "You stopped this battle" in app.warning[0].value
    press(app, "Go on with it")
    assert runs.watch(battle_id).state == "queued"
