"""Calibration: bins by hand, Brier scores against lm-eval, luck against its own formula, and what is not known."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable

import pytest

from engine import Task
from engine.analysis.calibration import Calibration, Uncalibrated, calibration, calibration_of
from engine.battles.battle import ItemFailure, ItemResult
from engine.harness.config import Decoding
from engine.report import as_json, sentences
from engine.tasks.items import load_items
from engine.tasks.task import Scorer
from tests.conftest import toy_task
from tests.engine.toy_battles import battle_of, result_of

AddTask = Callable[[Task], Task]


def two_way(confidence: float) -> tuple[float, float]:
    """Log-likelihoods of two choices, the first chosen with this share."""
    return math.log(confidence) - 3, math.log(1 - confidence) - 3


def computed(*answers: tuple[tuple[float, ...], int, int]) -> Calibration:
    found = calibration_of("Gemma", answers)
    assert isinstance(found, Calibration)
    return found


def test_the_brier_score_is_lm_evals() -> None:
    """brier_score(zip([0, 1, 2], softmax of these)) of lm-eval 0.4.13 is 0.7668407371699102."""
    sums = ((-1.0, -2.0, -3.0), (-4.0, -0.5, -0.25), (-2.0, -2.0, -7.0))
    found = computed((sums[0], 0, 0), (sums[1], 2, 1), (sums[2], 0, 2))
    assert found.brier == pytest.approx(0.7668407371699102, abs=1e-12)
    assert found.brier_guessing == pytest.approx(2 / 3)
    assert found.confidence == pytest.approx((0.66524096 + 0.55484088 + 0.49832117) / 3)
    assert found.accuracy == pytest.approx(1 / 3)


def test_the_confidence_is_that_of_the_choice_made() -> None:
    """Another rule may choose what is not likeliest; its confidence is then below a half."""
    assert computed((two_way(0.8), 1, 0), (two_way(0.8), 1, 0)).confidence == pytest.approx(0.2)


def test_two_bins_by_hand() -> None:
    """40 items, twenty a bin: sure of 60%, right on 9 of 20, and sure of 90%, right on 20 of 20."""
    low = [(two_way(0.6), 0, int(i >= 9)) for i in range(20)]
    high = [(two_way(0.9), 0, 0)] * 20
    found = computed(*low, *high)
    assert [(b.n, round(b.confidence, 9), b.accuracy) for b in found.bins] == [(20, 0.6, 0.45), (20, 0.9, 1.0)]
    assert found.ece == pytest.approx((0.15 + 0.1) / 2)
    assert found.bins[0].interval.low < 0.45 < found.bins[0].interval.high


def test_equal_confidences_share_a_bin() -> None:
    """Which of them are right must not depend on the order they came in."""
    answers = [(two_way(0.7), 0, int(i % 3 == 0)) for i in range(60)] + [(two_way(0.9), 0, 0)] * 4
    found = computed(*answers)
    assert [b.n for b in found.bins] == [64]
    random.Random(1).shuffle(answers)
    assert computed(*answers).ece == pytest.approx(found.ece)


def honest(n: int, seed: int, shift: float = 0.0) -> list[tuple[tuple[float, ...], int, int]]:
    """Answers that are right as often as they are sure, or less often by `shift`."""
    draw = random.Random(seed)
    sure = [draw.uniform(0.55, 0.95) for _ in range(n)]
    return [(two_way(share), 0, int(draw.random() >= share - shift)) for share in sure]


def test_what_luck_alone_shows_follows_from_the_normal_law() -> None:
    """A bin's right answers less their expectation spread by sqrt(sum p(1 - p)); the mean size of a normal deviate
    is sqrt(2 / pi)."""
    answers = honest(2_000, 3)
    shares = sorted(math.exp(sums[0]) / (math.exp(sums[0]) + math.exp(sums[1])) for sums, *_ in answers)
    bins = [shares[i : i + 200] for i in range(0, 2_000, 200)]
    expected = sum(math.sqrt(2 / math.pi * sum(p * (1 - p) for p in held)) for held in bins) / 2_000
    found = computed(*answers)
    assert len(found.bins) == 10
    assert found.if_calibrated == pytest.approx(expected, rel=0.03)
    assert found.limit > found.if_calibrated


def test_an_honest_model_is_not_called_miscalibrated_and_a_boastful_one_is() -> None:
    assert sum(computed(*honest(300, seed)).p_value < 0.05 for seed in range(20)) <= 4  # 1 expected
    boastful = computed(*honest(300, 1, shift=0.2))
    assert boastful.p_value < 0.01 and boastful.ece > boastful.limit
    assert "more than luck; on average it is" in sentences(boastful)[1] and "surer than right" in sentences(boastful)[1]
    assert "no miscalibration is seen" in sentences(computed(*honest(300, 1)))[1]


def test_a_battle_says_the_same_again() -> None:
    assert computed(*honest(100, 5)) == computed(*honest(100, 5))


def test_of_a_battle(add_task: AddTask, contenders: tuple[str, str]) -> None:
    task = add_task(toy_task())
    items = load_items(task)
    sure = {
        item.id: ItemResult(
            item_id=item.id,
            score=float(item.gold == 0),
            choice=0,
            logliks=(math.log(0.5), math.log(0.25), math.log(0.25)),
        )
        for item in items
    }
    lost = sure | {items[0].id: ItemFailure(item_id=items[0].id, reason="error", message="no")}
    bare = {item.id: ItemResult(item_id=item.id, score=1.0, choice=0) for item in items}
    result = result_of(battle_of(task, contenders), sure, lost)
    a, b = calibration(result, "a"), calibration(result, "b")
    assert isinstance(a, Calibration) and isinstance(b, Calibration)
    assert (a.name, a.n, a.accuracy, a.confidence) == ("ruby", 40, 14 / 40, pytest.approx(0.5))
    assert (b.name, b.n, b.accuracy) == ("jade", 39, 13 / 39)
    assert json.loads(json.dumps(as_json(a)))["ece"] == pytest.approx(0.15)
    without = calibration(result_of(battle_of(task, contenders), bare, bare), "a")
    assert isinstance(without, Uncalibrated) and "stored log-likelihoods" in sentences(without)[0]


def test_what_was_written_shows_no_confidence(add_task: AddTask, contenders: tuple[str, str]) -> None:
    task = add_task(toy_task(decoding=Decoding(max_tokens=9, until=()), extractions={"all": Scorer(str)}))
    told = calibration(result_of(battle_of(task, contenders), {}, {}), "b")
    assert isinstance(told, Uncalibrated)
    assert as_json(told) == {"not_computed": "jade wrote its answers: how sure it was of them is not known."}
