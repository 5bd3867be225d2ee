"""The five steps: intervals from another hand, every rule of the verdict, and what may never happen.

Intervals, z and p are statsmodels 0.15.0's, from counts, in an environment of its own (`pip install statsmodels`):
    100 * confint_proportions_2indep(right_a, n, right_b, n, method="newcomb", compare="diff", alpha=1 - level)
    proportions_ztest([right_a, right_b], [n, n])
"""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import CallerMistake
from labs import load_lab
from labs.comparability import PROMPTS, Claim, ClaimComparison, compare_claims

FULL: dict[str, Any] = {
    "evaluator": "The Board",
    "benchmark": "GSM8K",
    "version": "main",
    "shots": 8,
    "prompt": "chain of thought",
    "decoding": "greedy",
    "extraction": "last number",
    "n": 1319,
    "reproduced": True,
}


def claims(a: dict[str, Any] | None = None, b: dict[str, Any] | None = None) -> tuple[Claim, Claim]:
    """Two claims that fulfil every step, unless told otherwise."""
    return Claim(**{**FULL, "name": "T", "score": 83.0, **(a or {})}), Claim(
        **{**FULL, "name": "U", "score": 79.5, **(b or {})}
    )


def judged(a: dict[str, Any] | None = None, b: dict[str, Any] | None = None, **rest: Any) -> ClaimComparison:
    return compare_claims(*claims(a, b), **{"consistent": True, **rest})


def step(found: ClaimComparison, id: str) -> str:
    return next(one.outcome for one in found.steps if one.id == id)


def setting(found: ClaimComparison, name: str) -> str:
    return next(one.outcome for one in found.settings if one.setting == name)


# ---- numbers from other hands


@pytest.mark.parametrize(
    ("right_a", "right_b", "n", "level", "low", "high", "z", "p"),
    [
        (12048, 11936, 14042, 0.95, -0.028382, 1.623598, 1.892757, 0.05839025),
        (1095, 1049, 1319, 0.95, 0.50923, 6.460627, 2.295722, 0.02169176),
        (1095, 1049, 1319, 0.99, -0.428835, 7.394936, 2.295722, 0.02169176),
        (122, 110, 164, 0.95, -2.527353, 16.973419, 1.456259, 0.14532109),
        (985, 946, 1172, 0.95, 0.241534, 6.409469, 2.114352, 0.03448523),
        (50, 46, 50, 0.95, -0.624343, 18.838247, 2.041241, 0.04122683),  # Wald's interval would leave 0 out
        (50, 43, 50, 0.95, 3.970267, 26.186194, 2.743516, 0.0060785),
    ],
)
def test_step_three_against_statsmodels(
    right_a: int, right_b: int, n: int, level: float, low: float, high: float, z: float, p: float
) -> None:
    found = judged({"score": 100 * right_a / n, "n": n}, {"score": 100 * right_b / n, "n": n}, level=level)
    assert found.gap is not None
    assert (found.gap.newcombe.low, found.gap.newcombe.high) == pytest.approx((low, high), abs=1e-6)
    assert (found.gap.z, found.gap.p_value) == pytest.approx((z, p), abs=1e-6)
    assert step(found, "noise") == ("met" if low > 0 else "not met")


def test_the_lesson_of_the_two_scores() -> None:
    """85.0 against 85.8 on MMLU, unpaired: z = 1.90, p = .058 (shared/reference/statistics.md, section 1)."""
    mmlu = {"benchmark": "MMLU", "n": 14042}
    found = judged({**mmlu, "score": 85.0}, {**mmlu, "score": 85.8})
    reason = next(one.reason for one in found.steps if one.id == "noise")
    assert found.verdict == "indicative"
    assert "no winner can be named" in found.sentence
    assert "U is 0.8 points above T on 14,042 questions" in reason and "(z = 1.90, p = 0.058)" in reason
    assert "−0.03 to 1.6" in reason and "not “equal”" in reason
    assert "unpaired" in reason and "question by question" in reason


# ---- the rules of the verdict


def test_everything_met_is_definitive() -> None:
    found = judged()
    assert found.verdict == "definitive" and found.cautions == ()
    assert {one.outcome for one in found.steps} == {"met"} and {one.outcome for one in found.settings} == {"same"}
    assert found.sentence.startswith("Definitive: T is 3.5 points above U (95% interval of the difference 0.5 to 6.5")


def test_the_steps_bear_the_names_of_the_form() -> None:
    form = [row.id for row in load_lab("lab3").exercise.rows if row.options]
    assert [one.id for one in judged().steps] == form


@pytest.mark.parametrize(
    ("changed", "name"),
    [({"benchmark": "MMLU"}, "benchmark"), ({"version": "test"}, "version"), ({"n": 1000}, "number of questions")],
)
def test_another_exam_is_not_comparable(changed: dict[str, Any], name: str) -> None:
    found = judged({}, changed)
    assert found.verdict == "not comparable" and setting(found, name) == "differs"
    assert found.gap is None and step(found, "noise") == "not known"
    assert found.sentence.startswith("Not comparable.") and "another exam" in found.sentence
    assert "no winner" in found.sentence


@pytest.mark.parametrize(
    "many",
    [
        "majority vote of 8",
        "Best-of-8",
        "best of eight",
        "maj@16",
        "pass@10",
        "self-consistency, 40 samples",
        "the most frequent of 8 sampled replies",
        "8 samples, voted",
    ],
)
@pytest.mark.parametrize(
    "single", ["greedy", "temperature 0.8", "pass@1", "best of 1", "no majority vote", "one reply"]
)
def test_a_vote_and_a_single_reply_are_two_measurements(many: str, single: str) -> None:
    for found in (judged({"decoding": many}, {"decoding": single}), judged({"decoding": single}, {"decoding": many})):
        assert found.verdict == "not comparable" and setting(found, "decoding") == "differs"
        assert "two measurements" in found.sentence


def test_two_different_votes_are_indicative() -> None:
    assert judged({"decoding": "majority vote of 8"}, {"decoding": "majority vote of 64"}).verdict == "indicative"


def test_a_vote_beside_silence_is_indicative() -> None:
    found = judged({"decoding": "majority vote of 8"}, {"decoding": None})
    assert found.verdict == "indicative" and setting(found, "decoding") == "not stated"


@pytest.mark.parametrize(
    ("changed", "failed"),
    [
        ({"evaluator": "its maker"}, "evaluator"),
        ({"shots": 5}, "shots"),
        ({"prompt": "plain"}, "shots"),
        ({"score": 82.5}, "noise"),
        ({"reproduced": False}, "reproduction"),
    ],
)
def test_an_unmet_step_makes_it_indicative(changed: dict[str, Any], failed: str) -> None:
    found = judged({}, changed)
    assert found.verdict == "indicative" and step(found, failed) == "not met"
    assert [one.id for one in found.steps if one.outcome != "met"] == [failed]
    assert "What limits it: step" in found.sentence


TEXTS = ("evaluator", "benchmark", "version", "decoding", "extraction")


@pytest.mark.parametrize(
    ("silent", "nothing"),
    [(name, None) for name in sorted(set(FULL) | {"score"})]
    + [(name, text) for name in TEXTS for text in ("", "  ", "Not stated", "unknown")],
)
def test_what_is_not_stated_is_never_taken_as_the_same(silent: str, nothing: str | None) -> None:
    for found in (
        judged({silent: nothing}),
        judged({}, {silent: nothing}),
        judged({silent: nothing}, {silent: nothing}),
    ):
        assert found.verdict == "indicative"
        unknown = [one for one in found.settings if one.outcome == "not stated"]
        assert all(one.a is None or one.b is None for one in unknown)
        assert unknown or any(one.outcome == "not known" for one in found.steps)


@pytest.mark.parametrize(("consistent", "outcome"), [(True, "met"), (False, "not met"), (None, "not known")])
def test_breadth(consistent: bool | None, outcome: str) -> None:
    found = judged(consistent=consistent)
    assert step(found, "breadth") == outcome
    assert found.verdict == ("definitive" if consistent else "indicative")


@pytest.mark.parametrize(
    ("a", "b", "outcome"),
    [
        (True, True, "met"),
        (True, False, "not met"),
        (False, None, "not met"),
        (None, True, "not known"),
        (None, None, "not known"),
    ],
)
def test_reproduction(a: bool | None, b: bool | None, outcome: str) -> None:
    assert step(judged({"reproduced": a}, {"reproduced": b}), "reproduction") == outcome


# ---- reading what people write


@pytest.mark.parametrize(
    ("name", "a", "b", "outcome"),
    [
        ("evaluator", "The Board", "the  board", "same"),
        ("evaluator", "one third party", "one third party", "same"),
        ("evaluator", "own report", "own report", "differs"),
        ("evaluator", "self-reported", "its maker's report", "differs"),
        ("evaluator", "Acme's own report", "Acme's own report", "same"),
        ("evaluator", "an independent lab", "an independent lab", "not stated"),
        ("evaluator", "a third party", "Epoch", "not stated"),
        ("evaluator", "Epoch", "Stanford", "differs"),
        ("decoding", "greedy", "Greedy decoding", "same"),
        ("decoding", "greedy", "temp. 0", "same"),
        ("decoding", "greedy (temperature 0.0)", "T=0", "same"),
        ("decoding", "temperature 0.80", "one sample at temperature 0.8", "same"),
        ("decoding", "temperature 0.8", "temperature 0.6", "differs"),
        ("decoding", "greedy", "temperature 0.8", "differs"),
        ("decoding", "sampled", "temperature 0.8", "not stated"),
        ("decoding", "greedy", "greedy, at most 256 tokens", "not stated"),
        ("decoding", "majority vote", "majority vote of 8", "not stated"),
    ],
)
def test_one_setting_in_many_words(name: str, a: str, b: str, outcome: str) -> None:
    assert setting(judged({name: a}, {name: b}), name) == outcome


def test_names_of_tests_are_compared_as_people_write_them() -> None:
    assert setting(judged({"benchmark": "ARC-Challenge"}, {"benchmark": "arc challenge"}), "benchmark") == "same"
    assert setting(judged({"version": "v1.1"}, {"version": "1.1"}), "version") == "same"
    assert setting(judged({"version": "v1.1"}, {"version": "v11"}), "version") == "differs"
    assert setting(judged({"benchmark": "MMLU"}, {"benchmark": "MMLU-Pro"}), "benchmark") == "differs"


def test_size_is_a_caution_and_no_step() -> None:
    found = judged({"parameters": 70}, {"parameters": 8})
    assert found.verdict == "definitive"
    assert len(found.cautions) == 1 and "70" in found.cautions[0] and "8.8" in found.cautions[0]
    assert judged({"parameters": 14}, {"parameters": 7}).cautions == ()
    assert judged({"parameters": 14}).cautions == ()


def test_two_claims_of_one_name_are_told_apart() -> None:
    found = judged({}, {"name": "T"})
    assert found.names == ("T (A)", "T (B)") and "T (A) is 3.5 points above T (B)" in found.sentence


def test_the_same_score_names_nobody() -> None:
    found = judged({}, {"score": 83.0})
    assert "T and U have the same score" in found.sentence and "no winner can be named" in found.sentence


# ---- mistakes


@pytest.mark.parametrize(
    ("wrong", "value"),
    [
        ("score", 101.0),
        ("score", -1.0),
        ("score", float("nan")),
        ("n", 1),
        ("n", 164.5),
        ("shots", -1),
        ("shots", True),
        ("prompt", "poetic"),
        ("parameters", 0.0),
        ("parameters", float("inf")),
    ],
)
def test_a_number_that_cannot_be(wrong: str, value: Any) -> None:
    with pytest.raises(CallerMistake, match=rf"`{wrong}` of “T” is .*: give .*, or leave it out"):
        Claim(name="T", **{wrong: value})


def test_a_claim_needs_a_name() -> None:
    with pytest.raises(CallerMistake, match="`name`"):
        Claim(name=" ")


@pytest.mark.parametrize("level", [0.5, 1.0, 95, float("nan")])
def test_level(level: float) -> None:
    with pytest.raises(CallerMistake, match="`level`"):
        judged(level=level)


def test_results_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        judged().verdict = "definitive"  # type: ignore[misc]


# ---- whatever two claims say

texts = st.sampled_from(
    [None, "", "greedy", "temperature 0.7", "majority vote of 8", "best of 4", "own report", "X", "v2"]
)
claim = st.builds(
    Claim,
    name=st.sampled_from(["P", "Q"]),
    benchmark=texts,
    evaluator=texts,
    version=texts,
    shots=st.none() | st.integers(0, 3),
    prompt=st.none() | st.sampled_from(PROMPTS),
    decoding=texts,
    extraction=texts,
    score=st.none() | st.floats(0, 100),
    n=st.none() | st.integers(2, 20_000),
    parameters=st.none() | st.floats(0.1, 1000),
    reproduced=st.none() | st.booleans(),
)


@given(a=claim, b=claim, consistent=st.none() | st.booleans(), alike=st.booleans())
def test_every_pair_of_claims_keeps_the_rules(a: Claim, b: Claim, consistent: bool | None, alike: bool) -> None:
    if alike:
        b = replace(a, name=b.name, score=b.score)
    found, mirrored = compare_claims(a, b, consistent), compare_claims(b, a, consistent)
    assert [one.outcome for one in found.settings] == [one.outcome for one in mirrored.settings]
    assert [one.outcome for one in found.steps] == [one.outcome for one in mirrored.steps]
    assert found.verdict == mirrored.verdict and len(found.settings) == 8 and len(found.steps) == 5
    whole = all(one.outcome == "met" for one in found.steps) and all(one.outcome == "same" for one in found.settings)
    assert (found.verdict == "definitive") == whole
    if any(setting(found, name) == "differs" for name in ("benchmark", "version", "number of questions")):
        assert found.verdict == "not comparable"
    if step(found, "noise") != "met":
        assert found.verdict != "definitive" and "no winner" in found.sentence
    for one in found.settings:
        assert (one.a is None or one.b is None) <= (one.outcome == "not stated")
    for one in (*found.settings, *found.steps):
        assert one.reason.endswith(".") and "None" not in one.reason
