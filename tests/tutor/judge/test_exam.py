"""The exam for judges: paired, with intervals, and only a difference beyond the noise changes who judges."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.models import OpenAIClient
from tests.raw_server import HEAD, endless, serving
from tests.tutor.judge.test_assessment import CASE, THOUGHT, Toy, message
from tutor import configuration
from tutor import judge as judging
from tutor.endpoint import TutorEndpoint
from tutor.errors import EndpointFailure, JudgeFailure
from tutor.exchange import Assessment, Message
from tutor.journal import save_note
from tutor.judge import exam
from tutor.judge.assessment import Judge
from tutor.judge.exam import MOST_FAILURES, Exam, ExamMessage, accuracy, exam_messages
from tutor.judge.llm import LlmJudge
from tutor.judge.rules import OwnWords

MESSAGES = exam._FILE.parent / "messages"
LABELS = {each.message.learner: each.substantive for each in exam_messages()}
DENIED = {each.message.learner: each.denied for each in exam_messages() if each.denied}
OF = len(LABELS)


class Knows:
    """A judge that knows the labels, but is wrong about the first `wrong` messages and silent about the last `silent`.

    Where it `misreads`, it takes denied beliefs for held ones.
    """

    name = "knows"

    def __init__(self, wrong: int = 0, silent: int = 0, *, misreads: bool = False) -> None:
        order = list(LABELS)
        self.wrong, self.silent = set(order[:wrong]), set(order[len(order) - silent :])
        self.held = DENIED if misreads else {}

    def assess(self, message: Message, own: OwnWords) -> Assessment:
        if message.learner in self.silent:
            raise JudgeFailure("out")
        right = LABELS[message.learner] != (message.learner in self.wrong)
        held = self.held.get(message.learner)
        return Assessment(why="reasons_about_claim" if right else "off_topic", judge=self.name, misconception=held)


def sat(judge: Judge, local: Judge) -> Exam:
    """The exam, sat to its end."""
    sitting = Exam.sit(judge, local, "TOOLS")
    while True:
        try:
            next(sitting)
        except StopIteration as end:
            return end.value


def marks(right: int, wrong: int) -> tuple[int, ...]:
    return (1,) * right + (0,) * wrong


# ------------------------------------------------------------------------ the paper


def test_the_exam_has_eighty_different_messages_with_both_labels_in_every_lab():
    assert len(exam_messages()) == len(LABELS) == 80
    assert sum(LABELS.values()) == 28
    labs = [(each.message.lab.slug, each.substantive) for each in exam_messages()]
    assert {(slug, label): labs.count((slug, label)) for slug, label in labs} == {
        (f"lab{n}", label): 7 if label else 13 for n in (1, 2, 3, 4) for label in (True, False)
    }


def test_the_denied_beliefs_are_the_labs_own_and_their_messages_count():
    denying = [each for each in exam_messages() if each.denied]
    assert len(denying) == 8 and all(each.substantive for each in denying)
    assert all(each.message.lab.misconception(each.denied).id == each.denied for each in denying if each.denied)


def test_nothing_of_it_is_among_the_messages_that_the_local_judge_learned_from():
    lines = [line for file in MESSAGES.glob("*.jsonl") for line in file.read_text(encoding="utf-8").splitlines()]
    learned = {" ".join(json.loads(line)["learner"].casefold().split()) for line in lines}
    assert len(learned) > 1000
    assert not {" ".join(said.casefold().split()) for said in LABELS} & learned


# --------------------------------------------------------------------- who takes over


def test_a_judge_as_good_as_the_local_one_does_not_take_over():
    result = sat(Knows(), Knows())
    assert result.given == result.local == (1,) * OF
    assert result.verdict is not None and result.verdict.gap == 0 and not result.takes_over


def test_a_judge_that_is_always_right_takes_over_from_one_that_is_often_wrong():
    result = sat(Knows(), Toy("off_topic"))  # the toy misses every substantive message
    assert sum(result.local) == OF - sum(LABELS.values())
    assert result.verdict is not None and result.verdict.winner == "a" and result.takes_over


def test_a_judge_that_takes_a_denied_belief_for_a_held_one_is_wrong_on_that_message():
    result = sat(Knows(misreads=True), Knows())
    assert sum(result.given) == OF - len(DENIED)  # type: ignore[arg-type]
    assert [said for said, mark in zip(LABELS, result.given, strict=True) if not mark] == list(DENIED)


def test_to_ask_about_a_belief_or_to_find_another_one_is_no_misreading():
    (first, *_) = (each for each in exam_messages() if each.denied)
    given = Assessment(why="reasons_about_claim", suspected=first.denied, misconception="micro_macro_swapped")
    assert first.mark(given) == 1
    assert first.mark(replace(given, misconception=first.denied)) == 0


def test_a_judge_that_is_worse_does_not_take_over():
    assert not sat(Toy("off_topic"), Knows()).takes_over


@pytest.mark.parametrize("better", [1, 2])
def test_a_few_messages_more_are_within_the_noise(better: int):
    result = Exam(judge="m", mode="JSON", given=(1,) * OF, local=marks(OF - better, better))
    assert not result.takes_over


def test_the_comparison_is_paired_message_by_message():
    """The same two totals, 60 and 46 of 80: what decides is on how many messages the two differ."""
    noisy = Exam(judge="m", mode="JSON", given=marks(60, 20), local=marks(46, 34))
    crossed = Exam(judge="m", mode="JSON", given=marks(60, 20), local=marks(46, 34)[::-1])
    assert noisy.takes_over and not crossed.takes_over


# ----------------------------------------------------------------------------- silence


def test_a_message_without_a_judgement_is_none_and_never_wrong():
    result = sat(Knows(silent=3), Toy("off_topic"))
    assert result.given[-3:] == (None, None, None) and 0 not in result.given
    assert result.failures == 3
    assert accuracy(result.given) == accuracy((1,) * (OF - 3))


@pytest.mark.parametrize(("silent", "takes"), [(MOST_FAILURES, True), (MOST_FAILURES + 1, False)])
def test_who_is_often_silent_does_not_take_over_however_right(silent: int, takes: bool):
    assert sat(Knows(silent=silent), Toy("off_topic")).takes_over is takes


@pytest.mark.parametrize("given_marks", [(None,) * OF, (None,) * (OF - 1) + (1,)])
def test_of_fewer_than_two_messages_there_is_no_verdict(given_marks: tuple[int | None, ...]):
    result = Exam(judge="m", mode="JSON", given=given_marks, local=(0,) * OF)
    assert result.verdict is None and not result.takes_over


def test_the_local_judge_sits_it_with_its_rules(monkeypatch: pytest.MonkeyPatch):
    paper = [
        ExamMessage(message=message(said), substantive=counts, denied=None)
        for said, counts in ((CASE.text, False), (THOUGHT, True))
    ]
    monkeypatch.setattr(exam, "exam_messages", lambda: paper)
    toy = Toy()
    assert sat(Toy(), toy).local == (1, 1)
    assert [one.learner for one in toy.asked] == [THOUGHT]


def test_the_sitting_tells_how_far_it_is():
    assert list(islice(Exam.sit(Knows(), Knows(), "TOOLS"), 3)) == [(1, OF), (2, OF), (3, OF)]


# --------------------------------------------------------------------------- intervals


def test_a_share_comes_with_its_wilson_interval():
    share, interval = accuracy(marks(36, 4))  # type: ignore[misc]
    assert share == 0.9
    assert (interval.low, interval.high) == pytest.approx((0.7695, 0.9604), abs=5e-5)


@given(st.integers(0, 40), st.integers(2, 40))
def test_the_interval_is_wilsons_for_any_count(right: int, of: int):
    right = min(right, of)
    share, interval = accuracy(marks(right, of - right))  # type: ignore[misc]
    z, p = 1.959964, right / of
    middle, half = p + z * z / (2 * of), z * math.sqrt(p * (1 - p) / of + z * z / (4 * of * of))
    expected = ((middle - half) / (1 + z * z / of), (middle + half) / (1 + z * z / of))
    assert (interval.low, interval.high) == pytest.approx(expected, abs=1e-6)
    assert 0 <= interval.low <= share <= interval.high <= 1


@pytest.mark.parametrize("few", [(), (1,), (None, None), (None, 1)])
def test_of_fewer_than_two_marks_there_is_no_share(few: tuple[int | None, ...]):
    assert accuracy(few) is None


# ------------------------------------------------------------------- kept and followed


def test_an_exam_comes_back_from_json_as_it_was():
    result = sat(Knows(wrong=2, silent=1), Toy())
    assert Exam.from_dict(json.loads(json.dumps(result.as_dict()))) == result


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[TutorEndpoint]:
    """An endpoint that is set up and that nobody speaks to, beside a toy local judge."""
    monkeypatch.setenv("TUTOR_MODEL", "m")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    toy = Toy()
    monkeypatch.setattr(judging, "local_judge", lambda: toy)
    return TutorEndpoint.configured()  # type: ignore[return-value]


def test_without_an_exam_a_model_speaks_and_does_not_judge(endpoint: TutorEndpoint):
    tutor = configuration.configured_tutor()
    assert configuration.last_exam(endpoint) is None
    assert tutor.judge.name == "toy" and tutor.voice is not None and tutor.voice.name == "m"


def test_after_an_exam_within_the_noise_it_still_does_not_judge(endpoint: TutorEndpoint):
    configuration.save_exam(endpoint, Exam(judge="llm m", mode="JSON", given=marks(76, 4), local=marks(74, 6)))
    assert configuration.configured_tutor().judge.name == "toy"


def test_after_an_exam_it_won_it_judges(endpoint: TutorEndpoint):
    configuration.save_exam(endpoint, Exam(judge="llm m", mode="JSON", given=(1,) * OF, local=marks(40, 40)))
    judge = configuration.configured_tutor().judge
    assert isinstance(judge, LlmJudge) and judge.name == "llm m"


def test_an_exam_counts_for_the_model_and_address_that_sat_it_only(
    endpoint: TutorEndpoint, monkeypatch: pytest.MonkeyPatch
):
    configuration.save_exam(endpoint, Exam(judge="llm m", mode="JSON", given=(1,) * OF, local=marks(40, 40)))
    monkeypatch.setenv("TUTOR_MODEL", "another")
    assert configuration.configured_tutor().judge.name == "toy"


def test_without_an_endpoint_both_are_local(endpoint: TutorEndpoint, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("TUTOR_MODEL")
    tutor = configuration.configured_tutor()
    assert tutor.judge.name == "toy" and tutor.voice is None


# ------------------------------------------------------------------- a server that is out


class Silent:
    """A judge whose server does not answer from the message after `until` on."""

    name = "silent"

    def __init__(self, until: int) -> None:
        self.left, self.asked = until, 0

    def assess(self, message: Message, own: OwnWords) -> Assessment:
        self.asked += 1
        self.left -= 1
        if self.left < 0:
            raise JudgeFailure("out") from EndpointFailure("chat", "it does not answer", 0)
        return Assessment(why="off_topic", judge=self.name)


def test_an_exam_whose_server_falls_silent_is_broken_off():
    judge = Silent(until=5)
    with pytest.raises(EndpointFailure, match="does not answer"):
        sat(judge, Toy())
    assert judge.asked == 5 + exam.MOST_OUTAGES


def test_an_exam_at_a_server_that_drips_ends_soon(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(judging, "local_judge", Toy)
    monkeypatch.setattr(configuration, "OpenAIClient", partial(OpenAIClient, deadline=0.5, retries=0))
    with serving(lambda asked: (p for part in ([HEAD + b"\r\n"], endless(b" ", 0.05)) for p in part)) as server:
        endpoint = TutorEndpoint(server.url, "m")
        save_note(f"m@{server.url}", "JSON")  # the way to ask for a form was found before
        started = time.monotonic()
        with pytest.raises(EndpointFailure, match=r"within 0\.5 s"):
            list(configuration.take_exam(endpoint))
        assert time.monotonic() - started < 10.0
        assert configuration.last_exam(endpoint) is None
