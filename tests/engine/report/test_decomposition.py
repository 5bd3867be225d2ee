"""The words of a gap decomposition add no number to it and never contradict it."""

from __future__ import annotations

import json
import re
from dataclasses import replace

from hypothesis import given

from engine.report import as_json, sentences
from engine.stats.decomposition import (
    GapDecomposition,
    decompose_scores,
)
from engine.stats.verdict import compare
from tests.engine.stats.gap_decompositions import NAMES, splits


def test_what_closes_the_gap_and_what_only_might() -> None:
    ids = "pqrstuvw"
    a, b = (dict(zip(ids, side, strict=True)) for side in ([1] * 6 + [0] * 2, [1] * 4 + [0] * 4))
    verdict = compare(list(a.values()), list(b.values()), names=NAMES)
    even = decompose_scores(verdict, (a, b), {"own": (a, b), "even": (a, {**b, "u": 1, "v": 1})})
    assert "“even” takes it from 25.0 points in favour of Gemma to no gap on 8 items" in sentences(even)[1]
    assert sentences(even)[1].endswith("which alone closes it.")
    lost = decompose_scores(verdict, (a, b), {"own": (a, b)}, ((), "uvw"))
    assert sentences(lost)[1].endswith(
        "“every unread answer of Qwen right” would take it from 25.0 points in favour of Gemma to 12.5 points in "
        "favour of Qwen on 8 items (3 answers changed), which alone could turn it."
    )


def test_item_luck_says_which_interval_it_is() -> None:
    own = {"x": 1.0, "y": 0.0}, {"x": 0.0, "y": 0.0}
    verdict = compare([1, 0], [0, 0])
    found = decompose_scores(verdict, own, {"acc": own})
    assert "(item luck, measured: 95% interval, Tango score, paired)" in sentences(found)[0]
    clustered = compare([1, 0, 1, 1, 0, 0, 1, 0], [0, 0, 1, 0, 0, 1, 1, 0], clusters="aabbccdd")
    about = as_json(decompose_scores(clustered, own, {"acc": own}))["parts"][0]["about"]
    assert about.startswith("95% interval, ") and "4 clusters" in about and "(" not in about
    whole = as_json(decompose_scores(replace(verdict, estimand="benchmark"), own, {"acc": own}))["parts"][0]["about"]
    assert whole.startswith("95% interval of the whole benchmark's gap, ")


def test_json() -> None:
    own = {"x": 1.0, "y": 0.0}, {"x": 0.0, "y": 0.0}
    told = decompose_scores(compare([1, 0], [0, 0], names=NAMES), own, {"acc": own, "acc_norm": own})
    stored = json.loads(json.dumps(as_json(told)))
    assert (stored["gap"], stored["n"], stored["names"]) == (0.5, 2, list(NAMES))
    assert stored["sentences"] == list(sentences(told))
    assert [(p["source"], p["measured"], p["low"] is None) for p in stored["parts"]] == [
        ("item luck", True, False),
        ("instrument", True, False),
        ("protocol", False, True),
        ("rerun", False, True),
    ]
    assert [r["label"] for r in stored["parts"][1]["readings"]] == ["acc", "acc_norm"]


# ---- what holds for every decomposition


def numbers(text: str) -> set[str]:
    return set(re.findall(r"\d[\d,]*(?:\.\d+)?", text))


def renderings(told: GapDecomposition) -> set[str]:
    """Every number that a sentence about this split may show."""
    readings = [reading for part in told.parts for reading in part.readings]
    gaps = [told.gap, *(x for part in told.parts for x in (part.low, part.high) if x is not None)]
    gaps += [x for reading in readings for x in (reading.gap, reading.base)]
    counts = [told.n, *(x for reading in readings for x in (reading.n, reading.flips, reading.unread))]
    words = [
        f"{100 * told.level:g}",
        *(part.about for part in told.parts),
        *(x for part in told.parts for x in part.untried),
    ]
    words += [reading.label for reading in readings]
    shown = {f"{100 * abs(gap):.{digits}f}" for gap in gaps for digits in (1, 2, 3, 4)}
    shown |= {f"{count:,}" for count in counts} | {"0.1"} | {f"{100 * told.margin:g}", f"{100 * told.margin:.1f}"}
    return shown.union(*map(numbers, words))


@given(told=splits())
def test_the_words_show_no_number_that_the_split_does_not_hold(told: GapDecomposition) -> None:
    assert len(sentences(told)) == 3
    assert numbers(" ".join(sentences(told))) <= renderings(told)
    for sentence in sentences(told):
        assert sentence.endswith(".") and sentence[0] == sentence[0].upper()
        assert not re.search(r"-\d|nan|None|\.\.|  |\(\)", sentence)


@given(told=splits())
def test_the_words_never_contradict_the_parts(told: GapDecomposition) -> None:
    luck, largest, left = sentences(told)
    assert f"on the same {told.n:,} items" in luck
    low, high = told.parts[0].low, told.parts[0].high
    assert low is not None and high is not None
    assert ("zero included" in luck) == (low <= 0 <= high)
    assert ("are level" in luck) == (told.gap == 0)
    others = told.parts[1:]
    measured = [part for part in others if part.measured]
    ends = [end for part in measured for end in (part.low, part.high) if end is not None]
    reaches = [end for end in ends if told.gap * end < 0]
    turned = " turn" in largest.replace("close or turn", "").replace("closes or turns", "")
    assert not turned or reaches
    assert (
        turned or not reaches or "closes it" in largest
    )  # what was seen to close it goes before a bound that turns it
    seen = [
        r for p in measured for r in p.readings if not r.bound and r.n >= told.n and told.gap * r.moved(told.gap) < 0
    ]
    assert not seen or "turns it" in largest
    assert ("No other source was measured" in largest) == (not measured)
    assert ("left the gap as it is" in largest) == (bool(measured) and all(end == told.gap for end in ends))
    sources = {"instrument": "the instrument", "protocol": "the protocol", "rerun": "the rerun floor"}
    for part in others:
        name = sources[part.source]
        assert (name in left) == (not part.measured or bool(part.untried))
        assert part.measured or name not in largest
    unknown = any(not part.measured and part.applies for part in others)
    assert ("ot measured: " in left) == unknown == ("unknown" in left)
    assert ("oes not apply here" in left) == any(not part.measured and not part.applies for part in others)
