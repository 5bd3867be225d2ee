"""One model against itself, and a battle under other settings: planned, run through the real ledger, and told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine import BattleRequest, CallerMistake, Item, Task, runs
from engine.analysis import repeats, robustness
from engine.analysis.variations import NotApplicable
from engine.battles.battle import ItemResult
from engine.cli import main
from engine.errors import BattleFailed
from engine.harness.config import Decoding
from engine.models.interface import Completion, Trouble
from engine.report import sentences
from engine.runs.lock import device_lock
from engine.runs.worker import work
from engine.store.ledger import Ledger
from engine.tasks.task import Scorer
from tests.conftest import ToyModel, toy_rows, toy_task
from tests.engine.quiz import Reader, quiz

AddTask = Callable[[Task], Task]
Capture = pytest.CaptureFixture[str]
OPENING = "What follows is from an exam"


def swayed(number: int, text: str) -> bool:
    """Right on 15 of 32; an instruction costs three of them and wins nine others, and one at a time is as ever."""
    return 3 <= number < 24 if text.startswith(OPENING) else number < 15


@pytest.fixture
def quizzed(add_task: AddTask) -> Task:
    return add_task(quiz())


@pytest.fixture
def challenge(quizzed: Task, contenders: tuple[str, str]) -> BattleRequest:
    return BattleRequest(a=contenders[0], b=contenders[0], task=quizzed.name, device="cpu")


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Opens readers that are swayed by an instruction; the list holds what was opened, in which precision."""
    told: list[tuple[str, str]] = []

    def open_reader(address: str, device: str, dtype: str) -> Reader:
        told.append((Path(address).name, dtype))
        return Reader(swayed, Path(address).name)

    monkeypatch.setattr("engine.runs.worker.open_model", open_reader)
    return told


@pytest.fixture
def no_bfloat16(monkeypatch: pytest.MonkeyPatch, in_process: None) -> None:
    def no_half(address: str, device: str, dtype: str) -> Reader:
        if dtype == "bfloat16":
            raise CallerMistake("This device has no bfloat16.")
        return Reader(swayed)

    monkeypatch.setattr("engine.runs.worker.open_model", no_half)


def measured(challenge: BattleRequest, parts: tuple[str, ...] = repeats.SOURCES) -> robustness.RobustnessReport:
    return robustness.report(repeats.start(repeats.plan_repeats_of_model(challenge, parts)), parts)


# ---- the plan


def test_every_run_is_one_side_and_none_is_run_twice(challenge: BattleRequest) -> None:
    battles = repeats.plan_repeats_of_model(challenge)
    sides = [battle.contender(side).harness for battle in battles for side in ("a", "b")]
    assert len(battles) == 4 and len(sides) == 8
    assert len(set(sides)) == 7  # as given twice: the repetition
    assert battles[0].a == replace(battles[0].a, harness=quiz().harness())
    assert {battle.repeat_of for battle in battles} == {battles[0].id}
    assert len({battle.id for battle in battles}) == 4
    assert {(b.item_ids, b.items_digest, b.task, b.stop) for b in battles} == {
        (battles[0].item_ids, battles[0].items_digest, "quiz", "planned")
    }


@pytest.mark.parametrize(("parts", "battles"), [(("instrument",), 1), (("rerun",), 2), (("protocol",), 3)])
def test_only_what_is_asked_for_is_run(parts: tuple[str, ...], battles: int, challenge: BattleRequest) -> None:
    """Base and 0, 3 or 4 variations; an odd one is paired with a repetition."""
    assert len(repeats.plan_repeats_of_model(challenge, parts)) == battles


@pytest.mark.parametrize("parts", [(), ("luck",), ("rerun", "luck")])
def test_a_part_there_is_not(parts: tuple[str, ...], challenge: BattleRequest) -> None:
    with pytest.raises(CallerMistake, match="Use some of: rerun, protocol, instrument"):
        repeats.plan_repeats_of_model(challenge, parts)


def test_a_battle_is_repeated_with_both_sides_changed_alike(
    challenge: BattleRequest, contenders: tuple[str, str]
) -> None:
    battle = runs.plan(replace(challenge, b=contenders[1], limit=20))
    family = repeats.plan_repeats(battle, 12)
    assert len(family) == 7
    for other in family:
        assert (other.a.model, other.b.model) == contenders
        assert other.a.harness == other.b.harness
        assert other.item_ids == battle.item_ids[:12]
        assert (other.repeat_of, other.forecast, other.stop) == (battle.id, None, "planned")
    assert len({other.a.harness for other in family}) == 7
    assert [other.a.harness for other in repeats.plan_repeats(battle, 12, ("rerun",))] == [
        other.a.harness for other in family[4:]
    ]


def test_a_server_is_not_given_what_it_cannot_be_given(challenge: BattleRequest, contenders: tuple[str, str]) -> None:
    """Batch and precision are a local model's; changed on one side alone they would not be the battle again."""
    battle = runs.plan(replace(challenge, b="openai:m@https://host.example/v1"))
    (again,) = repeats.plan_repeats(battle, 12, ("rerun",))
    assert (again.a, again.b) == (battle.a, battle.b)


def test_too_few_items_to_repeat(challenge: BattleRequest, contenders: tuple[str, str]) -> None:
    with pytest.raises(CallerMistake, match="1 items are too few"):
        repeats.plan_repeats(runs.plan(replace(challenge, b=contenders[1])), 1)


# ---- running


def test_a_family_is_found_again_in_its_order(
    challenge: BattleRequest, contenders: tuple[str, str], opened: Any, in_process: None
) -> None:
    battle = runs.plan(replace(challenge, b=contenders[1], limit=10))
    runs.start(battle)
    planned = repeats.plan_repeats(battle, 6)
    repeats.start(planned)
    other = repeats.plan_repeats_of_model(replace(challenge, limit=8))
    repeats.start(other)
    assert [result.battle for result in repeats.entries(battle.id)] == planned
    assert [result.battle for result in repeats.entries(other[0].id)] == other
    assert {result.state for result in repeats.entries(battle.id)} == {"done"}
    assert repeats.entries("nothing") == []


def test_what_was_stopped_is_gone_on_with_and_nothing_is_counted_twice(
    challenge: BattleRequest, opened: Any, taken: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    family_id = repeats.start(repeats.plan_repeats_of_model(challenge))
    repeats.stop(family_id)
    assert {result.state for result in repeats.entries(family_id)} == {"stopped"}
    with pytest.raises(BattleFailed, match=r"0 scores for 32 items and is stopped.*noise --resume"):
        robustness.report(family_id)
    repeats.resume(family_id)
    assert {result.state for result in repeats.entries(family_id)} == {"queued"}


def test_a_run_that_is_complete_counts_though_its_partner_is_not(challenge: BattleRequest, taken: None) -> None:
    """The first side is written down whole, the other's last item is missing."""
    (battle,) = repeats.plan_repeats_of_model(challenge, ("instrument",))
    family_id = repeats.start([battle])
    with Ledger() as ledger:
        ledger.claim("cpu")
        results = [ItemResult(item_id=item, score=1.0, choice=0, logliks=(-1.0, -2.0)) for item in battle.item_ids]
        ledger.append(battle.id, "a", results)
        ledger.append(battle.id, "b", results[:-1])
    repeats.stop(family_id)
    report = robustness.report(family_id)
    assert (report.n, report.score, report.measured) == (32, 1.0, ())
    stopped = NotApplicable(part="rerun", label="the same again", reason="its run is stopped")
    assert stopped in report.not_measured
    untried = NotApplicable(part="protocol", label="instruction first", reason="not run")
    assert untried in report.not_measured
    assert "How far these weights move is not known" in " ".join(sentences(report))


def test_a_kill_in_the_middle_changes_nothing(
    challenge: BattleRequest, opened: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with device_lock("cpu") as mine:
        assert mine
        whole, family_id = (repeats.start(repeats.plan_repeats_of_model(challenge)) for _ in range(2))

    class Dying(Reader):
        def rank(self, items: Any, skip: Any = ()) -> Iterator[Any]:
            if len(self.sizes) == 8:
                raise SystemExit(137)
            yield from super().rank(items, skip)

    with monkeypatch.context() as patch:
        patch.setattr("engine.runs.worker.open_model", lambda *_: Dying(swayed))
        with pytest.raises(SystemExit):
            work("cpu")
    work("cpu")
    one, other = robustness.report(whole), robustness.report(family_id)
    assert one.moves == other.moves and one.n == other.n == 32
    assert replace(one, id="") == replace(other, id="")


# ---- the report


def test_what_moved_and_how_far(challenge: BattleRequest, opened: list[tuple[str, str]], in_process: None) -> None:
    """Nine won and three lost of 32: the interval is the one Tango 1998 gives for that table, section 6.2."""
    report = measured(challenge)
    assert (report.n, report.planned, report.score) == (32, 32, 15 / 32)
    moves = {move.label: move for move in report.moves}
    first = moves.pop("instruction first")
    assert (first.part, first.n, first.gained, first.lost) == ("protocol", 32, 9, 3)
    assert (first.before, first.after, first.moved) == (15 / 32, 21 / 32, pytest.approx(6 / 32))
    assert first.interval and (round(first.interval.low, 3), round(first.interval.high, 3)) == (-0.027, 0.390)
    assert moves.keys() == {
        "options reversed", "short labels", "5 worked examples",
        "the same again", "one item at a time", "bfloat16",
    }  # fmt: skip
    assert all(move.moved == move.gained == move.lost == 0 for move in moves.values())
    assert report.span == pytest.approx(6 / 32)
    assert (report.largest("protocol"), report.largest("instrument")) == (first, None)
    reasons = {why.label: why.reason for why in report.not_measured}
    assert reasons["another rule"] == "choices of one length, so every rule chooses alike"
    assert reasons["seed"] == "nothing is drawn, choices are ranked"
    assert [dtype for _, dtype in opened].count("bfloat16") == 1


def test_the_words_say_the_numbers(challenge: BattleRequest, opened: Any, in_process: None) -> None:
    """Wilson for 15 of 32 by hand: centre (15 + 1.9207) / 35.8415 = .4721, reach 1.9600 / 35.8415 · sqrt(15 · 17 / 32
    + .9604) = .1634."""
    said = sentences(measured(challenge))
    assert said[0] == "ruby scored 46.9% on 32 items of Toy; 95% interval 30.9% to 63.6% (Wilson score)."
    assert (
        "Protocol, instruction first: 65.6%, 18.8 points up (9 answers became right and 3 wrong, of 32; 95% interval: "
        "2.7 points down to 39.0 points up)."
    ) in said
    assert "Furthest by part: rerun unmoved (the same again); protocol 18.8 points up (instruction first)." in said
    assert (
        "The same weights moved by up to 18.8 points on these 32 items; a gap smaller than that between two models "
        "measured under different settings says nothing."
    ) in said
    assert any("the furthest of 7 moves is the furthest partly by luck" in sentence for sentence in said)
    assert "Not measured: other worked examples (protocol): none are shown." in said


def test_nothing_moved(challenge: BattleRequest, in_process: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.runs.worker.open_model", lambda *_: Reader(lambda number, text: number < 15))
    report = measured(challenge, ("rerun",))
    assert report.span == 0
    assert "The score of the same weights did not move on these 32 items, and no answer changed" in " ".join(
        sentences(report)
    )
    assert [m.label for m in report.moves] == ["the same again", "one item at a time", "bfloat16"]
    assert {(why.part, why.reason) for why in report.not_measured} >= {
        ("protocol", "not asked for"),
        ("instrument", "not asked for"),
    }


def test_answers_that_change_places_do_not_look_like_rest(
    challenge: BattleRequest, in_process: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shifted(number: int, text: str) -> bool:
        return 5 <= number < 20 if text.startswith(OPENING) else number < 15

    monkeypatch.setattr("engine.runs.worker.open_model", lambda *_: Reader(shifted))
    report = measured(challenge, ("protocol",))
    assert report.span == 0
    assert "did not move on these 32 items, though some answers changed" in " ".join(sentences(report))


def test_an_odd_run_is_paired_with_one_more_repetition(
    challenge: BattleRequest, add_task: AddTask, opened: Any, in_process: None
) -> None:
    add_task(quiz(shots=0))  # no worked examples: two variations of protocol and the order
    report = measured(challenge)
    assert [m.label for m in report.moves if m.label.startswith("the same")] == ["the same again", "the same once more"]


def test_a_run_that_failed_is_not_measured_and_says_why(challenge: BattleRequest, no_bfloat16: None) -> None:
    report = measured(challenge)
    lost = {why.label: why.reason for why in report.not_measured if "run is" in why.reason}
    assert lost == {
        "one item at a time": "its run is failed: This device has no bfloat16",  # its partner in the battle
        "bfloat16": "its run is failed: This device has no bfloat16",
    }
    assert {m.label for m in report.moves} >= {"instruction first", "the same again"}


def test_items_without_a_score_are_left_out_and_counted(
    challenge: BattleRequest, in_process: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Failing(Reader):
        def rank(self, items: Any, skip: Any = ()) -> Iterator[Any]:
            lost = "4" if items[0].pairs[0][0].startswith(OPENING) else "0"
            for batch in super().rank(items, skip):
                yield [Trouble(item_id=lost, reason="error", message="no") if o.item_id == lost else o for o in batch]

    monkeypatch.setattr("engine.runs.worker.open_model", lambda *_: Failing(swayed))
    report = measured(challenge, ("protocol",))
    moves = {move.label: move for move in report.moves}
    assert (report.n, report.planned, report.score) == (31, 32, 14 / 31)  # item 0 was right
    assert "on 31 items of Toy (1 more have no score)" in sentences(report)[0]
    first = moves["instruction first"]
    assert (first.n, first.gained, first.lost) == (30, 9, 2)  # nor item 4, right both ways
    assert (first.before, first.after) == (13 / 30, 20 / 30)


def test_an_unknown_measurement(challenge: BattleRequest, opened: Any, in_process: None) -> None:
    with pytest.raises(CallerMistake, match="no measurement of noise 'nope'"):
        robustness.report("nope")


def test_a_battle_between_two_is_no_measurement_of_one(
    challenge: BattleRequest, contenders: tuple[str, str], opened: Any, in_process: None
) -> None:
    battle = runs.plan(replace(challenge, b=contenders[1]))
    runs.start(battle)
    repeats.start(repeats.plan_repeats(battle, 8, ("rerun",)))
    with pytest.raises(CallerMistake, match="no measurement of noise"):
        robustness.report(battle.id)


# ---- the instrument


class Writer(ToyModel):
    """Writes what stands under the number of the question."""

    texts: tuple[tuple[str, bool], ...] = (
        ("= 7", False),  # right by either rule
        ("= 8", False),  # wrong by either
        ("it is 7", False),  # only the loose rule reads it: right
        ("it is 8", False),  # only the loose rule reads it: wrong
        ("I give up", False),  # nobody reads it
        ("let me see", True),  # cut off, nothing to read
        ("so far 7", True),  # cut off, but the loose rule finds a number
        ("= 7", False),
    )

    def write(self, items: Any, decoding: Decoding, skip: Any = ()) -> Iterator[Any]:
        for item in items:
            if item.item_id not in skip:
                text, cut = self.texts[int(item.item_id.partition("/")[2])]
                yield [Completion(item_id=item.item_id, text=text, truncated=cut, tokens=5, seconds=0.5)]


def strict(text: str) -> str | None:
    return text.partition("= ")[2] or None


def loose(text: str) -> str | None:
    return next((word for word in reversed(text.split()) if word.isdigit()), None)


@pytest.fixture
def essay(add_task: AddTask) -> Task:
    def is_seven(answer: str, item: Item) -> float:
        return float(answer == "7")

    return add_task(
        toy_task(
            rows=toy_rows({"sum": 8}),
            decoding=Decoding(max_tokens=9, until=()),
            extractions={"strict": Scorer(strict, is_seven), "loose": Scorer(loose, is_seven)},
        )
    )


def test_stored_answers_are_read_by_the_other_rules_and_bounded(
    essay: Task, contenders: tuple[str, str], in_process: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Strict: items 0 and 7 right of the 6 that ended. Loose, on those six: item 2 as well. Nothing read: 2, 3, 4 of
    those that ended, and the two cut off; all right gives (2 + 5) / 8, all wrong 2 / 8."""
    monkeypatch.setattr("engine.runs.worker.open_model", lambda *_: Writer("w"))
    challenge = BattleRequest(a=contenders[0], b=contenders[0], task=essay.name, device="cpu")
    report = measured(challenge, ("instrument",))
    assert (report.n, report.planned, report.score) == (6, 8, pytest.approx(2 / 6))
    other, best, worst = report.moves
    assert (other.label, other.n, other.gained, other.lost) == ("loose", 6, 1, 0)
    assert (other.before, other.after) == (pytest.approx(2 / 6), pytest.approx(3 / 6))
    assert (best.after, worst.after, best.n, worst.n) == (7 / 8, 2 / 8, 8, 8)
    assert best.interval is worst.interval is None
    assert best.label == "3 unread and 2 cut-off answers taken as right"
    assert report.largest("instrument") == other  # a bound is no measurement
    assert report.span == pytest.approx(1 / 6)
    assert any("87.5% of 8, a bound and not a measurement" in sentence for sentence in sentences(report))


def test_every_answer_read_leaves_no_bounds(
    essay: Task, contenders: tuple[str, str], in_process: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.runs.worker.open_model", lambda *_: ToyModel("w", says="= 7"))
    report = measured(BattleRequest(a=contenders[0], b=contenders[0], task=essay.name, device="cpu"), ("instrument",))
    assert {why.label: why.reason for why in report.not_measured}["unread answers"] == "every answer was read"
    assert [move.label for move in report.moves] == ["loose"]


def test_choices_of_other_lengths_are_read_per_character_too(
    toy: Task, contenders: tuple[str, str], in_process: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """red, green, blue with -6, -8, -9: the sum says red, per character -2, -1.6, -2.25 says green."""

    class Fixed(ToyModel):
        def rank(self, items: Any, skip: Any = ()) -> Iterator[Any]:
            for batch in super().rank(items, skip):
                yield [replace(o, sums=(-6.0, -8.0, -9.0)) for o in batch]

    monkeypatch.setattr("engine.runs.worker.open_model", lambda *_: Fixed("f"))
    report = measured(BattleRequest(a=contenders[0], b=contenders[0], task=toy.name, device="cpu"), ("instrument",))
    for move in report.moves:  # 10 + 4 items have red as their answer, 10 + 3 green; all letters are one byte
        assert (move.before, move.after, move.gained, move.lost) == (14 / 40, 13 / 40, 13, 14)
    assert [move.label for move in report.moves] == ["highest per character (acc_norm)", "highest per byte (acc_bytes)"]
    reasons = {why.label: why.reason for why in report.not_measured}
    assert reasons["highest per token"] == "how many tokens each choice has is not stored"


# ---- the command line


def run(contenders: tuple[str, str], *more: str) -> int:
    return main(["noise", "--model", contenders[0], "--task", "quiz", "--limit", "32", "--device", "cpu", *more])


def test_the_command(
    quizzed: Task, contenders: tuple[str, str], opened: Any, in_process: None, tmp_path: Path, capsys: Capture
) -> None:
    assert run(contenders, "--json", str(tmp_path / "n.json")) == 0
    out, err = capsys.readouterr()
    told = json.loads((tmp_path / "n.json").read_text())
    assert out.splitlines() == told["sentences"]
    assert err.startswith(f"measurement {told['id']}\n")
    assert told["span"] == pytest.approx(6 / 32)
    assert {move["label"]: move["moved"] for move in told["moves"]}["instruction first"] == pytest.approx(6 / 32)
    assert told["moves"][0]["interval"].keys() == {"low", "high", "level", "method"}
    assert {"part", "label", "reason"} == told["not_measured"][0].keys()
    assert main(["noise", "--resume", told["id"]]) == 0
    assert capsys.readouterr().out == out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--model", "gemma-3-270m"], "Noise needs --task"),
        ([], "Noise needs --model and --task"),
        (["--model", "gemma", "--task", "piqa"], "Did you mean 'gemma-3-270m'"),
        (["--model", "gemma-3-270m", "--task", "piqa", "--parts", "luck"], "no part 'luck'"),
        (["--model", "gemma-3-270m", "--task", "piqa", "--limit", "1"], "--limit 1 is too few"),
        (["--resume", "0000"], "no measurement of noise '0000'"),
    ],
)
def test_mistakes_cost_one_line(arguments: list[str], words: str, taken: None, capsys: Capture) -> None:
    assert main(["noise", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == "" and words in err and "Traceback" not in err


def test_a_failed_run_is_told_of_and_the_others_go_on(
    quizzed: Task,
    contenders: tuple[str, str],
    no_bfloat16: None,
    capsys: Capture,
) -> None:
    assert run(contenders) == 0
    out, err = capsys.readouterr()
    assert "This device has no bfloat16." in err
    assert "moved by up to 18.8 points" in out


def test_an_interrupt_stops_the_family_and_says_how_to_go_on(
    quizzed: Task, contenders: tuple[str, str], taken: None, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", interrupted)
    with pytest.raises(SystemExit) as ended:
        run(contenders)
    assert ended.value.code == 130
    with Ledger() as ledger:
        entries = ledger.entries(measuring=True)
    assert {entry.state for entry in entries} == {"stopped"}
    assert f"noise --resume {entries[0].battle.repeat_of}" in capsys.readouterr().err
