"""The number of each measurement against other hands, from the recordings' raw JSON and by numpy and scipy 1.18 alone:

tango     brentq on the score statistic, the nuisance share found by maximising the trinomial likelihood
wilson    scipy.stats.binomtest(x, n).proportion_ci(0.95, "wilson")
newcombe  hypot of the distances of the two Wilson intervals' ends from their scores
sizes     ceil((norm.ppf(0.975) + norm.ppf(0.8)) ** 2 * discordance / gap ** 2)
alike     numpy.corrcoef
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

import engine.runs.worker
from engine import BattleRequest, CallerMistake, runs
from engine.analysis import recordings
from engine.runs import service
from labs import Measurement, load_lab, slugs
from labs.__main__ import main
from labs.curriculum import OURS
from labs.measurement import (
    BattleScores,
    Reading,
    answer_rules,
    first_place,
    measured,
    pairing,
    pilot,
    recorded_scores,
    scores_of_result,
)
from tests.conftest import InProcess, ToyModel

LABS = [load_lab(slug) for slug in slugs() if slug.startswith("lab")]


def scores(*right: tuple[str, int], n: int = 40, readings: dict[str, Reading] | None = None) -> BattleScores:
    """Two contenders, each right on the first so many of n items."""
    (a, right_a), (b, right_b) = right
    ids = [f"item {number}" for number in range(n)]
    return BattleScores(
        contenders=(a, b),
        a={item: float(number < right_a) for number, item in enumerate(ids)},
        b={item: float(number < right_b) for number, item in enumerate(ids)},
        own_rule="characters",
        readings=readings or {},
        source="by hand",
    )


def test_another_rule_moves_the_score_of_the_same_answers() -> None:
    claim = answer_rules(recorded_scores("openbookqa"), "sum")
    assert claim.value == pytest.approx(11.0) and claim.n == 500 and not claim.turned
    assert claim.interval is not None
    assert (claim.interval.low, claim.interval.high) == pytest.approx((6.5900173, 15.4782436), abs=1e-5)
    assert "133 marks changed: 94 for the better, 39 for the worse" in claim.words
    assert [round(part.value, 1) for part in claim.parts] == [20.2, 31.2, 20.0, 31.0]


def test_two_models_can_change_places_under_another_rule() -> None:
    """24.74% and 24.40% by the total, 26.88% and 28.50% per character: read off the recording's JSON."""
    assert answer_rules(recorded_scores("arc_challenge"), "sum").turned


@pytest.mark.parametrize("rule", ["characters", "unconditional", "nope"])
def test_a_rule_that_says_nothing_more_is_named(rule: str) -> None:
    with pytest.raises(CallerMistake, match=f"'{rule}' as well. It has other rules: bytes, sum, tokens"):
        answer_rules(recorded_scores("openbookqa"), rule)
    with pytest.raises(CallerMistake, match="other rules: none"):
        answer_rules(recorded_scores("arc_easy"), rule)


def test_the_same_gap_is_surer_question_by_question() -> None:
    claim = pairing(recorded_scores("piqa"))
    assert claim.value == pytest.approx(38.429323) and claim.interval is None and claim.n == 1838
    totals, by_question = claim.parts
    assert (totals.low, totals.high) == pytest.approx((-5.9976545, 0.1294097), abs=1e-5)
    assert (by_question.low, by_question.high) == pytest.approx((-4.8329673, -1.0604923), abs=1e-5)
    assert claim.turned and "correlate by 0.62" in claim.words and "differ on 312 questions" in claim.words


def test_a_gap_of_nothing_is_in_nobodys_favour() -> None:
    claim = pairing(scores(("ruby", 20), ("jade", 20)))
    assert "questions: no gap." in claim.words and not claim.turned


def test_a_pilot_sizes_the_test() -> None:
    claim = pilot(recorded_scores("arc_easy"), gap=5, items=100)
    assert (claim.value, claim.n) == (862, 100)
    assert claim.interval is not None and (claim.interval.low, claim.interval.high) == (605, 1144)
    assert [part.value for part in claim.parts] == [216, 862, 3448]
    assert "differed on 27" in claim.words and "−15.5 to +5.4 points" in claim.words


def test_a_pilot_needs_its_items() -> None:
    with pytest.raises(CallerMistake, match="40 complete items, and the pilot needs 41"):
        pilot(scores(("ruby", 20), ("jade", 10)), gap=5, items=41)


def test_places_are_sure_where_every_comparison_is() -> None:
    """McNemar's p by hand, 2^(1-k) for k answers that differ one way. ruby-jade 20: 2e-6; opal-jade 18: 8e-6; ruby-onyx
    15: 6e-5; opal-onyx 13: 2e-4; onyx-jade 5: 0.0625; ruby-opal 2: 0.5. By Holm the last two stay open, the others not.
    """
    claim = first_place([scores(("ruby", 30), ("jade", 10)), scores(("opal", 28), ("onyx", 15))])
    assert (claim.value, claim.n, claim.interval, claim.turned) == (2, 40, None, False)
    assert "ruby 75.0%, place 1 to 2; opal 70.0%, place 1 to 2; onyx 37.5%, place 3 to 4; jade 25.0%, pl" in claim.words


def test_a_board_of_four_real_rows() -> None:
    """scipy.stats.binomtest on the discordant counts 224-295, 217-284, 180-231, 200-247, 151-171, 151-155 of the raw
    JSON, times Holm's 6, 5, 4, 3, 2, 1: 0.013, 0.016, 0.054, then more. Only Gemma without examples is surely ahead, of
    both rows of SmolLM2.
    """
    claim = first_place([recorded_scores("mmlu_0shot"), recorded_scores("mmlu")])
    assert (claim.value, claim.n, claim.turned) == (2, 1000, False)
    assert [round(part.value, 1) for part in claim.parts] == [29.7, 27.7, 23.0, 22.6]
    assert [f"place {places}" in claim.words for places in ("1 to 2", "1 to 4", "2 to 4")] == [True, True, True]


def test_the_order_turns_where_another_side_leads() -> None:
    assert first_place([scores(("ruby", 30), ("jade", 10)), scores(("onyx", 15), ("opal", 28))]).turned


def test_only_items_that_all_have_are_ranked_and_nobody_meets_themselves() -> None:
    first, second = scores(("ruby", 30), ("jade", 10)), scores(("opal", 28), ("onyx", 15), n=30)
    assert first_place([first, second]).n == 30
    with pytest.raises(CallerMistake, match="0 items in common"):
        first_place([first, replace(second, a={}, b={})])
    with pytest.raises(CallerMistake, match="Two of the contenders are the same"):
        first_place([first, first])


@pytest.mark.parametrize("lab", LABS, ids=lambda lab: lab.slug)
def test_every_lab_has_a_number_that_its_recordings_give(lab: Any) -> None:
    measurement = lab.measurement
    assert measurement is not None
    claim = measured(measurement, [recorded_scores(battle.recording) for battle in measurement.battles])
    assert claim.source.startswith("recorded 20") and claim.words and claim.parts
    for battle in measurement.battles:
        recording = recordings.load(battle.recording)
        assert recording.task == battle.task and battle.shots in (None, recording.shots)


def test_a_battle_run_here_is_read_like_a_recording(
    toy: Any, contenders: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine.runs.worker, "open_model", lambda address, device, dtype: ToyModel(address))
    monkeypatch.setattr(service, "executor", InProcess())
    a, b = contenders
    battle_id = runs.start(runs.plan(BattleRequest(a=a, b=b, task="toy", device="cpu")))
    result = runs.result(battle_id)
    found = scores_of_result(result)
    assert found.contenders == ("ruby", "jade") and len(found.a) == 40
    assert f"40 questions of Toy (battle {battle_id})" in found.source and "measured here on 20" in found.source
    other = next(rule for rule in found.readings if rule != found.own_rule)
    claim = answer_rules(found, other)
    marks = {item: outcome.score for item, outcome in result.a.items()}  # type: ignore[union-attr]
    assert round(claim.value, 6) == round(100 * sum(marks.values()) / 40 - 100 * found.readings[other].a, 6)
    with pytest.raises(CallerMistake, match="is not over"):
        scores_of_result(replace(result, state="stopped"))


# ---- what an author may write


SOUND = load_lab("lab4").measurement


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"gap": None}, "`gap` is needed for pilot"),
        ({"rule": "sum"}, "`rule` means nothing for pilot"),
        ({"number": "answer_rules"}, "`rule` is needed for answer_rules"),
        ({"question": "You said {predicted}?"}, "`question` must hold {value} and {predicted}"),
        ({"near": "{prediction}"}, "`near` holds {prediction}; for pilot it may hold interval, n, predicted, value"),
        (
            {"number": "pairing", "gap": None, "pilot_items": None},
            "`near` holds {interval}; for pairing it may hold n, predicted, value",
        ),
        ({"battles": 2 * SOUND.model_dump()["battles"]}, "pilot reads 1 battle, and there are 2"),
        ({"battles": ()}, "at least 1 item"),
        ({"prediction": {"ask": "?", "unit": "x"}}, "give either `choices` .* or both `low` and `high`"),
        ({"prediction": {"ask": "?", "unit": "x", "low": 2, "high": 2}}, "low 2.0 must be below high 2.0"),
        ({"number": "guess"}, "answer_rules.*first_place.*pairing.*pilot"),
    ],
)
def test_a_measurement_that_cannot_be_made_is_refused(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Measurement.model_validate(SOUND.model_dump() | changed)


def test_the_check_measures_too(weather: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A recording that is not there would break in front of a learner."""
    text = (OURS / "lab4" / "lab.toml").read_text(encoding="utf-8")
    added = text[text.index("[measurement]") :].replace("stage2_heldout", "base_rate")
    lab = weather / "lab.toml"
    lab.write_text(lab.read_text(encoding="utf-8") + added, encoding="utf-8")
    assert main(["check", str(weather)]) == 0
    lab.write_text(
        lab.read_text(encoding="utf-8").replace('recording = "arc_easy"', 'recording = "arc"'), encoding="utf-8"
    )
    assert main(["check", str(weather)]) == 2
    assert "lab.toml: field measurement: There is no recording called 'arc'" in capsys.readouterr().err
