"""A battle that is damaged or of another release says so itself, and hides no other one."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import Unknown, Unreadable
from engine.store.ledger import Entry, Ledger, UnreadableEntry
from tests.engine.store.test_ledger import battle, right


@pytest.fixture
def ledger(own_home: Path) -> Iterator[Ledger]:
    """Battles one, bad and two, the oldest first."""
    with Ledger() as opened:
        for name in ("one", "bad", "two"):
            opened.add(battle(name))
        yield opened


def spoil(home: Path, column: str, value: object, table: str = "battles", where: str = "id = 'bad'") -> None:
    with sqlite3.connect(home / "ledger.db") as db:
        db.execute("DROP TRIGGER IF EXISTS plans_stay")
        db.execute(f"UPDATE {table} SET {column} = ? WHERE {where}", (value,))
    db.close()


def plan(**changes: object) -> str:
    with Ledger() as ledger:
        (row,) = ledger.connection.exec_driver_sql("SELECT plan FROM battles WHERE id = 'one'").all()
    return json.dumps(json.loads(row[0]) | {"id": "bad"} | changes)


DAMAGED = {
    "no JSON": ("plan", "a plan that is none"),
    "cut": ("plan", '{"id": "bad", "a": {"model": "ruby"'),
    "a list": ("plan", "[]"),
    "a number": ("plan", 7),
    "nested": ("plan", "[" * 100_000),
    "bytes": ("plan", b"\xff\xfe\x00"),
    "environment": ("environment", "{"),
    "environment of numbers": ("environment", '{"a": 7}'),
    "another state": ("state", "paused"),
    "a date that is none": ("created", "yesterday"),
}


@pytest.mark.parametrize(("column", "value"), DAMAGED.values(), ids=DAMAGED)
def test_one_bad_row_hides_no_other(ledger: Ledger, own_home: Path, column: str, value: object) -> None:
    spoil(own_home, column, value)
    assert {entry.battle.id for entry in ledger.entries()} == {"one", "two"}
    (bad,) = (line for line in ledger.lines() if isinstance(line, UnreadableEntry))
    assert (bad.id, bad.task, bad.models, bad.device) == ("bad", "toy", ("ruby", "jade"), "cpu")
    assert bad.reason.startswith("Battle bad cannot be read: ") and "\n" not in bad.reason and len(bad.reason) < 600
    with pytest.raises(Unreadable, match="Battle bad cannot be read"):
        ledger.entry("bad")
    with pytest.raises(Unknown):
        ledger.entry("nope")


def test_text_that_is_none_hides_no_other(ledger: Ledger, own_home: Path) -> None:
    """What a flipped bit makes of a text in the file: the driver refuses the whole answer for it."""
    with sqlite3.connect(own_home / "ledger.db") as db:
        db.execute("DROP TRIGGER plans_stay")
        db.execute("UPDATE battles SET plan = CAST(replace(plan, 'ruby', x'ff') AS TEXT), phase = CAST(x'fe' AS TEXT) "
                   "WHERE id = 'bad'")  # fmt: skip
    db.close()
    assert [type(line) for line in ledger.lines()] == [Entry, UnreadableEntry, Entry]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"referee": "strict"}, "referee"),
        ({"stop": "never"}, "stop"),
        ({"id": "one"}, "another battle's"),
        ({"item_ids": ["i1", "i1"]}, "twice"),
    ],
)
def test_a_plan_of_a_newer_release_is_not_read_as_if_it_were_of_this_one(
    ledger: Ledger, own_home: Path, changes: dict[str, object], says: str
) -> None:
    """A setting that is not known would be left out, and the battle would go on as another one."""
    spoil(own_home, "plan", plan(**changes))
    with pytest.raises(Unreadable, match=says):
        ledger.entry("bad")


def test_a_setting_of_a_newer_release_is_not_left_out_silently(ledger: Ledger, own_home: Path) -> None:
    whole = json.loads(plan())
    whole["a"]["harness"]["hints"] = 3
    spoil(own_home, "plan", json.dumps(whole))
    with pytest.raises(Unreadable, match="hints"):
        ledger.entry("bad")


def test_the_queue_goes_on_past_it(ledger: Ledger, own_home: Path) -> None:
    spoil(own_home, "plan", "{")
    order = []
    while entry := ledger.claim("cpu"):
        order.append(entry.battle.id)
        ledger.set_state(entry.battle.id, "done", only_from=("running",))
    assert order == ["one", "two"]
    (bad,) = (line for line in ledger.lines() if isinstance(line, UnreadableEntry))
    assert bad.state == "failed"


@pytest.mark.parametrize(
    ("column", "value"),
    [("body", "{"), ("body", '{"item_id": "sky/1", "score": 1.0}'), ("score", 0.0), ("score", None)],
)
def test_a_verdict_is_not_computed_from_a_damaged_answer(
    ledger: Ledger, own_home: Path, column: str, value: object
) -> None:
    """What is counted while it runs and what is judged at the end are the same, or neither is told."""
    for name in ("one", "bad"):
        ledger.set_state(name, "running", only_from=("queued",))
        ledger.append(name, "a", [right("sky/0"), replace(right("sky/1"), score=0.0)])
    spoil(own_home, column, value, table="outcomes", where="battle = 'bad' AND item = 'sky/0'")
    with pytest.raises(
        Unreadable, match="Battle bad cannot be judged: the answer of contender A to 'sky/0' is damaged"
    ):
        ledger.outcomes("bad", "a")
    assert len(ledger.outcomes("one", "a")) == 2
