"""The report of a battle: the verdict of the record, in the register that was chosen, and how to measure it again."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

import engine.runs.worker
from engine import explain, runs
from pages.format import JOINER
from tests.conftest import ToyModel
from tests.pages.driving import HOSTILE, Start, open_page, shown, texts

BATTLE, HISTORY = "pages/battle/battle.py", "pages/battle/history.py"


def test_verdict_page_shows_the_verdict_of_the_record(fought: str) -> None:
    app = open_page(BATTLE, battle=fought)
    assert not app.exception
    verdict = runs.result(fought).verdict
    assert verdict
    for sentence in explain(verdict):
        assert sentence in texts(app)
    assert f"The {len(runs.result(fought).discordant_items)} questions where they differ" in texts(app)


def test_the_register_is_kept_for_the_session(fight: Start) -> None:
    first, second = fight(), fight(seed=2)
    app = open_page(BATTLE, battle=first)
    verdict = runs.result(first).verdict
    assert verdict and explain(verdict, "plain").headline in texts(app)
    app.segmented_control(key="final-register").set_value("expert").run()
    assert not app.exception
    told = explain(verdict, "expert")
    for sentence in (told.headline, told.gap, told.noise, told.why, told.next_step):
        assert sentence in texts(app)
    assert explain(verdict, "plain").headline not in texts(app)
    app.switch_page(HISTORY.removeprefix("pages/")).run()
    app.query_params["battle"] = second
    app.switch_page(BATTLE.removeprefix("pages/")).run()
    other = runs.result(second).verdict
    assert other and explain(replace(other), "expert").headline in texts(app)


def test_the_lm_eval_commands_are_folded_away(fight: Start) -> None:
    app = open_page(BATTLE, battle=fight())
    folded = next(e for e in app.expander if "lm-eval" in e.label)
    assert len(folded.code) == len(app.code) == 2
    assert all(code.value.startswith("lm_eval ") for code in folded.code)


def test_the_settings_are_a_checked_list(
    fight: Start, contenders: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A toy has no version of transformers, and B leaves out its precision: what is unknown is neither same nor other."""

    def opened(address: str, device: str, dtype: str) -> ToyModel:
        model = ToyModel(address)
        if address == contenders[1]:
            del model.environment["dtype"]
        return model

    monkeypatch.setattr(engine.runs.worker, "open_model", opened)
    app = open_page(BATTLE, battle=fight())
    table = next(table.value for table in app.table if "why it matters" in table.value)
    rows = {row["setting"]: (mark, row["value"].replace("\\", "")) for mark, row in table.iterrows()}
    assert rows["Worked examples"] == ("✓", "0") and rows["Device"] == ("✓", "toy")
    assert rows["transformers"] == ("?", "not recorded yet")
    assert rows["Precision"] == ("?", "float32 / not recorded yet")
    assert "Not recorded of both sides: Precision, transformers." in texts(app)
    assert "Not the same on both sides" not in texts(app)


def test_a_system_prompt_in_the_list_is_shown_and_not_obeyed(fight: Start) -> None:
    """Streamlit reads the cells of this table as Markdown."""
    app = open_page(BATTLE, battle=fight(settings={"system": HOSTILE}))
    assert not app.exception
    table = next(table.value for table in app.table if "why it matters" in table.value)
    (told,) = (row["value"] for _, row in table.iterrows() if "host" in row["value"])
    assert HOSTILE in told.replace("\\", "").replace(JOINER, "")
    assert not re.search(r"(?<!\\)[!\[\](*<>$:`]", told)


def change(home: Path, statement: str, *values: object) -> None:
    """What damage does to a ledger."""
    with sqlite3.connect(home / "ledger.db") as db:
        db.execute("DROP TRIGGER IF EXISTS plans_stay")
        db.execute(statement, values)
    db.close()


def test_answers_that_a_finished_battle_has_lost_are_told(fought: str, own_home: Path) -> None:
    """Failed before: the battle was judged by what was left, in silence."""
    last = runs.result(fought).battle.item_ids[-1]
    change(own_home, "DELETE FROM outcomes WHERE item = ? AND side = 'a'", last)
    assert "has lost 1 answer" in runs.result(fought).notices[0]
    app = open_page(BATTLE, battle=fought)
    assert not app.exception
    assert "has lost 1 answer of this battle" in shown(app.info)


def test_a_question_that_the_benchmark_has_no_more_takes_no_page_with_it(fought: str, own_home: Path) -> None:
    """Failed before: a `KeyError` where its text should stand."""
    item = runs.result(fought).discordant_items[0][0]
    change(own_home, "UPDATE battles SET plan = replace(plan, ?, 'nowhere')", f'"{item}"'.strip('"'))
    change(
        own_home, "UPDATE outcomes SET item = 'nowhere', body = replace(body, ?, 'nowhere') WHERE item = ?", item, item
    )
    app = open_page(BATTLE, battle=fought)
    assert not app.exception
    assert any("no such question" in table.value.to_string() for table in app.dataframe)
