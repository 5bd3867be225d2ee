"""The words of a verdict: read whole, and never at odds with its numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.errors import Unknown
from engine.report import Sentences, explain
from engine.report.verdict import verdict_json
from engine.stats.interval import Interval
from engine.stats.paired import DiscordantCounts
from engine.stats.sequential import compare_anytime
from engine.stats.verdict import Verdict, compare

NAMES = ("Gemma", "Qwen")


def battle(both: int, a_only: int, b_only: int, neither: int = 0, **rule: Any) -> Verdict:
    a = [1] * both + [1] * a_only + [0] * b_only + [0] * neither
    b = [1] * both + [0] * a_only + [1] * b_only + [0] * neither
    return compare(a, b, **{"names": NAMES, **rule})


def watched(wins: int, losses: int, n: int, low: float, high: float, **rest: Any) -> Verdict:
    """A battle stopped by the always-valid rule, with an interval of our choice; the outcome follows its rule."""
    margin, benchmark = rest.pop("margin", 0.02), rest.get("estimand") == "benchmark"
    method = "betting confidence sequence" + (", without replacement" if benchmark else "")
    interval = Interval(low=low, high=high, level=rest.pop("level", 0.95), method=method)
    winner = "undecided"
    if interval.within(margin):
        winner = "equal"
    elif interval.excludes_zero:
        winner = "a" if low > 0 else "b"
    given: dict[str, Any] = {
        "winner": winner, "names": NAMES, "n": n, "a_score": (wins + 1) / (n + 2), "b_score": (losses + 1) / (n + 2),
        "gap": (wins - losses) / n, "interval": interval, "p_value": 0.001, "p_method": "e-value, valid at any moment",
        "discordant": DiscordantCounts(a_only=wins, b_only=losses), "margin": margin,
        "above_noise": interval.excludes_zero, "detectable_gap": 0.1, "items_needed": None, "settled_as": None,
        "population": None, "caveats": (), "p_equal": 0.004 if winner == "equal" else 0.3,
    }  # fmt: skip
    return Verdict(**{**given, **rest})


# ---- read whole: plain


def test_a_winner() -> None:
    assert explain(battle(300, 152, 209, 658)) == (
        "Qwen is better on this: 4.3 points ahead on 1,319 items.",
        "Gemma scored 34.3% and Qwen 38.6% on the same 1,319 items: a gap of 4.3 points in favour of Qwen.",
        "On other items of this kind the gap may be anywhere from 1.5 points to 7.1 points "
        "in favour of Qwen (95% interval: Tango score, paired).",
        "They differed on 361 of 1,319 items: only Gemma was right on 152, only Qwen on 209. "
        "Luck alone brings a split this uneven about 3 times in 1,000 (McNemar, exact: p = 0.0032). "
        "Zero is ruled out, but the lead may still be smaller than the 2.0 points you called equal.",
        "This is settled: run another benchmark before you generalise.",
    )


def test_not_known_yet() -> None:
    told = explain(battle(100, 20, 13, 67))
    assert told.headline == "We don't know yet which is better: 200 items are too few for a gap of 3.5 points."
    assert told.noise.startswith(
        "On other items of this kind the gap may be anywhere from "
        "2.2 points in favour of Qwen to 9.4 points in favour of Gemma"
    )
    assert told.next_step == (
        "About 880 more items would settle it in four of five such battles, if the gap stays as it is."
    )


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


def test_an_even_split_is_not_called_uneven() -> None:
    assert "only Qwen on 20. That is an even split. A gap of zero" in explain(battle(100, 20, 20)).why


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
    assert "gap this large" in why and "split" not in why and "right on" not in why


def test_clusters_are_named_inside_the_brackets() -> None:
    cells = [1, 0, 1, 1, 0, 0, 1, 0], [0, 0, 1, 0, 0, 1, 1, 0]
    noise = explain(compare(*cells, clusters="aabbccdd")).noise
    assert re.search(r"\(95% interval: cluster-robust t, 4 clusters[^()]*\)\.$", noise)


@pytest.mark.parametrize(("margin", "words"), [(0.02, "2.0 points"), (0.0125, "1.25 points"), (0.0004, "0.04 points")])
def test_the_margin_keeps_its_digits(margin: float, words: str) -> None:
    assert f"at least the {words} you called equal" in explain(battle(100, 20, 13, 67, margin=margin)).why


def test_a_tiny_gap_is_not_told_as_none() -> None:
    gap = explain(battle(10_000, 21, 20)).gap
    assert "a gap of less than 0.1 points in favour of Gemma" in gap


def test_rounding_never_crosses_the_margin() -> None:
    """An interval inside the margin is not told as reaching it."""
    near, nearest = 0.01997, math.nextafter(0.02, 0)
    assert "Gemma to" not in explain(watched(3, 2, 900, -near, nearest)).noise
    assert (
        "1.997 points in favour of Qwen to just under 2.0 points in"
        in explain(watched(3, 2, 900, -near, nearest)).noise
    )


def test_only_a_perfect_score_is_told_as_100() -> None:
    assert "Gemma scored 99.97% and Qwen 99.9%" in explain(battle(9_993, 4, 1, 2)).gap


# ---- read whole: a battle that was watched


def test_a_watched_winner() -> None:
    assert explain(watched(78, 35, 400, 0.028, 0.167, p_value=0.0013)) == (
        "Gemma is better on this: 10.8 points ahead on 400 items.",
        "Gemma scored 19.7% and Qwen 9.0% on the same 400 items: a gap of 10.8 points in favour of Gemma.",
        "On other items of this kind the gap may be anywhere from 2.8 points to 16.7 points in favour of Gemma, "
        "whenever one looks (95% interval: betting confidence sequence).",
        "They differed on 113 of 400 items: only Gemma was right on 78, only Qwen on 35. Luck alone brings a split this "
        "uneven at most about 13 times in 10,000, whenever one looks (e-value, valid at any moment: p = 0.0013). "
        "Zero is ruled out, and so is any lead below the 2.0 points you called equal.",
        "This is settled: run another benchmark before you generalise.",
    )


def test_a_watched_benchmark_speaks_of_its_own_items() -> None:
    rest = {"estimand": "benchmark", "population": 1172, "items_needed": 470, "settled_as": "a", "p_value": 0.8733}
    told = explain(watched(16, 10, 60, -0.146, 0.301, **rest))
    assert told.noise == (
        "If this benchmark were run to its end, the gap would be anywhere from 14.6 points in favour of Qwen to 30.1 "
        "points in favour of Gemma (95% interval: betting confidence sequence, without replacement)."
    )
    assert (
        "Were they level on the whole benchmark, a split this uneven would turn up at most about 87 times" in told.why
    )
    assert told.next_step == (
        "Go on watching: about 470 more items would settle it in four of five such battles, if the gap stays as it is. "
        "At the latest after the 1,112 items that are left the gap on this benchmark is known."
    )
    won = explain(watched(82, 49, 400, 0.037, 0.118, estimand="benchmark", population=500))
    assert won.headline == "Gemma is better on this benchmark: 8.2 points ahead after 400 of its 500 items."


def test_a_benchmark_run_to_its_end_has_no_noise() -> None:
    told = explain(watched(10, 7, 50, 0.06, 0.06, estimand="benchmark", population=50, p_value=0.3))
    assert told.headline == "Gemma is better on this benchmark: 6.0 points ahead after all 50 items."
    assert told.noise == "All 50 items of this benchmark were asked, so the gap on it is known and no noise is left."
    assert "luck has no say in it" in told.why and "p =" not in told.why


def test_a_lead_that_the_rest_cannot_turn_round() -> None:
    told = explain(watched(10, 3, 50, 0.11, 0.16, estimand="benchmark", population=51, p_value=0.3))
    assert "The lead stands whatever comes of the 1 item that is left." in told.why and "p =" not in told.why


def test_a_watched_battle_goes_on_or_needs_another_benchmark() -> None:
    forecast = {"items_needed": 1900, "settled_as": "b", "p_value": 0.9}
    assert explain(watched(9, 12, 60, -0.27, 0.16, **forecast)).next_step.startswith("Go on watching: about 1,900 more")
    used_up = explain(watched(9, 12, 60, -0.27, 0.16, population=60, **forecast)).next_step
    assert used_up == "This benchmark's 60 items are used up: use a larger one."


# ---- read whole: expert


def test_an_experts_winner() -> None:
    assert explain(battle(300, 152, 209, 658), "expert") == (
        "Gap above the noise, in favour of Qwen: Gemma − Qwen = −4.32 pp, n = 1,319.",
        "Right answers: Gemma 452/1,319 = 34.27% and Qwen 509/1,319 = 38.59%, paired by item.",
        "95% interval of Gemma − Qwen: −7.15 to −1.51 pp (Tango score, paired, n = 1,319); "
        "it speaks of all items of this kind.",
        "Discordant: 361 of 1,319 items (27.4%), 152 right for Gemma alone and 209 for Qwen alone. "
        "Against no gap: two-sided p = 0.00315 (McNemar, exact, n = 1,319). "
        "Against a gap of 2.0 pp or more: p = 0.947 (two one-sided tests at 0.025, n = 1,319). "
        "Decision: the interval excludes 0 and p < 0.05.",
        "Minimal detectable gap at n = 1,319: 4.04 pp (80% power, level 95%). "
        "Nothing more is needed here; replicate on another benchmark.",
    )


def test_an_experts_forecast() -> None:
    told = explain(battle(100, 20, 13, 67, population=1000), "expert")
    assert told.headline == "Undecided: Gemma − Qwen = +3.50 pp, n = 200."
    assert told.next_step == (
        "Minimal detectable gap at n = 200: 8.13 pp (80% power, level 95%). The benchmark has 1,000 items, 800 of them "
        "not asked. Items needed: about 880 more to settle it as a gap above the noise (80% power), "
        "if the gap and its spread stay as measured."
    )


def test_an_unknown_register() -> None:
    with pytest.raises(Unknown, match=r"no register called 'expret'. Did you mean 'expert'"):
        explain(battle(1, 1, 0), "expret")  # type: ignore[arg-type]


# ---- no sentence contradicts its numbers

names = st.sampled_from([
    NAMES, ("Llama-3 8B", "Qwen2.5-7B"), ("gpt-4.1 (2025-04-14)", "o3"), ("Phi 3", "Phi 3.5"), ("m 0.6%", "m 95% {n}"),
])  # fmt: skip
rules = st.fixed_dictionaries({
    "margin": st.sampled_from([0.0004, 0.005, 0.0125, 0.02, 0.07, 0.3]),
    "level": st.sampled_from([0.8, 0.9, 0.95, 0.99]),
    "names": names,
})  # fmt: skip


@st.composite
def judged(draw: st.DrawFn) -> Verdict:
    """Right and wrong, from two items to a hundred thousand: ties, landslides, equal, undecided."""
    scale = draw(st.sampled_from([1, 1, 10, 300]))
    cells = [scale * draw(st.integers(0, top)) for top in (60, 20, 20, 60)]
    cells[draw(st.integers(0, 3))] += draw(st.integers(0, 3))
    assume(sum(cells) >= 2)
    population = draw(st.none() | st.integers(0, 2000).map(lambda more: sum(cells) + more))
    return battle(*cells, **draw(rules), population=population)


@st.composite
def measured(draw: st.DrawFn) -> Verdict:
    """Real scores, clustered or not, and right and wrong in clusters."""
    n = draw(st.integers(2, 30))
    top = draw(st.sampled_from([1, 1, 5]))
    score = st.sampled_from([0, 1]) if draw(st.booleans()) else st.floats(0, top).map(lambda x: round(x, 2))
    a, b = (draw(st.lists(score, min_size=n, max_size=n)) for _ in "ab")
    labels = draw(st.none() | st.lists(st.sampled_from("abcdef"), min_size=n, max_size=n))
    assume(labels is None or len(set(labels)) > 1)
    return compare(a, b, clusters=labels, **draw(rules))


@st.composite
def stopped(draw: st.DrawFn) -> Verdict:
    """Watched battles with any interval the rule may end on, its own edges among them."""
    rule = draw(rules)
    n = draw(st.integers(2, 3000))
    wins = draw(st.integers(0, n))
    losses = draw(st.integers(0, n - wins))
    gap, margin = (wins - losses) / n, rule["margin"]
    edges = [0.0, margin, -margin, *(math.nextafter(m, 0) for m in (margin, -margin)), math.nextafter(0, 1)]
    end = st.floats(-1, 1) | st.sampled_from(edges) | st.floats(-0.001, 0.001).map(lambda x: gap + x)
    low, high = min(draw(end), gap), max(draw(end), gap)
    estimand = draw(st.sampled_from(["skill", "benchmark"]))
    left = draw(st.sampled_from([0, 1, 2, 500]))
    population = n + left if estimand == "benchmark" or draw(st.booleans()) else None
    if estimand == "benchmark" and left == 0:
        low = high = gap
    rest: dict[str, Any] = {"estimand": estimand, "population": population, **rule}
    if low <= 0 <= high:
        rest["p_value"] = draw(st.floats(1 - rule["level"] + 1e-6, 1))
        rest["items_needed"] = draw(st.none() | st.integers(1, max(1, left) if estimand == "benchmark" else 10**7))
        rest["settled_as"] = rest["items_needed"] and draw(st.sampled_from(["a" if gap > 0 else "b", "equal"]))
    else:
        counted_out = estimand == "benchmark" and (left == 0 or abs(wins - losses) > left)
        rest["p_value"] = draw(st.floats(1e-320, 1.0 if counted_out else 1 - rule["level"]))
    if draw(st.booleans()):
        rest["discordant"] = None
    return watched(wins, losses, n, max(low, -1), min(high, 1), **rest)


def parts(verdict: Verdict, register: str) -> dict[str, str]:
    """The sentences with the names taken out, so that no digit in them is mistaken for a figure."""
    told = {}
    for field in Sentences._fields:
        text = getattr(explain(verdict, register), field)  # type: ignore[arg-type]
        for mark, name in sorted(zip("ab", verdict.names, strict=True), key=lambda pair: -len(pair[1])):
            text = text.replace(name, f"@{mark}")
        told[field] = text
    return told


INT, NUM = r"\d{1,3}(?:,\d{3})*", r"\d+(?:\.\d+)?"
SIZE = rf"(?:less than 0\.1|just (?:under|over) {NUM}|{NUM}) points"
SIGNED = rf"(?:[<>]0|[<>]?[+−]{NUM}|0\.00)"
P = r"p [=<] [\d.e+-]*\d"


def whole(text: str) -> int:
    return int(text.replace(",", ""))


def near(text: str, value: float) -> bool:
    """Whether `text` is `value` rounded to the digits that `text` has."""
    unit = 10.0 ** Decimal(text).as_tuple().exponent
    return abs(float(text) - value) <= 0.5 * unit * (1 + 1e-6)


def is_percent(text: str, share: float) -> bool:
    perfect = (float(text) == 100) == (share == 1) and (float(text) == 0) == (share == 0)
    return perfect and near(text, 100 * share)


def is_size(text: str, gap: float, margin: float) -> bool:
    """Whether "4.3 points", "less than 0.1 points" or "just under 2.0 points" tells the size of `gap`."""
    number = text.split()[-2]
    if text.startswith("less"):
        return 0 < abs(gap) < 0.0005 or (text == "less than 0.1 points" and 0 < abs(gap) <= 0.0005)
    if text.startswith("just"):
        return near(number, 100 * margin) and (abs(gap) < margin) == ("under" in text) and abs(abs(gap) - margin) < 1e-6
    shown, limit = float(number), round(100 * margin, 9)
    kept = (shown < limit) == (abs(gap) < margin) or shown == limit == round(100 * abs(gap), 9)
    return near(number, 100 * abs(gap)) and kept


def is_signed(text: str, gap: float) -> bool:
    if text[0] in "<>":
        near_to = float(text[1:].replace("−", "-")) / 100
        return abs(gap - near_to) < 1e-6 and (gap < near_to) == (text[0] == "<")
    number = text.replace("−", "-")
    return near(number, 100 * gap) and (float(number) > 0) == (gap > 0) and (float(number) < 0) == (gap < 0)


def is_p(text: str, chance: float, limit: float) -> bool:
    if text.startswith("p <"):
        return chance < 1e-300 or (near(text[4:], limit) and limit - 1e-6 < chance < limit)
    shown = float(text.removeprefix("p = "))
    return math.isclose(shown, chance, rel_tol=0.051) and (shown < round(limit, 9)) == (chance < limit)


def is_odds(text: str, chance: float) -> bool:
    if text == "nearly always":
        return chance >= 0.995
    if text == "less than once in a million times":
        return chance <= 5e-7
    times, tries = map(whole, re.findall(INT, text))
    return math.isclose(times / tries, chance, rel_tol=0.2001) or (tries == 10**6 and times == round(chance * tries))


def is_forecast(text: str, items: int) -> bool:
    told = whole(text)
    return items <= told < items + max(1, items / 10) and len(str(told).rstrip("0")) <= 2


def ends(text: str) -> tuple[tuple[str, str], tuple[str, str]]:
    """A range of gaps in words as its two ends, A's disadvantage first: size and whom it favours."""
    both = re.fullmatch(rf"({SIZE}) in favour of @b to ({SIZE}) in favour of @a", text)
    if both:
        return (both[1], "b"), (both[2], "a")
    one = re.fullmatch(rf"({SIZE}) to ({SIZE}) in favour of @([ab])", text)
    assert one, text
    return ((one[1], "a"), (one[2], "a")) if one[3] == "a" else ((one[2], "b"), (one[1], "b"))


class Reader:
    """Takes figures out of sentences, each with its check; at the end none may be left over."""

    def __init__(self, told: dict[str, str]) -> None:
        self.rest = dict(told)

    def take(self, field: str, pattern: str, *checks: Callable[[str], bool]) -> bool:
        found = re.search(pattern, self.rest[field])
        if not found:
            return False
        for group, check in zip(found.groups(), checks, strict=True):
            assert check(group), f"{group!r} in {field}: {self.rest[field]!r}"
        self.rest[field] = self.rest[field].replace(found[0], "#", 1)
        return True


def check_plain(verdict: Verdict) -> None:
    v, told = verdict, parts(verdict, "plain")
    reader, interval, alpha = Reader(told), verdict.interval, 1 - verdict.interval.level
    left = (v.population or v.n) - v.n

    def is_n(t: str) -> bool:
        return whole(t) == v.n

    def is_population(t: str) -> bool:
        return whole(t) == v.population

    def is_left(t: str) -> bool:
        return whole(t) == left

    def is_gap(t: str) -> bool:
        return is_size(t, v.gap, v.margin)

    def is_margin(t: str) -> bool:
        return math.isclose(float(t), 100 * v.margin, rel_tol=1e-5)

    def ahead(t: str) -> bool:
        return v.gap > 0 if t == "a" else v.gap < 0

    def is_span(t: str) -> bool:
        (low, low_side), (high, high_side) = ends(t)
        sized = is_size(low, interval.low, v.margin) and is_size(high, interval.high, v.margin)
        return sized and all(
            end == 0 or (end > 0) == (side == "a")
            for end, side in ((interval.low, low_side), (interval.high, high_side))
        )

    # headline
    if reader.take("headline", rf"after ({INT}) of its ({INT}) items", is_n, is_population):
        assert v.estimand == "benchmark"
    elif reader.take("headline", rf"after all ({INT}) items", is_n):
        assert v.estimand == "benchmark" and left == 0
    else:
        assert reader.take("headline", rf"({INT}) items", is_n)
    reader.take("headline", rf"smaller than(?: the)? ({NUM}) points", is_margin)
    reader.take("headline", rf"({SIZE})", is_gap)
    # gap
    if v.gap == 0:
        assert reader.take("gap", rf"both scored ({NUM})%", lambda t: is_percent(t, v.a_score))
        assert told["gap"].endswith(": no gap.")
    else:
        scored = rf"@a scored ({NUM})% and @b ({NUM})%"
        assert reader.take("gap", scored, lambda t: is_percent(t, v.a_score), lambda t: is_percent(t, v.b_score))
        assert reader.take("gap", rf"({SIZE}) in favour of @([ab])", is_gap, ahead)
    assert reader.take("gap", rf"on the same ({INT}) items", is_n)
    # noise
    if v.estimand == "benchmark" and left == 0:
        assert reader.take("noise", rf"All ({INT}) items of this benchmark", is_n)
    else:
        assert reader.take("noise", r"anywhere from ([^(]+?)(?:, whenever one looks)? \(", is_span)
        level = rf"({NUM})% interval: {re.escape(interval.method.replace(' (', ', ').replace(')', ''))}"
        assert reader.take("noise", level, lambda t: near(t, 100 * interval.level))
    # why
    if v.discordant:
        if v.discordant.total:
            assert reader.take(
                "why", rf"differed on ({INT}) of ({INT}) items", lambda t: whole(t) == v.discordant.total, is_n
            )
            assert reader.take("why", rf"@a was right on ({INT})", lambda t: whole(t) == v.discordant.a_only)
            assert reader.take("why", rf"only @b on ({INT})", lambda t: whole(t) == v.discordant.b_only)
        else:
            assert reader.take("why", rf"each of the ({INT}) items", is_n)
    reader.take("why", rf"({NUM}) points you called equal", is_margin)
    reader.take("why", rf"whatever comes of the ({INT}) items? that", is_left)
    if re.search(r"\bp [=<]", told["why"]):
        odds = rf"(about {INT} times? in {INT}|nearly always|less than once in a million times)"
        assert reader.take("why", odds, lambda t: is_odds(t, v.p_value))
        method = re.escape(v.p_method.replace(" (", ", ").replace(")", ""))
        assert reader.take("why", rf"\({method}: ({P})\)", lambda t: is_p(t, v.p_value, alpha))
    # next step
    reader.take("next_step", rf"about ({INT}) more items", lambda t: is_forecast(t, v.items_needed or 0))
    reader.take("next_step", r"bout (1) more item ", lambda _: v.items_needed == 1)
    reader.take("next_step", rf"About ({INT}) more items", lambda t: is_forecast(t, v.items_needed or 0))
    takes = rf"takes about ({INT}) items and this benchmark has ({INT})"
    reader.take("next_step", takes, lambda t: is_forecast(t, v.n + (v.items_needed or 0)), is_population)
    reader.take("next_step", rf"seen on ({INT}) items", is_n)
    reader.take("next_step", rf"the ({INT}) items? that (?:is|are) left", is_left)
    reader.take("next_step", rf"benchmark's ({INT}) items are used up", is_population)
    for field, rest in reader.rest.items():
        assert not re.search(r"\d", rest), f"a figure nobody explained in {field}: {rest!r}"


def check_expert(verdict: Verdict) -> None:
    v, told = verdict, parts(verdict, "expert")
    reader, interval, alpha = Reader(told), verdict.interval, 1 - verdict.interval.level

    def is_n(t: str) -> bool:
        return whole(t) == v.n

    def is_margin(t: str) -> bool:
        return math.isclose(float(t), 100 * v.margin, rel_tol=1e-5)

    def is_alpha(t: str) -> bool:
        return math.isclose(float(t), 1 - interval.level)

    def is_level(t: str) -> bool:
        return near(t, 100 * interval.level)

    def said(method: str) -> str:
        return re.escape(method.replace(" (", ", ").replace(")", ""))

    reader.take("headline", rf"within ±({NUM}) pp", is_margin)
    assert reader.take("headline", rf"@a − @b = ({SIGNED}) pp, n = ({INT})", lambda t: is_signed(t, v.gap), is_n)
    for side, score in (("a", v.a_score), ("b", v.b_score)):
        if v.discordant:
            right = rf"@{side} ({INT})/({INT}) = ({NUM})%"
            assert reader.take(
                "gap",
                right,
                lambda t, s=score: abs(whole(t) - s * v.n) < 0.51,
                is_n,
                lambda t, s=score: is_percent(t, s),
            )
        else:
            assert reader.take("gap", rf"@{side} ({NUM})%", lambda t, s=score: is_percent(t, s))
    assert v.discordant or reader.take("gap", rf"n = ({INT}) items", is_n)
    assert reader.take("noise", rf"^({NUM})% interval", is_level)
    ends_ = rf"({SIGNED}) to ({SIGNED}) pp \({said(interval.method)}, n = ({INT})"
    assert reader.take(
        "noise", ends_, lambda t: is_signed(t, interval.low), lambda t: is_signed(t, interval.high), is_n
    )
    reader.take("noise", rf"benchmark's ({INT}) items", lambda t: whole(t) == v.population)
    if v.discordant:
        split = v.discordant
        cells = rf"({INT}) of ({INT}) items \(({NUM})%\), ({INT}) right for @a alone and ({INT}) for @b alone"
        assert reader.take(
            "why", cells, lambda t: whole(t) == split.total, is_n, lambda t: is_percent(t, split.total / v.n),
            lambda t: whole(t) == split.a_only, lambda t: whole(t) == split.b_only,
        )  # fmt: skip
    assert reader.take(
        "why", rf"two-sided ({P}) \({said(v.p_method)}, n = ({INT})", lambda t: is_p(t, v.p_value, alpha), is_n
    )
    if v.p_equal is not None:
        against = rf"Against a gap of ({NUM}) pp or more: ({P}) \(two one-sided tests at ({NUM}), n = ({INT})\)"
        half = (lambda t: is_p(t, v.p_equal, alpha / 2)), (lambda t: math.isclose(float(t), alpha / 2))
        assert reader.take("why", against, is_margin, *half, is_n)
    reader.take("why", rf"±({NUM}) pp\.", is_margin)
    reader.take("why", rf"p (?:<|is not below) ({NUM})\.", is_alpha)
    reader.take("why", r"(?:excludes|includes) (0)", lambda t: True)
    assert reader.take(
        "next_step", rf"at n = ({INT}): (none|{NUM} pp)", is_n,
        lambda t: v.detectable_gap >= 1 if t[0] == "n" else near(t.split()[0], 100 * v.detectable_gap),
    )  # fmt: skip
    assert reader.take("next_step", rf"\(80% power, level ({NUM})%\)", is_level)
    reader.take(
        "next_step",
        rf"has ({INT}) items, ({INT}) of",
        lambda t: whole(t) == v.population,
        lambda t: whole(t) == v.population - v.n,
    )  # type: ignore[operator]
    reader.take("next_step", rf"about ({INT}) more", lambda t: is_forecast(t, v.items_needed or 0))
    reader.take("next_step", r"(80%) power", lambda t: True)
    for field, rest in reader.rest.items():
        assert not re.search(r"\d", rest), f"a figure nobody explained in {field}: {rest!r}"


# What a phrase claims; none may be said where it is not true.
CLAIMS: dict[str, Callable[[Verdict], bool]] = {
    "@a is better": lambda v: v.winner == "a",
    "@b is better": lambda v: v.winner == "b",
    "We don't know": lambda v: v.winner == "undecided",
    "are equal": lambda v: v.winner == "equal",
    "is real": lambda v: v.winner == "equal" and v.above_noise,
    "any gap is smaller": lambda v: v.interval.within(v.margin),
    "lead of @a": lambda v: v.interval.low > 0,
    "lead of @b": lambda v: v.interval.high < 0,
    "On other items": lambda v: v.estimand == "skill",
    "were run to its end": lambda v: v.estimand == "benchmark" and v.n < (v.population or 0),
    "no noise is left": lambda v: v.estimand == "benchmark" and v.n == v.population,
    "on this benchmark": lambda v: v.estimand == "benchmark",
    "whenever one looks": lambda v: "confidence sequence" in v.interval.method,
    "valid at every n": lambda v: "confidence sequence" in v.interval.method,
    "Go on watching": lambda v: v.winner == "undecided" and "confidence sequence" in v.interval.method,
    "McNemar": lambda v: v.p_method.startswith("McNemar"),
    "exact test": lambda v: "exact" in v.p_method,
    "even split": lambda v: v.discordant is not None and v.discordant.a_only == v.discordant.b_only,
    "cancel out": lambda v: v.gap == 0,
    "never differed": lambda v: v.discordant is not None and v.discordant.total == 0,
    "Every gap that remains possible is smaller": lambda v: v.interval.within(v.margin),
    "leaves out zero": lambda v: v.interval.excludes_zero and v.p_value >= 1 - v.interval.level,
    "Zero is ruled out": lambda v: v.interval.excludes_zero,
    "A gap of zero remains possible": lambda v: v.interval.low <= 0 <= v.interval.high,
    "so does one of at least": lambda v: not v.interval.within(v.margin),
    "lead may still be smaller": lambda v: min(abs(v.interval.low), abs(v.interval.high)) < v.margin,
    "any lead below": lambda v: min(abs(v.interval.low), abs(v.interval.high)) >= v.margin,
    "stands whatever comes": lambda v: abs(v.gap) * v.n > (v.population or 0) - v.n > 0,
    "luck has no say": lambda v: v.estimand == "benchmark" and v.n == v.population,
    "This is settled": lambda v: v.winner != "undecided",
    " more item": lambda v: v.winner == "undecided" and v.items_needed is not None,
    'settle it as "equal"': lambda v: v.settled_as == "equal",
    "no realistic number": lambda v: v.items_needed is None and v.estimand == "skill",
    "use a larger one": lambda v: v.population is not None and v.n + (v.items_needed or 0) >= v.population,
    "lies inside": lambda v: v.interval.within(v.margin),
    "above the noise, in favour of @a": lambda v: v.winner == "a",
    "above the noise, in favour of @b": lambda v: v.winner == "b",
    "Undecided:": lambda v: v.winner == "undecided",
    "Equal within": lambda v: v.winner == "equal",
    "although zero is excluded": lambda v: v.winner == "equal" and v.interval.excludes_zero,
    "all items of this kind": lambda v: v.estimand == "skill",
    "speaks of this benchmark": lambda v: v.estimand == "benchmark",
    "interval excludes 0": lambda v: v.interval.excludes_zero,
    "excludes 0 and p <": lambda v: v.p_value < 1 - v.interval.level,
    "p is not below": lambda v: v.p_value >= 1 - v.interval.level,
    "includes 0 and reaches beyond": lambda v: v.interval.low <= 0 <= v.interval.high and v.winner == "undecided",
    "Nothing more is needed": lambda v: v.winner != "undecided",
    "Items needed": lambda v: v.items_needed is not None,
    "settle it as equal": lambda v: v.settled_as == "equal",
    "settle it as a gap": lambda v: v.settled_as in ("a", "b"),
    "No realistic number": lambda v: v.items_needed is None and v.estimand == "skill",
    "its gap is known": lambda v: v.estimand == "benchmark",
}  # fmt: skip


def check_words(verdict: Verdict) -> None:
    plain, expert = (" ".join(parts(verdict, register).values()) for register in ("plain", "expert"))
    for text in (plain, expert):
        for phrase, holds in CLAIMS.items():
            assert phrase not in text or holds(verdict), f"{phrase!r} is not so: {text}"
        assert "significant" not in text.lower()
        assert not re.search(r"nan\b|\binf\b|None|\.\.|  |[()]\(|\bGreek", text)
    said_better = {"a": "@a is better", "b": "@b is better", "undecided": "We don't know yet which is better"}
    assert "better" not in (plain + expert).replace(said_better.get(verdict.winner, " "), "")
    if verdict.winner == "undecided":
        said = re.sub(r"the same [\d,]+ items|points you called equal|called? larger gaps equal|call larger gaps equal|settle it as \"?equal\"?|equal differences", "", plain + expert)  # fmt: skip
        assert not re.search(r"\b([Ee]qual\w*|same)\b", said)
    for told in (explain(verdict, "plain"), explain(verdict, "expert")):
        assert all(sentence.endswith(".") and sentence[0] not in " #" for sentence in told)
    assert not re.search(r"[−-]\d|[α-ωΑ-Ω]|\bpp\b|\bH0\b", plain.replace("e-", "")), "plain words only"
    told = verdict_json(verdict)
    assert (tuple(told["sentences"]), told["sentence"]) == (explain(verdict), " ".join(explain(verdict)))


def check(verdict: Verdict) -> None:
    check_plain(verdict)
    check_expert(verdict)
    check_words(verdict)


@given(judged())
def test_right_and_wrong_never_contradict_their_numbers(verdict: Verdict) -> None:
    check(verdict)


@given(measured())
def test_real_and_clustered_scores_never_contradict_their_numbers(verdict: Verdict) -> None:
    check(verdict)


@given(stopped())
def test_watched_battles_never_contradict_their_numbers(verdict: Verdict) -> None:
    check(verdict)


@settings(max_examples=25)
@given(
    answers=st.lists(st.sampled_from([(1, 1), (1, 0), (0, 1), (0, 0)]), min_size=2, max_size=60),
    estimand=st.sampled_from(["skill", "benchmark"]),
    more=st.integers(0, 40),
    rule=rules,
)
def test_really_watched_battles_never_contradict_their_numbers(
    answers: list[tuple[int, int]], estimand: Any, more: int, rule: dict[str, Any]
) -> None:
    a, b = zip(*answers, strict=True)
    check(compare_anytime(a, b, estimand=estimand, population=len(a) + more, **rule))


def test_the_check_sees_every_outcome() -> None:
    """The strategies above would be worth little if they met one kind of verdict only."""
    seen: set[str] = set()

    @settings(max_examples=100, derandomize=True)
    @given(judged() | stopped() | measured())
    def collect(verdict: Verdict) -> None:
        seen.add(f"{verdict.winner} {verdict.above_noise}")

    collect()
    assert seen == {"a True", "b True", "equal True", "equal False", "undecided False"}
