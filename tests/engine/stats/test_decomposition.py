"""Stored scores taken apart: each effect read off by hand, and bounds against every way to fill them in."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.report import sentences
from engine.stats.decomposition import (
    GapDecomposition,
    decompose_scores,
    item_sampling_effect,
    scorer_effect,
)
from engine.stats.verdict import compare
from tests.engine.stats.gap_decompositions import NAMES, lossy, splits


def test_scores_from_files_are_read_again_and_nothing_is_run_again() -> None:
    ids = [str(i) for i in range(8)]
    strict = [1, 1, 1, 1, 1, 0, 0, 0], [1, 1, 0, 0, 0, 0, 0, 0]
    loose = [1, 1, 1, 1, 1, 0, 0, 0], [1, 1, 1, 1, 1, 1, None, 0]
    verdict = compare(*strict, names=NAMES)
    own, other = (tuple(dict(zip(ids, side, strict=True)) for side in pair) for pair in (strict, loose))
    told = decompose_scores(verdict, own, {"strict": own, "loose": other}, ((), ids[2:7]))  # type: ignore[arg-type,dict-item]
    assert [r.gap for r in told.parts[1].readings] == pytest.approx([3 / 8, -1 / 8, -2 / 8, 3 / 8])
    assert told.parts[1].readings[2].label == "every unread answer of Qwen right"
    assert [part.measured for part in told.parts] == [True, True, False, False]
    assert "logs of both sides from a second run are needed" in sentences(told)[2]


def test_the_extremes_of_reading_each_side_by_another_rule() -> None:
    ids = "pqrs"
    rules = {  # right of A and B: 2 and 1, 4 and 2, 1 and 3
        name: (dict(zip(ids, a, strict=True)), dict(zip(ids, b, strict=True)))
        for name, a, b in (
            ("x", [1, 1, 0, 0], [1, 0, 0, 0]),
            ("y", [1, 1, 1, 1], [1, 1, 0, 0]),
            ("z", [1, 0, 0, 0], [1, 1, 1, 0]),
        )
    }
    told = decompose_scores(compare([1, 1, 0, 0], [1, 0, 0, 0], names=NAMES), rules["x"], rules)
    part = told.parts[1]
    assert [(m.label, m.gap) for m in part.mixed] == [
        ("Gemma by x, Qwen by z", -1 / 4),
        ("Gemma by y, Qwen by x", 3 / 4),
    ]
    assert (part.low, part.high) == (-2 / 4, 2 / 4)


def test_a_rule_that_finds_no_answer_at_all_is_no_reading() -> None:
    own, nothing = ({"x": 1.0, "y": 0.0}, {"x": 0.0, "y": 0.0}), ({"x": None, "y": None}, {"x": None, "y": None})
    part = scorer_effect(NAMES, 0.5, own, {"own": own, "strict": nothing}, ((), ()))
    assert ([reading.label for reading in part.readings], part.mixed) == (["own"], ())
    assert "strict found no answer on either side" in part.about


def test_one_score_an_item_says_nothing_of_the_instrument() -> None:
    own = {"x": 1.0, "y": 0.0}, {"x": 0.0, "y": 0.0}
    told = decompose_scores(compare([1, 0], [0, 0], names=NAMES), own, {"acc": own})
    assert not told.parts[1].measured
    assert "are not" not in sentences(told)[1] and "left the gap" not in sentences(told)[1]


def test_real_scores_beyond_one_have_no_bounds() -> None:
    own = {"x": 3.5, "y": 0.0, "z": None}, {"x": 1.0, "y": 2.0, "z": 1.0}
    part = scorer_effect(NAMES, 0.25, own, {"points": own}, ((), ()))
    assert [reading.bound for reading in part.readings] == [False]
    assert part.about.endswith("with no bounds as scores lie outside 0 to 1")


def test_clusters_are_part_of_item_luck() -> None:
    part = item_sampling_effect(compare([1, 0, 1, 1, 0, 0, 1, 0], [0, 0, 1, 0, 0, 1, 1, 0], clusters="aabbccdd"))
    assert "4 clusters" in part.about


# ---- what holds for every decomposition


@given(told=splits())
def test_the_gap_lies_between_the_ends_of_every_part(told: GapDecomposition) -> None:
    for part in told.parts:
        assert part.measured == (part.low is not None)
        if part.low is None or part.high is None:
            assert (part.low, part.high, part.readings) == (None, None, ())
        else:
            assert part.low - 1e-12 <= told.gap <= part.high + 1e-12
            assert all(part.low <= reading.moved(told.gap) <= part.high for reading in part.readings)
    assert [part.source for part in told.parts] == ["item luck", "instrument", "protocol", "rerun"]


@given(
    data=st.lists(st.tuples(lossy, lossy), min_size=2, max_size=12),
    wrong=st.sets(st.integers(0, 11), max_size=3),
)
def test_no_way_to_fill_in_what_was_not_read_leaves_the_bounds(
    data: list[tuple[float | None, float | None]], wrong: set[int]
) -> None:
    """Brute force: every unread answer right or wrong, in all combinations (capped at 2^8)."""
    own = tuple({str(i): pair[side] for i, pair in enumerate(data)} for side in (0, 1))
    unread = {str(i) for i in wrong if i < len(data) and data[i][0] == 0.0}
    gone = [(0, i) for i, s in own[0].items() if s is None or i in unread] + [
        (1, i) for i, s in own[1].items() if s is None
    ]
    gone = gone[:8]
    part = scorer_effect(NAMES, 0.0, own, {}, (unread, ()))  # type: ignore[arg-type]
    if not gone:
        assert part.readings == () and not part.measured
        return
    low, high = part.readings
    known = [{i: s or 0.0 for i, s in side.items()} for side in own]
    for filled in itertools.product([0.0, 1.0], repeat=len(gone)):
        for (side, item), value in zip(gone, filled, strict=True):
            known[side][item] = value
        gap = (sum(known[0].values()) - sum(known[1].values())) / len(data)
        assert low.gap - 1e-12 <= gap <= high.gap + 1e-12
