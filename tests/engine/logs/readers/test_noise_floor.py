"""Our own battles as logs: both sides of one file, failures, and battles that ended early."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.analysis import recordings
from engine.errors import CallerMistake
from engine.logs import choices, read_log
from engine.logs.judging import verdict_of_files

FILE = Path(recordings.FOLDER) / "arc_easy.json.gz"


def battle(**changes: Any) -> bytes:
    """The fields of a battle's JSON that matter here."""
    side = {"shots": 5, "normalisation": "sum", "extraction": "last_number", "fingerprint": "h2:0123456789ab"}
    right = {"correct": True, "score": 1.0, "choice": None, "logliks": [], "text": "It is 4.", "answer": "4"}
    wrong = {**right, "correct": False, "score": 0.0, "text": "No idea", "answer": None}
    cut = {"correct": None, "score": None, "failure": "truncated"}
    document = {
        "battle_id": "0123456789", "task": "gsm8k", "state": "done", "n": 2, "planned": 3,
        "a": {"name": "ruby", "score": 1.0, **side}, "b": {"name": "jade", "score": 0.5, **side},
        "environment": {"a": {"dtype": "float32", "transformers": "5.0"}, "b": {"dtype": "bfloat16"}},
        "items": [
            {"id": "q1", "group": "", "a": right, "b": right},
            {"id": "q2", "group": "", "a": right, "b": wrong},
            {"id": "q3", "group": "", "a": right, "b": cut},
        ],
    }  # fmt: skip
    return json.dumps(document | changes).encode()


def test_a_recorded_battle_gives_the_verdict_it_was_recorded_with() -> None:
    """242 against 410 discordant items of 2,376: the counts in the recording itself."""
    assert choices(str(FILE), FILE) == ("a", "b")
    verdict = verdict_of_files(f"{FILE}::a", f"{FILE}::b")
    assert (verdict.n, verdict.winner, verdict.names) == (2376, "b", ("smollm2-135m-instruct", "gemma-3-270m"))
    assert verdict.discordant is not None
    assert (verdict.discordant.a_only, verdict.discordant.b_only) == (242, 410)
    assert verdict.caveats == ()


def test_what_a_side_wrote() -> None:
    rows = read_log("battle.json", battle(), "b").rows
    assert [(r.score, r.text, r.answer, r.truncated) for r in rows.values()] == [
        (1.0, "It is 4.", "4", False),
        (0.0, "No idea", "", False),
        (None, None, None, True),
    ]


def test_what_a_side_was_asked_with() -> None:
    told = read_log("battle.json", battle(), "a").settings
    assert told["model"] == "ruby" and told["task"] == "gsm8k" and told["shots"] == "5" and told["dtype"] == "float32"
    assert told["fingerprint"] == "h2:0123456789ab"


def test_items_that_were_not_come_to_have_no_score_and_it_is_said() -> None:
    """Judging a battle that was stopped, by hand or by its own rule, is a look at a moment of one's own choosing."""
    full = json.loads(battle())["items"]
    log = read_log("battle.json", battle(items=[*full[:2], {"id": "q3", "group": ""}]), "b")
    assert log.rows["q3"].score is None and log.rows["q3"].truncated is None
    assert "ended before all planned items were answered" in log.notes[0]
    assert read_log("battle.json", battle(), "b").notes == ()


def test_what_no_log_needs_may_be_anything() -> None:
    """The rest of a battle is for its own report, and may be from another version."""
    assert read_log("battle.json", battle(calibration=None, readings="none", winner=7), "a").unscored == 0


def test_truth_values_and_whole_numbers_are_scores() -> None:
    """Files that others wrote by this form."""
    items = [{"id": 1, "a": {"score": True}, "b": {"score": 0}}, {"id": "2", "a": {"score": False}, "b": None}]
    assert [row.score for row in read_log("battle.json", battle(items=items), "a").rows.values()] == [1.0, 0.0]
    assert list(read_log("battle.json", battle(items=items), "b").rows) == ["1", "2"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"items": "none"}, "the field `items` is 'none' and no list"),
        ({"items": [7]}, "is not a JSON object but int"),
        ({"items": [{"id": "q1", "a": {"score": "1"}}]}, "item 1: '1' is no score"),
        ({"items": ["q1"]}, "battle.json, item 1 is not a JSON object but str"),
        ({"items": [{"id": True, "a": {}}]}, "item 1: True is no id"),
        ({"items": [{"id": "q1", "a": {"score": {"float": 1}}}]}, r"item 1: \{'float': 1\} is no score"),
        ({"items": [{"id": "q1"}, {"id": "q2", "b": 7}]}, "battle.json, item 2, field b is not a JSON object but int"),
        ({"items": [{"id": "q1", "a": {"score": 1, "text": 5}}]}, "item 1: the field `a.text` is 5 and no text"),
        ({"a": None}, "field a is not a JSON object"),
        ({"a": {"name": ["ruby"]}}, r"battle.json: the field `a.name` is \['ruby'\] and no text"),
        ({"environment": {"a": {"dtype": None}}}, "battle.json: the field `environment.a.dtype` is None and no text"),
        ({"environment": "here"}, "battle.json, field environment is not a JSON object but str"),
    ],
)
def test_what_cannot_be_read(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(CallerMistake, match=words):
        read_log("battle.json", battle(**changes), "a")
