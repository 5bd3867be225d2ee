"""Micro and macro averages and their errors, against lm-eval's own functions."""

from __future__ import annotations

import pytest

from engine.stats.groups import aggregate, aggregates, mean_of

GROUPS = {"algebra": [1, 0, 1, 1, 0, 1, 0], "logic": [0, 0, 1, 0], "law": [1, 1, 0, 1, 1, 1, 0, 1, 1, 1]}

# Recipe of the numbers below, lm-eval 0.4.13:
#   from lm_eval.api.metrics import *
#   m = [mean(g) for g in GROUPS.values()]; s = [len(g) ...]; e = [mean_stderr(g) ...]
#   aggregate_subtask_metrics(m, s), pooled_sample_stderr(e, s)
#   aggregate_subtask_metrics(m, s, weight_by_size=False), unweighted_mean_stderr(e)
MICRO, MICRO_ERROR = 0.6190476190476191, 0.10369223022590202
MACRO, MACRO_ERROR = 0.5404761904761904, 0.11599526058727573
ERRORS = [0.20203050891044214, 0.25, 0.13333333333333333]


def test_both_averages_are_lm_evals() -> None:
    found = aggregate(GROUPS)
    assert (found.micro.score, found.micro.error) == pytest.approx((MICRO, MICRO_ERROR), abs=1e-15)
    assert (found.macro.score, found.macro.error) == pytest.approx((MACRO, MACRO_ERROR), abs=1e-15)
    assert [(group.name, group.n) for group in found.groups] == [("algebra", 7), ("logic", 4), ("law", 10)]
    assert [group.mean.error for group in found.groups] == pytest.approx(ERRORS, abs=1e-15)


def test_scores_between_nought_and_one() -> None:
    """mean_stderr([0.25, 0.5, 1.0])"""
    assert mean_of([0.25, 0.5, 1.0]).error == pytest.approx(0.22047927592204922, abs=1e-15)


def test_a_group_of_one_shows_no_spread() -> None:
    """pooled_sample_stderr(e + [anything], s + [1]) is the same whatever stands for the error: it has no weight."""
    found = aggregate(GROUPS | {"lone": [1]})
    assert found.groups[-1].mean.error is None and found.groups[-1].mean.score == 1
    assert found.macro.error is None
    assert found.micro.error == pytest.approx(0.10130818211451513, abs=1e-15)


def test_nothing_but_groups_of_one_has_no_error_at_all() -> None:
    found = aggregate({"a": [1], "b": [0]})
    assert (found.micro.error, found.macro.error) == (None, None)
    assert (found.micro.score, found.macro.score) == (0.5, 0.5)


def test_no_spread_that_was_seen_is_an_error_of_nought() -> None:
    assert aggregate({"a": [1, 1], "b": [0, 0]}).micro.error == 0.0


def test_a_gap_is_paired() -> None:
    """Both are right on half of each group; on the same items in `sky`, on opposite ones in `sea`."""
    found = aggregates({"sky": [(1, 1), (0, 0), (1, 1), (0, 0)], "sea": [(1, 0), (0, 1), (1, 0), (0, 1)]})
    sky, sea = found.gap.groups
    assert (sky.mean.score, sky.mean.error, sea.mean.score) == (0.0, 0.0, 0.0)
    assert sea.mean.error == pytest.approx((4 / 3) ** 0.5 / 2)  # four differences of 1 and -1
    assert found.gap.macro.error == pytest.approx((1 / 3) ** 0.5 / 2)
