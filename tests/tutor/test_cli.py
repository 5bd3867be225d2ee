"""The tutor on the command line: a line in, a line out; bad lines are named; a talk in the terminal is kept."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest

import tutor.__main__ as cli
from tests.tutor.judge.test_assessment import CASE, FIRST, THOUGHT, Toy
from tutor import Tutor, dialogue, journal
from tutor import judge as judging

RECORD = {"id": "r1", "lab": "lab1", "scenario": "l1-a", "tutor": FIRST.ask, "learner": THOUGHT}
TURNS = [
    "Aster's prompt is unknown, so the gap is open.",
    "The vendor ran only one of them.",
    "Four options favour guessing.",
]
TALK = {
    "id": "c1",
    "lab": "lab1",
    "scenario": "l1-a",
    "turns": [{"turn": n, "tutor": FIRST.ask, "learner": text} for n, text in enumerate(TURNS, start=1)],
}
Run = Callable[..., tuple[int, list[dict[str, Any]], str]]


@pytest.fixture
def judge(monkeypatch: pytest.MonkeyPatch) -> Toy:
    """The toy that takes the local judge's place."""
    toy = Toy(concepts=("evaluator",))
    monkeypatch.setattr(judging, "local_judge", lambda: toy)
    monkeypatch.setattr(cli, "configured_tutor", lambda: Tutor(judge=toy))
    monkeypatch.delenv("TUTOR_MODEL", raising=False)
    return toy


@pytest.fixture
def run(judge: Toy, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command on lines of input: exit code, the JSON lines of the answer, what went to stderr."""

    def command(*arguments: str, lines: list[object]) -> tuple[int, list[dict[str, Any]], str]:
        given = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
        monkeypatch.setattr("sys.stdin", io.StringIO(given))
        code = cli.main(list(arguments))
        said = capsys.readouterr()
        return code, [json.loads(line) for line in said.out.splitlines()], said.err

    return command


# ------------------------------------------------------------------------- assess


def test_assess_answers_a_line_with_a_line_of_these_fields(run: Run):
    code, (line,), err = run("assess", lines=[RECORD])
    assert (code, err) == (0, "")
    assert line == {
        "id": "r1",
        "substantive": True,
        "why": "reasons_about_claim",
        "concepts": ["evaluator"],
        "misconception": None,
        "judge": "toy",
    }


def test_assess_keeps_the_order_and_skips_empty_lines(run: Run):
    lines: list[object] = [RECORD, "", RECORD | {"id": "r2", "learner": ""}, "  "]
    code, answers, _ = run("assess", lines=lines)
    assert code == 0
    assert [(line["id"], line["why"]) for line in answers] == [("r1", "reasons_about_claim"), ("r2", "too_short")]


@pytest.mark.parametrize(
    "history",
    [
        [THOUGHT],
        [{"tutor": "What then?", "learner": THOUGHT}],
        [{"role": "assistant", "content": "What then?"}, {"role": "user", "content": THOUGHT}],
    ],
    ids=["texts", "objects", "chat messages"],
)
def test_assess_takes_earlier_messages_as_texts_or_as_objects(run: Run, judge: Toy, history: list[object]):
    _, (line,), _ = run("assess", lines=[RECORD | {"history": history}])
    assert (line["why"], line["judge"], judge.asked) == ("repetition", "rules", [])


def test_assess_tells_what_a_reader_should_know_about_a_judgement(run: Run):
    _, (line,), _ = run("assess", lines=[RECORD | {"learner": f"{CASE.text} Yes, that seems fine."}])
    assert line["notice"].startswith("toy would have counted it")


def test_a_case_may_be_a_text_of_ones_own(run: Run, judge: Toy):
    own = "A shop says its scanner reads 97 percent of all parcels, tested on forty of them."
    assert run("assess", lines=[RECORD | {"scenario": own}])[0] == 0
    assert judge.asked[0].case.text == own


def test_a_fresh_case_is_known_by_its_id(run: Run, judge: Toy):
    assert run("assess", lines=[RECORD | {"scenario": "t1-8"}])[0] == 0
    assert judge.asked[0].case.id == "t1-8"


def test_half_a_surrogate_pair_in_a_message_is_no_crash(run: Run, judge: Toy):
    assert run("assess", lines=[json.dumps(RECORD | {"learner": f"{THOUGHT} \ud800"})])[0] == 0
    assert judge.asked[0].learner == f"{THOUGHT} ?"


@pytest.mark.parametrize("command", ["assess", "replay"])
@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("no json", "not JSON"),
        ("[1]", "list"),
        (RECORD | {"lab": None}, "lab"),
        (RECORD | {"lab": "lab9"}, "lab9"),
        (RECORD | {"lab": 1}, "lab"),
        (RECORD | {"scenario": "l9-x"}, "l9-x"),
        (RECORD | {"scenario": ""}, "scenario"),
        (RECORD | {"tutor": None}, "tutor"),
    ],
    ids=["no JSON", "no object", "nothing", "unknown lab", "no text", "unknown case", "empty text", "null"],
)
def test_a_bad_line_is_named_with_its_field_and_the_exit_code_is_2(run: Run, command: str, line: Any, field: str):
    good = {"assess": RECORD, "replay": TALK}[command]
    if command == "replay" and isinstance(line, dict):
        line = {"turns": [{"learner": THOUGHT}]} | line
    code, answers, err = run(command, lines=[good, line])
    assert code == 2 and len(answers) == (3 if command == "replay" else 1)
    assert err.startswith("Line 2") and field in err and err.count("\n") == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"id": 7}, "id"),
        ({"learner": None}, "learner"),
        ({"history": "x"}, "history"),
        ({"history": [{"learner": 1}]}, "history"),
    ],
)
def test_a_bad_field_of_assess_is_named(run: Run, change: dict[str, Any], field: str):
    code, _, err = run("assess", lines=[RECORD | change])
    assert code == 2 and err.startswith("Line 1") and f"“{field}”" in err


@pytest.mark.parametrize("turns", [None, "x", ["x"], {"learner": "x"}], ids=["null", "a text", "texts", "an object"])
def test_turns_that_are_no_list_of_objects_are_named(run: Run, turns: object):
    code, _, err = run("replay", lines=[TALK | {"turns": turns}])
    assert code == 2 and err.startswith("Line 1") and "“turns”" in err


def test_a_bad_turn_is_named_with_its_number(run: Run):
    code, answers, err = run("replay", lines=[TALK | {"turns": [*TALK["turns"][:1], {"tutor": "Why?"}]}])
    assert code == 2 and len(answers) == 1
    assert err.startswith("Line 1, turn 2") and "“learner”" in err


# ------------------------------------------------------------------------- replay


def test_replay_tells_the_count_after_every_turn(run: Run):
    code, answers, _ = run("replay", lines=[TALK])
    assert code == 0
    assert answers[0] == {
        "id": "c1",
        "turn": 1,
        "substantive": True,
        "substantive_so_far": 1,
        "complete": False,
        "why": "reasons_about_claim",
    }
    assert [(line["turn"], line["substantive_so_far"], line["complete"]) for line in answers] == [
        (1, 1, False),
        (2, 2, False),
        (3, 3, True),
    ]


def test_replay_knows_what_was_said_before_in_the_same_conversation_only(run: Run):
    twice = TALK | {"turns": [TALK["turns"][0], TALK["turns"][0]]}
    _, answers, _ = run("replay", lines=[twice, twice | {"id": "c2"}])
    assert [(line["id"], line["why"]) for line in answers] == [
        ("c1", "reasons_about_claim"),
        ("c1", "repetition"),
        ("c2", "reasons_about_claim"),
        ("c2", "repetition"),
    ]


def test_replay_lets_a_turn_have_its_own_case_and_numbers_turns_that_have_no_number(run: Run, judge: Toy):
    turns = [{"tutor": "Why?", "learner": TURNS[0], "scenario": "l1-b"}, {"tutor": "Why?", "learner": TURNS[1]}]
    _, answers, _ = run("replay", lines=[TALK | {"turns": turns}])
    assert [line["turn"] for line in answers] == [1, 2]
    assert [message.case.id for message in judge.asked] == ["l1-b", "l1-a"]


@pytest.mark.parametrize("command", ["assess", "replay"])
def test_nothing_of_it_is_kept(run: Run, command: str, own_home):
    run(command, lines=[{"assess": RECORD, "replay": TALK}[command]])
    assert not (own_home / "journal.db").exists()


def test_a_models_judgement_needs_an_endpoint(run: Run):
    code, answers, err = run("assess", "--judge", "llm", lines=[RECORD])
    assert (code, answers) == (2, []) and "TUTOR_MODEL" in err and "--judge local" in err


def test_a_reader_that_has_seen_enough_is_no_error(run: Run, monkeypatch: pytest.MonkeyPatch):
    def shut(*words: object, **options: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr("builtins.print", shut)
    assert run("assess", lines=[RECORD])[0] == 141


@pytest.mark.parametrize("arguments", [[], ["judge"], ["assess", "--judge", "oracle"]])
def test_a_command_that_does_not_exist_exits_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as left:
        cli.main(arguments)
    assert left.value.code == 2 and "usage: python -m tutor" in capsys.readouterr().err


# --------------------------------------------------------------------------- chat


@pytest.fixture
def chat(judge: Toy, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """A learner who types these lines and then presses Ctrl-D; what the terminal showed."""

    def typed(*lines: str, options: tuple[str, ...] = ()) -> str:
        script = iter(lines)

        def types(prompt: str) -> str:
            if (line := next(script, None)) is None:
                raise EOFError
            return line

        monkeypatch.setattr("builtins.input", types)
        assert cli.main(["chat", *options]) == 0
        return capsys.readouterr().out

    return typed


def test_chat_opens_with_the_case_and_its_question_and_says_who_judges(chat):
    shown = chat()
    assert CASE.text in shown and FIRST.ask in shown
    assert "Judge: toy; the authored tutor speaks." in shown


def test_chat_shows_the_count_and_the_reason_after_every_message(chat):
    shown = chat(*TURNS)
    found = [shown.index(f"[{n} of 3] Counted: a judgement about the case with a reason.") for n in (1, 2, 3)]
    assert found == sorted(found)


def test_chat_ends_with_an_empty_line_and_goes_on_where_it_was(chat):
    chat(TURNS[0], "", "never typed")
    assert [turn.learner for turn in journal.latest("terminal", "lab1").exchanges] == [TURNS[0]]
    shown = chat(TURNS[1])
    assert "[2 of 3]" in shown and FIRST.ask not in shown


def test_chat_keeps_learners_and_labs_apart(chat, judge: Toy):
    judge.parts = {}
    chat(TURNS[0], options=("--learner", "ada", "--lab", "lab2"))
    assert len(journal.latest("ada", "lab2").exchanges) == 1 and journal.latest("terminal", "lab1") is None


@pytest.mark.parametrize("line", ["tell me", "Tell me.", "TELL ME!"])
def test_tell_me_is_the_wish_to_be_told(chat, judge: Toy, line: str):
    assert "[0 of 3]" in chat(line)
    assert journal.latest("terminal", "lab1").exchanges[0].told and judge.asked == []


def test_a_message_that_was_cut_off_is_answered_before_the_next_is_asked_for(chat):
    dialogue.add_message(dialogue.resume("terminal", "lab1"), TURNS[0])
    assert "[1 of 3]" in chat()
    assert dialogue.unanswered_turn(journal.latest("terminal", "lab1")) is None


def test_chat_shows_the_next_case_when_the_talk_turns_to_it(chat, judge: Toy):
    judge.why = "empty_agreement"
    shown = chat("fine", "lovely", "great", "thanks")
    assert "“Three points on 164 problems”" in shown and "Cobalt-7B solves 71.3% of HumanEval" not in shown
    assert "Cobalt-7B solves 71.3% of HumanEval" in chat("yes please")


def test_a_lab_that_does_not_exist_exits_with_2(judge: Toy, capsys: pytest.CaptureFixture[str]):
    assert cli.main(["chat", "--lab", "lab9"]) == 2
    assert "lab9" in capsys.readouterr().err
