"""The words of a verdict: read whole, and never at odds with its numbers."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sentences import explain
from engine.verdict import Verdict, compare

NAMES = ("Gemma", "Qwen")

counts = st.tuples(st.integers(0, 300), st.integers(0, 60), st.integers(0, 60), st.integers(0, 99)).filter(
    lambda cells: sum(cells) >= 2
)
margins = st.sampled_from([0.005, 0.02, 0.1, 0.3])


def battle(both: int, a_only: int, b_only: int, neither: int = 0, **rule: Any) -> Verdict:
    a = [1] * both + [1] * a_only + [0] * b_only + [0] * neither
    b = [1] * both + [0] * a_only + [1] * b_only + [0] * neither
    return compare(a, b, names=NAMES, **rule)


def test_a_winner() -> None:
    assert battle(300, 152, 209, 658).sentences == (
        "Qwen is better on this: 4.3 points ahead on 1,319 items.",
        "Gemma scored 34.3% and Qwen 38.6% on the same 1,319 items: a gap of 4.3 points in favour of Qwen.",
        "On other items of this kind the gap may be anywhere from 1.5 points to 7.1 points "
        "in favour of Qwen (95% interval: Tango score, paired).",
        "They differed on 361 of 1,319 items: only Gemma was right on 152, only Qwen on 209. "
        "Luck alone brings a split this uneven about 3 times in 1,000 (McNemar, exact: p = 0.0032). "
        "Zero is ruled out, but the lead may still be smaller than "
        "the 2.0 points you called equal (the margin).",
        "This is settled: run another benchmark before you generalise.",
    )


def test_not_known_yet() -> None:
    told = explain(battle(100, 20, 13, 67))
    assert told.headline == "We don't know yet which is better: 200 items are too few for a gap of 3.5 points."
    assert told.noise.startswith(
        "On other items of this kind the gap may be anywhere from "
        "2.2 points in favour of Qwen to 9.4 points in favour of Gemma"
    )
    assert told.next_step == "About 880 more items would settle it, if the gap stays as it is (80% power)."


def test_equal() -> None:
    told = explain(battle(600, 0, 0, 400))
    assert told.headline == "They are equal for your purposes: on 1,000 items, any gap is smaller than 2.0 points."
    assert told.gap == "Gemma and Qwen both scored 60.0% on the same 1,000 items: no gap."
    assert "never differed" in told.why


def test_equal_and_yet_ahead_says_both() -> None:
    headline = explain(battle(10_000, 60, 10)).headline
    assert "equal for your purposes" in headline
    assert "the lead of Gemma on 10,070 items is real, but smaller than the 2.0 points" in headline


def test_a_lead_beyond_the_margin() -> None:
    assert "Zero is ruled out, and so is any lead below the 2.0 points" in explain(battle(0, 30, 0)).why


def test_nothing_between_them_yet() -> None:
    told = explain(battle(30, 0, 0))
    assert told.headline == "We don't know yet which is better: 30 items are too few to tell a small gap from none."
    assert 'would settle it as "equal"' in told.next_step


def test_the_exact_test_has_a_say() -> None:
    assert "the exact test does not agree, so nobody wins yet" in explain(battle(300, 60, 40, 100)).why


def test_a_benchmark_that_cannot_settle_it() -> None:
    told = explain(battle(100, 20, 13, 67, population=1000))
    assert told.next_step == (
        "If the gap stays as it is, settling it takes about 1,100 items and this benchmark has 1,000: use a larger one. "
        "A gap seen on 200 items may still move, as far as the interval says."
    )
    assert "no realistic number" in explain(battle(100, 20, 20, 60, margin=1e-6)).next_step


def test_real_scores_speak_of_no_split() -> None:
    why = explain(compare([0.9, 0.4, 0.55, 0.7], [0.85, 0.5, 0.35, 0.6], names=NAMES)).why
    assert "gap this large" in why and "Student t" in why and "right on" not in why


def test_clusters_are_named_inside_the_brackets() -> None:
    cells = [1, 0, 1, 1, 0, 0, 1, 0], [0, 0, 1, 0, 0, 1, 1, 0]
    assert "(95% interval: cluster-robust t, 4 clusters)." in explain(compare(*cells, clusters="aabbccdd")).noise


@pytest.mark.parametrize(("margin", "words"), [(0.02, "2.0 points"), (0.0125, "1.25 points"), (0.0004, "0.04 points")])
def test_the_margin_keeps_its_digits(margin: float, words: str) -> None:
    assert f"at least the {words} you called equal" in explain(battle(100, 20, 13, 67, margin=margin)).why


def test_a_tiny_gap_is_not_told_as_none() -> None:
    gap = explain(battle(10_000, 21, 20)).gap
    assert "a gap of less than 0.1 points in favour of Gemma" in gap


@given(cells=counts, margin=margins)
def test_words_never_contradict_numbers(cells: tuple[int, int, int, int], margin: float) -> None:
    verdict = battle(*cells, margin=margin)
    told = explain(verdict)
    for letter, name in zip("ab", NAMES, strict=True):
        assert (f"{name} is better" in told.headline) == (verdict.winner == letter)
    assert ("are equal" in told.headline) == (verdict.winner == "equal")
    assert ("don't know yet" in told.headline) == (verdict.winner == "undecided")
    assert ("settled:" in told.next_step) == (verdict.winner != "undecided")
    if verdict.winner == "undecided":
        assert not re.search(r"(is|are|was) (better|equal)", verdict.sentence.replace("which is better", ""))
    if abs(verdict.gap) >= 0.0005:
        assert f"a gap of {abs(100 * verdict.gap):.1f} points" in told.gap
        assert told.gap.endswith(f"in favour of {NAMES[verdict.gap < 0]}.")


@given(cells=counts, margin=margins)
def test_house_style(cells: tuple[int, int, int, int], margin: float) -> None:
    verdict = battle(*cells, margin=margin)
    assert len(verdict.sentences) == 5 and verdict.sentence == " ".join(verdict.sentences)
    assert "significant" not in verdict.sentence.lower()
    assert f"{verdict.n:,} items" in verdict.sentences[0] and f"{verdict.n:,} items" in verdict.sentences[1]
    assert not re.search(r"-\d|nan|inf\b|None|\.\.|  ", verdict.sentence.replace("e-", ""))
    assert all(sentence.endswith(".") for sentence in verdict.sentences)
