"""The arithmetic of the speed benchmark: what is needed, what is compared, what fits into the time."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from measurements.speed import AIMS, SUBJECTS, TASKS, Work, agreement, criteria, markdown, spread, summary
from measurements.speed_worker import Ours, visible


def work(normalisation="sum", decoding=None, choices=(("x", "yy"), ("x", "yy"))):
    return Work(task="mmlu", title="MMLU 5-shot", requests=tuple(choices), choices=choices,
                normalisation=normalisation, decoding=decoding)  # fmt: skip


@pytest.mark.parametrize("window", [None, 1, 3, 5, 100])
@pytest.mark.parametrize(("start", "end"), [(0, 7), (2, 7), (6, 7), (4, 4), (5, 4)])
def test_visible_keys_are_counted_as_one_by_one(start, end, window):
    assert visible(start, end, window) == sum(min(place + 1, window or 99) for place in range(start, end))


def test_a_forest_computes_what_is_shared_once():
    config = SimpleNamespace(
        num_attention_heads=2, head_dim=3, hidden_size=6, num_hidden_layers=2,
        layer_types=["full_attention", "sliding_attention"], sliding_window=2,
    )  # fmt: skip
    ours = Ours.__new__(Ours)
    ours.model = SimpleNamespace(config=SimpleNamespace(get_text_config=lambda: config))
    needs = ours._needs([[(1, 2, 3), (1, 2, 4)], [(1, 2, 3)], [(9,)]], {1, 2, 3})
    # Nodes 1, 2, 3, 4, 9 at depths 1, 2, 3, 3, 1: 10 keys in the full layer, 8 in the one that sees two tokens.
    assert needs == {"request tokens": 10, "longest": 3, "needed": 5, "asked": 3, "attention": 4 * 2 * 3 * (10 + 8)}


def test_flips_are_told_apart_by_the_margin():
    clear = agreement(work(), [(-1.0, -2.0), (-1.0, -2.0)], [(-1.0, -2.0), (-2.0, -1.0)], [0, 1])
    assert clear == {"difference": 1.0, "flips": 1, "clear flips": 1}
    close = agreement(work(), [(-1.0, -1.0001)], [(-1.0, -0.9999)], [1])
    assert (close["flips"], close["clear flips"]) == (1, 0) and close["difference"] == pytest.approx(2e-4)


def test_flips_count_under_the_tasks_own_accuracy_too():
    """-1 and -2.1 a choice: by characters the second, twice as long, wins only where it is above -2."""
    found = agreement(work("characters"), [(-1.0, -2.1)], [(-1.0, -1.9)], [0])
    assert (found["flips"], found["clear flips"]) == (1, 1)


def test_texts_are_equal_or_not():
    found = agreement(work(decoding={"until": [], "max_tokens": 4}), [" a", " b"], [" a", " c"], [0, 1])
    assert found == {"texts equal": 1, "texts": 2}


def test_a_part_is_spread_evenly():
    assert spread(10, 4) == [0, 2, 5, 7] and spread(3, 8) == [0, 1, 2] and spread(5, 5) == [0, 1, 2, 3, 4]


def row_of(ours_seconds=(1.0, 2.0, 1.0), theirs_seconds=(3.0, 3.0, 4.0), scale=2.0):
    values = [(-1.0, -2.0), (-1.0, -2.0)]
    turns = [
        ({"seconds": a, "positions": 60, "peak": 900.0 + i, "values": values},
         {"seconds": b, "positions": 100, "peak": 1100.0, "values": values[:1]})
        for i, (a, b) in enumerate(zip(ours_seconds, theirs_seconds, strict=True))
    ]  # fmt: skip
    known = {
        "request tokens": 200, "needed": 50, "asked": 4, "attention": 1000, "batch": 8, "tried": {8: 1.0},
        "rate": 200_000.0, "best rate": 250_000.0, "facts": {"parameters": 1000, "body": 700, "row": 250},
    }  # fmt: skip
    return {"model": "m", "synthetic": False, **summary(work(), turns, [0], scale, known)}


def test_a_row_scales_what_lm_eval_did_a_part_of():
    row = row_of()
    assert (row["ratio"], row["least"], row["most"]) == (6.0, 3.0, 8.0)
    assert (row["items/s"], row["lm-eval items/s"]) == (2.0, pytest.approx(2 / 6))
    assert (row["computed"], row["lm-eval computed"], row["peak MiB"]) == (60, 200, 902.0)
    assert row["of the floor"] == pytest.approx(2 * 1000 * 50 / 200_000)
    assert row["of the floor, used"] == pytest.approx((2 * 700 * 50 + 2 * 250 * 4 + 1000) / 200_000)
    assert "| **6.00** (3.00-8.00) | 0.0e+00, 0 flips (0 clear) | 50% (36%) |" in markdown([row])


def test_what_writing_needs_comes_from_the_turn_itself():
    turn = {"seconds": 1.0, "positions": 9, "peak": 1.0, "values": ["a"], "request tokens": 7, "needed": 6, "asked": 2}
    known = {"request tokens": 1, "needed": 1, "asked": 0, "attention": 0, "batch": 1, "tried": {}, "rate": 1.0}
    known |= {"best rate": 1.0, "facts": {"parameters": 1, "body": 1, "row": 1}}
    one = work(decoding={"until": [], "max_tokens": 4}, choices=((),))
    row = summary(one, [(turn, {**turn, "values": ["a"]})], [0], 1.0, known)
    assert (row["request tokens"], row["needed"], row["asked"]) == (7, 6, 2)


def test_the_aims():
    met = row_of()
    assert list(criteria([met], "cpu").values()) == [True, False]
    assert list(criteria([{**met, "ratio": 5.9}], "cpu").values()) == [False, False]
    assert criteria([met], "cuda") == {}
    of_8b = {**met, "synthetic": True, "model": "random Llama 8B"}
    assert list(criteria([of_8b], "cuda").values()) == [True, True]
    assert list(criteria([{**of_8b, "model": "random Llama 1B"}], "cuda").values()) == [True]
    assert set(AIMS) == set(TASKS) and len(SUBJECTS) == 4
