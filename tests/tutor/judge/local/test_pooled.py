"""The local judge in a process of its own: the same judgements, none of the weights, and an end to what takes long."""

from __future__ import annotations

import dataclasses

import pytest

from engine.isolation import Limits
from tests.loading import loaded
from tests.tutor.judge.test_assessment import THOUGHT, message
from tutor.errors import JudgeFailure
from tutor.judge.local import loaded_judge, name_here, pooled
from tutor.judge.rules import extract_own_words

NAMES = (THOUGHT, "ok", "Three runs with one seed each would show how far 1.2 points can move by luck alone.", "दो अंक")


def test_it_judges_as_the_judge_in_its_process_does():
    for words in NAMES:
        said = message(words, earlier=("Who measured it?",))
        own = extract_own_words(said)
        assert pooled.local_judge().assess(said, own) == loaded_judge().assess(said, own)


def test_its_name_is_the_one_in_its_assessments():
    said = message(THOUGHT)
    assert name_here() == pooled.local_judge().name == loaded_judge().assess(said, extract_own_words(said)).judge


def test_who_asks_it_loads_no_weights():
    said = (
        "from tests.tutor.judge.test_assessment import THOUGHT, message; from tutor.judge import assess, local_judge;"
        "assert assess(message(THOUGHT), local_judge()).judge.startswith('local')"
    )
    assert loaded({"tokenizers", "safetensors", "scipy"}, said) == [set()]


def test_a_message_that_takes_long_is_stopped_and_said_so(monkeypatch: pytest.MonkeyPatch):
    hasty = dataclasses.replace(pooled.ASSESS, limits=Limits(time=0.0))
    monkeypatch.setattr(pooled, "ASSESS", hasty)
    said = message(THOUGHT)
    with pytest.raises(JudgeFailure, match="Reading this message took longer than 0 s"):
        pooled.PooledJudge().assess(said, extract_own_words(said))


def test_the_server_may_have_it_loaded_before_anybody_writes():
    judge = pooled.PooledJudge()
    judge.load()
    said = message(THOUGHT)
    assert judge.assess(said, extract_own_words(said)).judge == name_here()
