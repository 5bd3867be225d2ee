"""Two published scores in words that never say more than two figures do."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import Unknown
from engine.report import explain
from engine.stats.published import PublishedGap, published_gap
from tests.engine.stats.reference import MMLU


def test_read_whole() -> None:
    assert explain(published_gap(*MMLU, correlation=0.5, names=("Gemma", "Qwen"))) == (
        "Taken as two separate exams of 14,042 items: undecided. Taken as one exam, with about 1,752 items they differ on "
        "(a correlation of 0.5): Qwen is better.",
        "Gemma scored 85.0% and Qwen 85.8%, each on 14,042 items: a gap of 0.8 points in favour of Qwen. "
        "The figures are rounded: it may be 0.71 points to 0.90 points in favour of Qwen.",
        "On other items of this kind the gap may be anywhere from 1.6 points in favour of Qwen to less than 0.1 points in "
        "favour of Gemma (95% interval: Newcombe, unpaired) if the exams were separate, and anywhere from 0.2 points to "
        "1.4 points in favour of Qwen (95% interval: Wald, paired) if it was one exam as assumed.",
        "Luck alone brings a gap this large about 6 times in 100 (p = 0.058) between separate exams, and about 7 times in "
        "1,000 (p = 0.0073) in one exam as assumed. Over the same items the gap is above the noise if at most 3,206 items "
        "are right for one and wrong for the other (a correlation of 0.08 or more), and whatever the rounding hides if at "
        "most 2,550 are (a correlation of 0.27 or more). With the printed scores they differ on 112 to 4,100 of "
        "14,042 items.",
        "Ask for the answers item by item: they show on how many items the two differ. Between frontier models on popular "
        "benchmarks Anthropic (2024) reports correlations of 0.3 to 0.7.",
    )


def test_read_whole_by_an_expert() -> None:
    assert explain(published_gap(*MMLU, correlation=0.5), "expert") == (
        "Unpaired: undecided (z = −1.90, two-sided p = 0.0576, n = 14,042). Paired at correlation 0.5: above the noise, "
        "in favour of B (z = −2.68, two-sided p = 0.00726, n = 14,042).",
        "A 85.0% (n = 14,042), B 85.8% (n = 14,042); A − B = −0.80 pp, by the rounding −0.90 to −0.71 pp.",
        "95% interval of A − B: −1.62 to +0.03 pp (Newcombe, unpaired, n = 14,042); "
        "−1.38 to −0.22 pp (Wald, paired, correlation 0.5 assumed, n = 14,042).",
        "p by the rounding: unpaired 0.0332 to 0.091, paired 0.0026 to 0.0169 (n = 14,042). McNemar, exact, p < 0.05: over "
        "the same items the gap is above the noise if at most 3,206 items are discordant (a correlation of 0.08 or more), "
        "and whatever the rounding hides if at most 2,550 are (a correlation of 0.27 or more). With the printed scores "
        "they differ on 112 to 4,100 of 14,042 items. Possible correlations: −0.17 to 0.97.",
        "Minimal detectable gap at n = 14,042: 1.18 pp unpaired, 0.83 pp at correlation 0.5 (80% power, level 95%). "
        "Per-item results decide. Reported between frontier models: correlations of 0.3 to 0.7 (Anthropic 2024).",
    )


WORDS = [
    (("71.3", "67.1", 164), {}, "Taken as one exam: that depends on how many items they differ on."),
    (("90.0", "50.0", 1000), {}, "Taken as one exam: A is better, however little their answers agree."),
    (("51.2", "50.6", 164), {}, "Taken as one exam: undecided, however well their answers agree."),
    (("85.0", "85.0", 14_042), {}, "Taken as one exam: undecided, as far as the printed figures go."),
    (("71.3", "67.1", 164), {"n_b": 1319}, "With different numbers of items they cannot be taken as one exam."),
    (("71.3", "67.1", 164), {}, "a gap of 4.27 points in favour of A. That can only be 117 right answers against 110."),
    (("51.2", "50.6", 164), {}, "1 right answer ahead is too little for that."),
    (("51.2", "50.6", 164), {}, "No log of these 164 items would show a real gap"),
    ((85, 86, 14_042), {}, "The rounding of the figures may hide that it is luck, so nobody wins."),
    ((85, 86, 14_042), {}, "however little the answers agree; but the rounding may hide a gap that is too small for that."),
    (("71.3", "67.1", 164), {"correlation": 0.82}, "A stricter test does not agree, so nobody wins."),
    (("100.0", "86.0", 50), {}, "With the printed scores they differ on 7 of 50 items."),
    (("85.0", "85.0", 14_042), {}, "The two figures are the same: there is no gap to explain."),
    (("83.02", "79.76", 1319), {}, "(a correlation of −0.15 or more)"),
]  # fmt: skip


@pytest.mark.parametrize(("scores", "rest", "words"), WORDS)
def test_what_is_told(scores: tuple[Any, ...], rest: dict[str, Any], words: str) -> None:
    assert words in " ".join(explain(published_gap(*scores, **rest)))


def test_an_unknown_register() -> None:
    with pytest.raises(Unknown, match="no register called 'expret'"):
        explain(published_gap(*MMLU), "expret")  # type: ignore[arg-type]


@st.composite
def published(draw: st.DrawFn) -> PublishedGap:
    names = draw(st.sampled_from([("Gemma", "Qwen"), ("Llama-3 8B", "gpt-4.1 (2025)"), ("m 0.5%", "m 95%")]))
    digits, n = draw(st.integers(0, 2)), draw(st.integers(2, 300) | st.integers(300, 30_000))
    a = draw(st.floats(0, 100))
    b = min(100.0, max(0.0, a + draw(st.floats(-8, 8)))) if draw(st.booleans()) else draw(st.floats(0, 100))
    n_b = draw(st.none() | st.integers(2, 5000))
    found = published_gap(f"{a:.{digits}f}%", f"{b:.{digits}f}%", n, n_b=n_b, names=names)
    if found.correlations and draw(st.booleans()):
        low, high = found.correlations
        rho = low + (high - low) * draw(st.floats(0, 1))
        found = published_gap(f"{a:.{digits}f}%", f"{b:.{digits}f}%", n, n_b=n_b, names=names, correlation=rho)
    return found


@given(published())
def test_words_never_contradict_numbers(found: PublishedGap) -> None:
    for register in ("plain", "expert"):
        told = explain(found, register)  # type: ignore[arg-type]
        texts = [t.replace(found.names[0], "@a").replace(found.names[1], "@b") for t in told]
        headline, gap, noise, why, _ = texts
        text = " ".join(texts)
        assert not re.search(r"\b([Ee]qual\w*|significant)|nan\b|None|\.\.|  ", text)
        assert all(sentence.endswith(".") for sentence in texts)
        for number in re.findall(r"on (\d[\d,]*\d|\d) items:", gap) + re.findall(r"n = ([\d,]*\d)\)", gap):
            assert int(number.replace(",", "")) in (found.a.n, found.b.n)
        assert f"{found.a.n:,}" in headline and f"{found.a.n:,}" in gap
        assert f"{found.a.text}%" in gap and f"{found.b.text}%" in gap
        for side, right in (("a", found.gap > 0), ("b", found.gap < 0)):
            wins = {found.separate.winner, found.paired and found.paired.winner}
            always = not found.paired and found.surely and found.surely.always
            said = f"@{side} is better" in headline or f"in favour of @{side}" in headline
            assert said == (side in wins or bool(always and right and register == "plain"))
            assert not said or right
        assert ("undecided" in headline) >= (
            "undecided" in (found.separate.winner, found.paired and found.paired.winner)
        )
        for told_p in re.findall(r"\bp = ([\d.e-]*\d)", why if register == "plain" else headline):
            readings = [reading for reading in (found.separate, found.paired) if reading]
            assert any(float(told_p) == pytest.approx(r.p_value, rel=0.051) for r in readings), told_p
        if found.same_n and found.gap and found.condition and not found.condition.always:
            assert f"at most {found.condition.items:,} items" in why
        ends = [end for r in (found.separate, found.paired) if r for end in (r.interval.low, r.interval.high)]
        if register == "expert":
            for span in re.findall(r"([+−]?\d+\.\d+) to ([+−]?\d+\.\d+) pp", noise):
                assert any(abs(float(x.replace("−", "-")) - 100 * e) < 0.0051 for x in span for e in ends)
        else:
            for size, side in re.findall(r"(?<!than )(\d+\.\d+) points in favour of @([ab])", noise):
                unit = 10.0 ** -len(size.partition(".")[2])
                assert any(
                    abs(float(size) - 100 * abs(e)) <= unit * 0.501 and (e > 0) == (side == "a") for e in ends if e
                )
