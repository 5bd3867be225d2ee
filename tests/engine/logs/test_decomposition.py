"""The gap between two logs in its parts, and which scores of a file are the same outputs read again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from engine.logs import Log, LogRow, align
from engine.logs.decomposition import decompose_logs, other_scorings
from engine.logs.log import Contents
from engine.stats.verdict import compare

NAMES = ("Gemma", "Qwen")


def log(
    scores: Mapping[str, float | None], selector: str = "", about: Mapping[str, Mapping[str, Any]] | None = None
) -> Log:
    metric, _, used = selector.partition(",")
    rows = {
        i: LogRow(id=i, score=score, question=f"q:{i[0]}", **(about or {}).get(i, {})) for i, score in scores.items()
    }
    settings = {"metric": metric, "extraction": used, "shots": "5"}
    return Log(name="x", file="x.jsonl", format="toy", selector=selector, rows=rows, settings=settings)


@pytest.mark.parametrize("mark", ["", "!"])  # under other ids the items are matched by their questions
def test_two_logs_in_their_parts(mark: str) -> None:
    a = {"p": 1.0, "q": 0.0, "r": 0.0, "s": None}
    b = {f"{i}{mark}": score for i, score in {"p": 0.0, "q": 0.0, "r": 0.0, "s": 1.0}.items()}
    gone_a = {"p": {"truncated": True}, "q": {"answer": ""}, "r": {"truncated": True, "answer": "5"}}
    gone_b = {f"p{mark}": {"truncated": True}}
    strict = log(a, "exact_match,strict", gone_a), log(b, "exact_match,strict", gone_b)
    loose = log({**a, "q": 1.0}, "exact_match,loose"), log({**b, f"q{mark}": 1.0, f"r{mark}": 1.0}, "exact_match,loose")
    aligned = align(*strict)
    told = decompose_logs(compare([1, 0, 0], [0, 0, 0], names=NAMES), aligned, {"exact_match,loose": loose})
    found, other, low, high = told.parts[1].readings
    assert (found.label, found.n, found.flips, found.unread) == ("exact_match,strict", 3, 0, 2)
    assert (found.gap, other.gap) == (pytest.approx(1 / 3), pytest.approx(0.0))
    assert (other.n, other.flips, other.unread) == (3, 3, 0)
    # Unread: q of A (nothing found) and s (failed), p of B (cut off, no answer given). A's p was right and its r was read.
    assert (low.gap, high.gap) == (pytest.approx((1 - 2) / 4), pytest.approx((3 - 1) / 4))


def test_which_scores_of_a_file_are_the_same_outputs_read_again() -> None:
    def contents(kind: str = "metric or filter") -> Contents:
        names = ("exact_match,strict", "exact_match,loose", "acc,strict", "brier,strict")
        logs = {name: log({"p": 1.0, "q": 0.0}, name) for name in names}
        other = replace(log({"p": 1.0, "q": 0.0}, "acc,robust"), settings={"metric": "acc", "shots": "0"})
        return Contents(kind=kind, logs={**logs, "acc,robust": other})

    a, b = contents(), contents()
    aligned = align(a.logs["exact_match,strict"], b.logs["exact_match,strict"])
    assert set(other_scorings(aligned, a, b)) == {"exact_match,loose", "acc,strict"}
    assert other_scorings(aligned, a, contents("model")) == {}
    brier = align(a.logs["brier,strict"], b.logs["brier,strict"])
    assert other_scorings(brier, a, b) == {}
