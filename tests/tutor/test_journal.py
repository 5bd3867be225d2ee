"""The journal on a real disk: what was said is there before anything is done with it, once, and only its learner's."""

from __future__ import annotations

import datetime
import gzip
import json
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine import CallerMistake
from engine.store import database
from tests.full_disk import full_disk
from tests.tutor.judge.test_assessment import CASE, FIRST, THOUGHT, Toy
from tutor import dialogue, journal
from tutor import judge as judging
from tutor.errors import TutorError
from tutor.exchange import Assessment, Point
from tutor.journal import Talk, TurnTaken

POINT = Point(kind="question", id=FIRST.id)
COUNTS = Assessment(why="applies_concept", concepts=("evaluator",), quote="quote", judge="toy", notice="by a toy")
ROOT = Path(__file__).resolve().parents[2]


def begun(learner: str = "ada", lab: str = "lab1") -> Talk:
    return journal.begin(learner, lab, CASE.id, POINT, FIRST.ask)


def answered(before: Talk, text: str = THOUGHT) -> Talk:
    """The talk one judged and answered turn later."""
    number = journal.record_message(before, text).number
    journal.record_assessment(before.id, number, COUNTS)
    journal.record_reply(before.id, number, "And then?", "authored", (CASE.id, POINT, "And then?"))
    return journal.read(before.id)


BAD = [
    "no JSON",
    '{"why": "applies_',
    "[]",
    "7",
    '{"why": "banana"}',
    '{"why": "applies_concept", "concepts": 7}',
    b"\xff",
]


@pytest.mark.parametrize("bad", BAD)
def test_a_judgement_that_cannot_be_read_counts_nothing_and_hides_nothing(bad: str | bytes, own_home: Path):
    other = answered(begun(lab="lab2"))
    now = answered(answered(begun()), f"{THOUGHT} And so on.")
    with sqlite3.connect(own_home / "journal.db") as db:
        db.execute("UPDATE turns SET assessment = ? WHERE talk = ? AND number = 1", (bad, now.id))
    db.close()
    assert [talk.id for talk in journal.talks("ada")] == [other.id, now.id]
    first, second = journal.read(now.id).exchanges
    assert not first.counted and "cannot be read" in first.damage and first.learner == THOUGHT
    assert second.counted and second.damage == ""
    assert "cannot be read" in dialogue.transcript_text(journal.read(now.id))
    told = dialogue.add_message(journal.read(now.id), "The margin was never said, so the lead may be luck.")
    assert [*dialogue.respond(told, dialogue.Tutor(judge=Toy()))]


def test_bytes_that_are_no_text_hide_nothing(own_home: Path):
    now = answered(begun())
    with sqlite3.connect(own_home / "journal.db") as db:
        db.execute("UPDATE turns SET learner = CAST(x'41ff42' AS TEXT)")
    db.close()
    assert journal.read(now.id).exchanges[0].learner == "A?B"


# ------------------------------------------------------------------ written first


def test_a_talk_comes_back_as_it_was_begun():
    now = begun()
    assert now == journal.read(now.id)
    assert (now.learner, now.lab, now.case, now.point, now.question) == ("ada", "lab1", CASE.id, POINT, FIRST.ask)
    assert now.exchanges == ()


def test_a_turn_comes_back_with_its_question_judgement_and_reply():
    now = answered(begun())
    (turn,) = now.exchanges
    assert (turn.number, turn.case, turn.point, turn.tutor, turn.learner) == (1, CASE.id, POINT, FIRST.ask, THOUGHT)
    assert (turn.assessment, turn.reply, turn.voice, turn.told) == (COUNTS, "And then?", "authored", False)
    assert turn.counted and turn.said_at > now.begun


def test_a_message_is_there_when_its_judge_dies(monkeypatch: pytest.MonkeyPatch):
    def dies(message: object, own: object) -> Assessment:
        raise KeyboardInterrupt

    toy = Toy()
    monkeypatch.setattr(toy, "assess", dies)
    monkeypatch.setattr(judging, "local_judge", Toy)
    now = dialogue.add_message(begun(), THOUGHT)
    with pytest.raises(KeyboardInterrupt):
        list(dialogue.respond(now, dialogue.Tutor(judge=toy)))
    database._engine.cache_clear()  # as a new process would
    (turn,) = journal.read(now.id).exchanges
    assert (turn.learner, turn.assessment, turn.reply) == (THOUGHT, None, None)


def test_a_message_is_there_when_the_process_is_killed(own_home: Path):
    code = (
        "import os; from tutor import journal; from tutor.exchange import Point\n"
        "now = journal.begin('ada', 'lab1', 'l1-a', Point(kind='question', id='a0'), 'Why?')\n"
        "journal.record_message(now, 'written down'); print(now.id, flush=True); os._exit(9)"
    )
    killed = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert killed.returncode == 9, killed.stderr
    (turn,) = journal.read(killed.stdout.strip()).exchanges
    assert turn.learner == "written down"


# -------------------------------------------------------------------------- once


def test_the_same_turn_cannot_be_said_twice():
    now = begun()
    journal.record_message(now, "in one tab")
    with pytest.raises(TurnTaken, match="another tab"):
        journal.record_message(now, "in another")
    assert [turn.learner for turn in journal.read(now.id).exchanges] == ["in one tab"]


def test_a_turn_is_judged_once_and_the_first_judgement_stays():
    now = begun()
    journal.record_message(now, THOUGHT)
    journal.record_assessment(now.id, 1, COUNTS)
    journal.record_assessment(now.id, 1, Assessment(why="gibberish"))
    assert journal.read(now.id).exchanges[0].assessment == COUNTS


def test_a_turn_is_replied_to_once_and_the_talk_goes_where_the_first_reply_led():
    now = answered(begun())
    elsewhere = Point(kind="concept", id="evaluator")
    journal.record_reply(now.id, 1, "A second reply?", "m", ("l1-b", elsewhere, "A second reply?"))
    assert journal.read(now.id) == now


def test_a_judgement_or_reply_to_a_turn_nobody_said_changes_nothing():
    now = begun()
    journal.record_assessment(now.id, 1, COUNTS)
    journal.record_reply(now.id, 1, "And?", "m", ("l1-b", POINT, "And?"))
    assert journal.read(now.id) == now


def test_a_reply_and_where_it_leads_are_written_together():
    now = begun()
    journal.record_message(now, THOUGHT)
    to = Point(kind="belief", id="number_is_objective")
    journal.record_reply(now.id, 1, "So?", "m", ("l1-b", to, "So?"))
    after = journal.read(now.id)
    assert (after.case, after.point, after.question, after.exchanges[0].reply) == ("l1-b", to, "So?", "So?")


def test_turning_to_a_case_moves_the_open_question_and_no_turn():
    now = answered(begun())
    journal.set_open_question(now.id, "l1-b", Point(kind="question", id="b0"), "And this one?")
    after = journal.read(now.id)
    assert (after.case, after.question, after.exchanges) == ("l1-b", "And this one?", now.exchanges)


# -------------------------------------------------------------------- whose it is


def test_a_learners_talks_are_listed_oldest_first_and_the_newest_of_a_lab_goes_on():
    first, other, second = begun(), begun(lab="lab2"), begun()
    begun("eve")
    assert journal.talks("ada") == (first, other, second)
    assert journal.latest("ada", "lab1") == second
    assert journal.latest("ada", "lab3") is None and journal.talks("nobody") == ()
    assert journal.latest_by_lab("ada") == {slug: journal.latest("ada", slug) for slug in ("lab1", "lab2")}
    assert journal.latest_by_lab("nobody") == {}


def test_delete_removes_everything_of_one_learner_and_nothing_of_another(own_home: Path):
    mine, theirs = answered(begun("ada"), "mine alone"), answered(begun("eve"), "not mine")
    begun("ada", "lab2")
    journal.save_sheet(mine.id, {"verdict": "mine alone as well"})
    journal.save_sheet(theirs.id, {"verdict": "kept"})
    assert journal.delete("ada") == 2
    assert journal.talks("ada") == () and journal.read_sheet(mine.id) == {}
    assert journal.talks("eve") == (theirs,) and journal.read_sheet(theirs.id) == {"verdict": "kept"}
    with pytest.raises(CallerMistake, match="deleted"):
        journal.read(mine.id)
    with sqlite3.connect(own_home / "journal.db") as held:
        rows = [row for table in ("talks", "turns", "sheets") for row in held.execute(f"select * from {table}")]
    held.close()
    assert "mine alone" not in repr(rows) and "not mine" in repr(rows)


def test_a_talk_that_nobody_said_anything_in_is_nowhere(own_home: Path):
    now = dialogue.resume("ada", "lab1")
    assert dialogue.resume("ada", "lab1").id == now.id  # in another tab as well
    assert journal.talks("ada") == ()
    assert dialogue.add_message(now, THOUGHT).exchanges[0].learner == THOUGHT
    assert [talk.id for talk in journal.talks("ada")] == [now.id]
    journal.keep(now)  # the draft is older by now
    assert len(journal.read(now.id).exchanges) == 1


def test_a_clock_set_back_does_not_bring_an_old_talk_up(monkeypatch: pytest.MonkeyPatch):
    old = answered(begun())
    monkeypatch.setattr("tutor.journal.transcripts.now", lambda: "2001-01-01T00:00:00.000000+00:00")
    new = dialogue.start_over("ada", "lab1")
    assert new.begun < old.begun
    assert dialogue.resume("ada", "lab1") == new
    assert journal.talks("ada") == (old, new)


# ------------------------------------------------------------------ sheets and notes


def test_a_sheet_keeps_what_was_filled_in_last_and_no_empty_answers():
    now = begun()
    assert journal.read_sheet(now.id) == {}
    journal.save_sheet(now.id, {"task_set": "given", "verdict": "too early"})
    journal.save_sheet(now.id, {"task_set": "missing", "verdict": ""})
    assert journal.read_sheet(now.id) == {"task_set": "missing"}


def test_the_sheet_of_a_learners_newest_talk_is_read_in_one_call():
    assert journal.sheet_of("ada", "lab1") == {}
    journal.save_sheet(begun().id, {"task_set": "given"})
    journal.save_sheet(begun(lab="lab2").id, {"board": "both"})
    journal.save_sheet(begun("eve").id, {"task_set": "missing"})
    assert journal.sheet_of("ada", "lab1") == {"task_set": "given"}
    assert (journal.sheet_of("ada", "lab2"), journal.sheet_of("eve", "lab1")) == (
        {"board": "both"},
        {"task_set": "missing"},
    )
    begun()
    assert journal.sheet_of("ada", "lab1") == {}  # a lab begun anew has a new sheet


def test_a_note_is_written_over_the_old_one():
    assert journal.read_note("mode") is None
    journal.save_note("mode", "TOOLS")
    journal.save_note("mode", "JSON")
    assert journal.read_note("mode") == "JSON"


# ---------------------------------------------------------------------- hostile text

HOSTILE = [
    "'; drop table turns; --",
    '"%s" {learner} :name ?',
    "<script>alert(1)</script>",
    "nul \x00 inside",
    "\u202eright to left",
    "😀 क्या 分数 e\u0301",
    "\r\n\t ",
    "a" * 4_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_whatever_was_written_comes_back_letter_by_letter(text: str):
    now = answered(begun(learner=text[:60]), text)
    journal.save_sheet(now.id, {"verdict": text})
    assert journal.talks(text[:60]) == (now,)
    assert now.exchanges[0].learner == text and journal.read_sheet(now.id) == {"verdict": text}


def test_half_a_surrogate_pair_cannot_be_written_and_is_replaced():
    now = dialogue.add_message(begun(), "half \ud800 of it")
    assert now.exchanges[0].learner == "half ? of it"


# ----------------------------------------------------------------- other databases


def test_another_database_is_used_when_the_setting_names_one(own_home: Path, monkeypatch: pytest.MonkeyPatch):
    at_home = begun()
    file = own_home.parent / "elsewhere.db"
    monkeypatch.setenv("NOISEFLOOR_JOURNAL_URL", f"sqlite:///{file}")
    assert journal.talks("ada") == ()
    elsewhere = answered(begun())
    assert file.exists() and journal.talks("ada") == (elsewhere,)
    monkeypatch.delenv("NOISEFLOOR_JOURNAL_URL")
    assert journal.talks("ada") == (at_home,)


@pytest.mark.parametrize(
    "url",
    [
        "no address at all",
        "nosuch://ada:hunter2@127.0.0.1/db",
        "postgresql://ada:hunter2@127.0.0.1:port/db",
        "postgresql://ada:hunter2:5432/db",
        "nosuch+driver://ada:hunter2@[::1]/db",
        "sqlite:////no/such/folder/for-hunter2.db",
    ],
)
def test_a_bad_address_is_the_callers_mistake_and_its_password_is_not_shown(url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NOISEFLOOR_JOURNAL_URL", url)
    with pytest.raises(CallerMistake, match="NOISEFLOOR_JOURNAL_URL") as caught:
        begun()
    assert "hunter2" not in str(caught.value) and caught.value.exit_code == 2


def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = tmp_path / "thesis.txt"
    file.write_text("a year of work\n" * 100, encoding="utf-8")
    monkeypatch.setenv("NOISEFLOOR_JOURNAL_URL", f"sqlite:///{file}")
    with pytest.raises(CallerMistake, match="not a database"):
        begun()
    assert file.read_text(encoding="utf-8") == "a year of work\n" * 100


@pytest.mark.parametrize(
    "step", [lambda now: journal.record_message(now, "my secret"), lambda now: journal.read(now.id)]
)
def test_what_the_database_complains_of_holds_nothing_a_learner_wrote(step: Callable[[Talk], object], own_home: Path):
    now = begun()
    held = sqlite3.connect(own_home / "journal.db")
    held.execute("drop table turns")
    held.close()
    with pytest.raises(TutorError, match="no such table") as caught:
        step(now)
    assert "my secret" not in str(caught.value)


# ------------------------------------------------------------- older and full ones


@pytest.fixture(params=["journal_0", "journal_1"])
def older(own_home: Path, request: pytest.FixtureRequest) -> dict[str, list[list[object]]]:
    """A journal that an earlier release wrote, the first of which named no format; its rows, as that release read them."""
    data = ROOT / "tests" / "data" / "store"
    own_home.mkdir()
    (own_home / "journal.db").write_bytes(gzip.decompress((data / f"{request.param}.db.gz").read_bytes()))
    return json.loads(gzip.decompress((data / f"{request.param}.json.gz").read_bytes()))


COLUMNS = {"talks": "id, learner, lab, begun, [case], point, question"}


def test_a_journal_of_an_earlier_release_is_all_there(older: dict[str, list[list[object]]], own_home: Path):
    assert [(now.lab, len(now.exchanges)) for now in journal.talks("ada")] == [("lab1", 2), ("lab2", 1), ("lab3", 1)]
    with sqlite3.connect(own_home / "journal.db") as held:
        assert held.execute("select version_num from journal_version").fetchall() == [("2",)]
        for table, rows in older.items():
            found = held.execute(f"select {COLUMNS.get(table, '*')} from {table}")
            assert sorted(found) == sorted(map(tuple, rows))
    held.close()


def test_what_stood_in_an_address_may_be_typed_as_a_code_and_chosen_names_may_not(older: dict[str, list[list[object]]]):
    learners = {str(row[1]) for row in older["talks"]}
    assert journal.resume("d:other", " eve ") is None and journal.learner_of("d:other") == "d:other"
    random = {learner for learner in learners if len(learner) == 22}
    for key in random:
        assert journal.resume("d:other", key.swapcase()) is None
        assert journal.resume("d:other", f" {key}\n") == key
        assert len(journal.talks(journal.learner_of("d:other"))) == 1
        journal.new_resume_code(key)
        assert journal.resume("d:third", key) is None  # the new one is the code now
    assert len(random) == ("q3Vb0-XyT7_kLm92RsWc4A" in learners)


def test_a_journal_of_an_earlier_release_goes_on(older: dict[str, list[list[object]]]):
    first, unjudged, unreplied = journal.talks("ada")
    assert [turn.counted for turn in first.exchanges] == [True, True]
    assert first.exchanges[1].learner == "😀 क्या\x00 'drop table'"
    assert journal.read_sheet(first.id) == {"verdict": "too early", "task_set": "größer"}
    assert answered(first).exchanges[2].learner == THOUGHT
    assert unjudged.exchanges[0].told and unjudged.exchanges[0].assessment is None
    assert unreplied.exchanges[0].assessment is not None and unreplied.exchanges[0].reply is None
    for now in (unjudged, unreplied):
        journal.record_assessment(now.id, 1, COUNTS)
        journal.record_reply(now.id, 1, "And then?", "authored", (CASE.id, POINT, "And then?"))
        assert journal.read(now.id).exchanges[0].counted
    assert journal.delete("ada") == 3 and len(journal.talks("eve")) == 1


def test_a_journal_of_a_newer_release_is_left_as_it_is(own_home: Path):
    begun()
    with sqlite3.connect(own_home / "journal.db") as held:
        held.execute("update journal_version set version_num = '3'")
    held.close()
    database._engine.cache_clear()  # as a new process would
    with pytest.raises(CallerMistake, match=r"journal\.db was written by a newer.*NOISEFLOOR_JOURNAL_URL"):
        journal.talks("ada")


def test_a_full_disk_is_said_and_nothing_is_lost():
    now = begun()
    database._engine.cache_clear()  # as a new process would
    complaint = r"could not be written: database or disk is full\. Your last message is not saved"
    with full_disk(), pytest.raises(TutorError, match=complaint):
        journal.record_message(now, "word " * 10_000)
    database._engine.cache_clear()
    assert journal.read(now.id) == now
    assert answered(now).exchanges[0].counted


# ------------------------------------------------------------------- two at a time


def test_the_first_visitors_may_come_at_the_same_moment():
    together = threading.Barrier(4)

    def visits(learner: str) -> str:
        together.wait()
        return begun(learner).learner

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(visits, "abcd")) == list("abcd")


def test_two_learners_writing_at_once_lose_nothing():
    def writes(learner: str) -> int:
        now = begun(learner)
        for number in range(15):
            now = answered(now, f"{learner} {number}")
        return len(now.exchanges)

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(writes, ("bob", "cleo"))) == [15, 15]
    assert [turn.learner for turn in journal.latest("bob", "lab1").exchanges] == [f"bob {n}" for n in range(15)]


def test_of_two_tabs_that_answer_the_same_question_at_once_one_gets_through():
    now, together = begun(), threading.Barrier(2)

    def says(text: str) -> str:
        together.wait()
        try:
            return journal.record_message(now, text).learner
        except TurnTaken:
            return "taken"

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(says, ("left", "right")))
    kept = [turn.learner for turn in journal.read(now.id).exchanges]
    assert sorted(results) == sorted([*kept, "taken"]) and len(kept) == 1


def test_a_writer_waits_for_another_connection_that_is_writing(own_home: Path):
    now = begun()
    other = sqlite3.connect(own_home / "journal.db", isolation_level=None, check_same_thread=False)
    other.execute("begin immediate")
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(journal.record_message, now, THOUGHT)
        time.sleep(0.2)
        assert not writing.done()
        other.execute("commit")
        assert writing.result(timeout=5).learner == THOUGHT
    other.close()


def test_turns_of_a_model_are_counted_by_the_day_and_at_once() -> None:
    first, second = datetime.date(2026, 1, 31), datetime.date(2026, 2, 1)
    assert journal.model_turns(first) == 0
    with ThreadPoolExecutor(8) as pool:
        for counted in [pool.submit(journal.count_model_turn, first) for _ in range(24)]:
            counted.result()
    assert (journal.model_turns(first), journal.model_turns(second)) == (24, 0)
    journal.count_model_turn(second)
    assert (journal.model_turns(first), journal.model_turns(second)) == (0, 1)  # yesterday's went


def test_its_size_grows_with_what_is_kept_and_shrinks_with_what_is_deleted():
    before = journal.size()
    now = dialogue.add_message(begun(), "a thought " * 500)
    journal.save_sheet(now.id, {f"row{n}": "x" * 4_000 for n in range(100)})
    full = journal.size()
    assert full > before + 400_000
    journal.delete(now.learner)
    assert journal.size() < full - 300_000


def test_a_sheet_has_bounds():
    now = begun()
    for answers in ({"row": "x" * 4_001}, {f"row{n}": "x" for n in range(201)}):
        with pytest.raises(TutorError, match="the last change was not kept"):
            journal.save_sheet(now.id, answers)
    assert journal.read_sheet(now.id) == {}
