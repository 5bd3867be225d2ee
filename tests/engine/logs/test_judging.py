"""Verdicts from stored logs: which pairs are judged, by groups and clusters, and several models against each other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import CallerMistake, Mismatch
from engine.logs import Log, LogRow
from engine.logs.judging import every_pair, verdict_of_files, verdict_of_logs
from engine.stats.verdict import compare


def lines(file: Path, rows: list[Any]) -> Path:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def ours(scores: list[Any]) -> list[dict[str, Any]]:
    return [{"id": f"q{i}", "correct": score} for i, score in enumerate(scores)]


def log(
    name: str, scores: list[float | None], groups: list[str] | None = None, clusters: list[str] | None = None
) -> Log:
    labels = zip(groups or [""] * len(scores), clusters or [""] * len(scores), strict=True)
    rows = {
        str(i): LogRow(id=str(i), score=score, group=group, cluster=cluster)
        for i, (score, (group, cluster)) in enumerate(zip(scores, labels, strict=True))
    }
    return Log(name=name, file=name, format="test", rows=rows)


def discordant(only_a: int, only_b: int, both: int, n: int) -> tuple[list[float | None], list[float | None]]:
    """Scores with these counts: right for A alone, for B alone, for both, and for neither."""
    cells = [(1.0, 0.0)] * only_a + [(0.0, 1.0)] * only_b + [(1.0, 1.0)] * both
    cells += [(0.0, 0.0)] * (n - len(cells))
    return [a for a, _ in cells], [b for _, b in cells]


# ---- two files


def test_items_are_paired_by_id_whatever_their_order(tmp_path: Path) -> None:
    """McNemar's exact test, 5 items right for A alone and none for B alone: 2 · 0.5**5."""
    rows = ours([1, 1, 1, 1, 1, 0])
    a = lines(tmp_path / "ruby.jsonl", rows)
    b = lines(tmp_path / "jade.jsonl", ours([0] * 6)[::-1])
    verdict = verdict_of_files(a, b)
    assert verdict.names == ("ruby", "jade")
    assert (verdict.n, verdict.a_score, verdict.b_score) == (6, 5 / 6, 0.0)
    assert verdict.p_value == pytest.approx(0.0625)
    assert not any("left out" in caveat for caveat in verdict.caveats)


def test_files_of_two_formats(tmp_path: Path) -> None:
    a = lines(tmp_path / "ruby.jsonl", ours([True, True, False, True]))
    b = tmp_path / "jade.csv"
    b.write_text("id;correct\nq3;yes\nq2;no\nq1;yes\nq0;no\n")
    verdict = verdict_of_files(a, str(b), level=0.9, margin=0.1)
    assert verdict == verdict_of_files(f"{a}::correct", b, level=0.9, margin=0.1)
    assert (verdict.gap, verdict.interval.level, verdict.margin) == (0.25, 0.9, 0.1)


def test_other_items_are_not_dropped_silently(tmp_path: Path) -> None:
    a = lines(tmp_path / "a.jsonl", ours([1] * 8))
    b = lines(tmp_path / "b.jsonl", [*ours([1] * 3), {"id": "other", "correct": True}])
    with pytest.raises(Mismatch) as caught:
        verdict_of_files(a, b)
    told = str(caught.value)
    assert "5 are only in a.jsonl ('q3', 'q4', 'q5', …)" in told
    assert "1 are only in b.jsonl ('other')" in told
    assert "3 are in both" in told
    verdict = verdict_of_files(a, b, common=True)
    assert verdict.n == 3 and any("6 items are in one log only" in caveat for caveat in verdict.caveats)


def test_failures_are_left_out_on_both_sides_and_told(tmp_path: Path) -> None:
    a = lines(tmp_path / "a.jsonl", [*ours([1, 0, 1]), {"id": "q3", "error": "timeout"}])
    b = lines(tmp_path / "b.jsonl", ours([1, 1, 0, 0]))
    verdict = verdict_of_files(a, b)
    assert (verdict.n, verdict.b_score) == (3, 2 / 3)
    assert any("a.jsonl has no score for 1 of the 4 items" in caveat for caveat in verdict.caveats)


def test_too_few_items(tmp_path: Path) -> None:
    file = lines(tmp_path / "a.jsonl", ours([1]))
    with pytest.raises(CallerMistake, match="needs at least 2 items answered by both; got 1"):
        verdict_of_files(file, file)


# ---- the reference: four models on GSM8K


def test_the_published_logs_of_gsm8k() -> None:
    """Counts of the solutions OpenAI published with GSM8K (1,319 items), by the data's own table of p-values."""
    for only_a, only_b, score_a, score_b, p in (
        (209, 152, 0.3904, 0.3472, 0.00315),  # 6b_verification, 175b_finetuning
        (76, 360, 0.3472, 0.5625, 2.9e-45),  # 175b_finetuning, 175b_verification
        (88, 260, 0.2168, 0.3472, 7.5e-21),  # 6b_finetuning, 175b_finetuning
    ):
        a, b = discordant(only_a, only_b, round(score_a * 1319) - only_a, 1319)
        verdict = verdict_of_logs(log("a", a), log("b", b)).verdict
        assert (verdict.a_score, verdict.b_score) == (
            pytest.approx(score_a, abs=5e-5),
            pytest.approx(score_b, abs=5e-5),
        )
        assert verdict.p_value == pytest.approx(p, rel=0.02)
        assert verdict.winner == ("a" if only_a > only_b else "b")


# ---- clusters


RNG = np.random.default_rng(5)
SHARED = RNG.random(12) < 0.5
CLUSTERS = [f"p{i // 4}" for i in range(48)]
A = [float(x) for x in np.repeat(SHARED, 4)]
B = [float(x) for x in RNG.random(48) < 0.4]


def test_clusters_are_taken_from_the_logs_where_an_item_shares_one() -> None:
    found = verdict_of_logs(log("a", A, clusters=CLUSTERS), log("b", B, clusters=CLUSTERS))
    expected = compare(A, B, clusters=CLUSTERS, names=("a", "b"))
    assert found.clusters == 12
    assert found.verdict == expected and "12 clusters" in found.verdict.interval.method


def test_one_log_may_be_the_only_one_to_name_them() -> None:
    assert verdict_of_logs(log("a", A), log("b", B, clusters=CLUSTERS)).clusters == 12


@pytest.mark.parametrize("clusters", [None, [f"p{i}" for i in range(48)], ["p"] * 48, [*["p"] * 20, *[""] * 28]])
def test_clusters_that_tell_nothing_apart_are_none(clusters: list[str] | None) -> None:
    found = verdict_of_logs(log("a", A, clusters=clusters), log("b", B, clusters=clusters))
    assert found.clusters is None
    assert found.verdict == compare(A, B, names=("a", "b"))


def test_items_without_a_cluster_stand_alone() -> None:
    some = [*CLUSTERS[:40], *[""] * 8]
    assert verdict_of_logs(log("a", A, clusters=some), log("b", B, clusters=some)).clusters == 18


def test_clusters_may_be_asked_for_or_left_out() -> None:
    a, b = (log(name, s, groups=CLUSTERS, clusters=CLUSTERS) for name, s in (("a", A), ("b", B)))
    assert verdict_of_logs(a, b, clusters="none").clusters is None
    assert verdict_of_logs(a, b, clusters="group").clusters == 12
    assert verdict_of_logs(a, b, clusters="cluster").clusters == 12
    with pytest.raises(CallerMistake, match="name no group that several items share"):
        verdict_of_logs(log("a", A), log("b", B), clusters="group")


# ---- groups


def test_every_group_is_judged_by_itself_and_corrected_for_their_number() -> None:
    """Holm (1979) by hand: 3 · 2 · 0.5**8, then 2 · 2 · 0.5**7, then the largest as it is."""
    parts = [(8, 0), (7, 0), (1, 1)]
    groups, a, b = [], [], []
    for name, (only_a, only_b) in zip(("one", "two", "three"), parts, strict=True):
        x, y = discordant(only_a, only_b, 2, 12)
        groups, a, b = [*groups, *[name] * 12], [*a, *x], [*b, *y]
    found = verdict_of_logs(log("ruby", a, groups), log("jade", b, groups))
    assert found.groups is not None
    assert list(found.groups.verdicts) == ["one", "two", "three"]
    assert found.groups.verdicts["one"] == compare(a[:12], b[:12], names=("ruby", "jade"))
    assert found.groups.p_values == {
        "one": pytest.approx(3 * 2 * 0.5**8), "two": pytest.approx(2 * 2 * 0.5**7), "three": 1.0
    }  # fmt: skip
    assert found.groups.outcomes["one"] == "a" and found.groups.outcomes["three"] == "undecided"


def test_one_group_is_no_group() -> None:
    assert verdict_of_logs(log("a", A, ["all"] * 48), log("b", B, ["all"] * 48)).groups is None


def test_a_group_of_one_item_has_no_verdict_of_its_own_and_it_is_said() -> None:
    groups = [*["one"] * 20, *["two"] * 27, "three"]
    found = verdict_of_logs(log("a", A, groups), log("b", B, groups))
    assert found.groups is not None and set(found.groups.verdicts) == {"one", "two"}
    assert any("1 groups have a single item" in caveat for caveat in found.verdict.caveats)


def test_clusters_count_inside_a_group_too() -> None:
    groups = ["one"] * 24 + ["two"] * 24
    found = verdict_of_logs(log("a", A, groups, CLUSTERS), log("b", B, groups, CLUSTERS))
    assert found.groups is not None
    assert "6 clusters" in found.groups.verdicts["one"].interval.method


# ---- several models


def test_each_against_each() -> None:
    """Right on 20, 12 and 4 of the same 24 items, the fewer among the more: exact p 2·.5**8, 2·.5**16, 2·.5**8."""
    logs = [log(name, [1.0] * k + [0.0] * (24 - k)) for name, k in (("opal", 20), ("ruby", 12), ("jade", 4))]
    found = every_pair(logs)
    assert [pair.verdict.names for pair in found.verdicts] == [("opal", "ruby"), ("opal", "jade"), ("ruby", "jade")]
    assert [pair.verdict.p_value for pair in found.verdicts] == pytest.approx([2 * 0.5**8, 2 * 0.5**16, 2 * 0.5**8])
    assert found.p_values == pytest.approx((2 * 2 * 0.5**8, 3 * 2 * 0.5**16, 2 * 2 * 0.5**8))
    assert found.outcomes == tuple(pair.verdict.winner for pair in found.verdicts)


def test_a_winner_alone_may_be_none_among_many() -> None:
    """6 to 0 is p = 1/32 alone, and three times that among three pairs; a pair without a winner stays without."""
    scores = {"opal": [1] * 20, "ruby": [1] * 14 + [0] * 6, "jade": [1] * 14 + [0] * 6}
    found = every_pair([log(name, list(given)) for name, given in scores.items()], margin=0.01)
    assert [pair.verdict.winner for pair in found.verdicts] == ["a", "a", "undecided"]
    assert found.outcomes == ("undecided", "undecided", "undecided")
