"""Verdicts from files of per-item results: what is read, and what is refused in which words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.errors import CallerMistake, Mismatch
from engine.stored import read_scores, verdict_of_files


def lines(file: Path, rows: list[Any]) -> Path:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def ours(scores: list[Any]) -> list[dict[str, Any]]:
    return [{"id": f"q{i}", "correct": score} for i, score in enumerate(scores)]


def lm_eval(scores: list[float], metric: str = "acc", **other: Any) -> list[dict[str, Any]]:
    """The fields of a samples_*.jsonl line that matter, in the order lm-eval 0.4.13 writes them."""
    return [
        {"doc_id": i, "doc": {"question": "Why?"}, "target": "0", "resps": [[["-1.5", "False"]]], **other, metric: s}
        for i, s in enumerate(scores)
    ]


def test_our_format(tmp_path: Path) -> None:
    file = lines(tmp_path / "a.jsonl", ours([True, False, 1, 0.5]))
    assert read_scores(file) == {"q0": 1.0, "q1": 0.0, "q2": 1.0, "q3": 0.5}


@pytest.mark.parametrize("metric", ["acc", "exact_match", "acc_norm"])
def test_lm_evals_samples(metric: str, tmp_path: Path) -> None:
    file = lines(tmp_path / "samples_x.jsonl", lm_eval([1.0, 0.0, 1.0], metric, filter="none"))
    assert read_scores(file) == {"0": 1.0, "1": 0.0, "2": 1.0}


def test_items_are_paired_by_id_whatever_their_order(tmp_path: Path) -> None:
    """McNemar's exact test, 5 items right for A alone and none for B alone: 2 · 0.5**5."""
    rows = ours([1, 1, 1, 1, 1, 0])
    a = lines(tmp_path / "ruby.jsonl", rows)
    b = lines(tmp_path / "jade.jsonl", ours([0] * 6)[::-1])
    verdict = verdict_of_files(a, b)
    assert verdict.names == ("ruby", "jade")
    assert (verdict.n, verdict.a_score, verdict.b_score) == (6, 5 / 6, 0.0)
    assert verdict.p_value == pytest.approx(0.0625)


def test_blank_lines_do_not_count(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text('\n{"id": 1, "score": 1}\r\n\n{"id": 2, "score": 0}', encoding="utf-8")
    assert read_scores(file) == {"1": 1.0, "2": 0.0}


def test_line_separators_inside_a_text_are_no_line_ends(tmp_path: Path) -> None:
    """JSON allows U+2028 and U+0085 unescaped in strings, and lm-eval writes them so (ensure_ascii=False)."""
    file = tmp_path / "a.jsonl"
    rows = [{"id": i, "score": 1, "text": "one\u2028two\x85three"} for i in range(2)]
    file.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    assert read_scores(file) == {"0": 1.0, "1": 1.0}


@pytest.mark.parametrize(
    ("second_line", "words"),
    [
        ('{"id": "q1", "correct": tru}', "line 2 is not JSON"),
        ("[1, 2]", "line 2 is not a JSON object but list"),
        ('{"correct": true}', "line 2 has none of the fields id, doc_id; it has correct"),
        ('{"id": "q1"}', "line 2 has none of the fields correct, score, acc, exact_match, acc_norm"),
        ('{"id": "q1", "correct": null}', "line 2: None is no score"),
        ('{"id": "q1", "correct": "true"}', "line 2: 'true' is no score"),
        ('{"id": "q1", "score": NaN}', "line 2: nan is no score"),
        ('{"id": "q1", "score": 1e999}', "line 2: inf is no score"),
        ('{"id": "q0", "correct": true}', "line 2: the id 'q0' was there before"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(second_line: str, words: str, tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text('{"id": "q0", "correct": true}\n' + second_line + "\n", encoding="utf-8")
    with pytest.raises(CallerMistake, match=words) as caught:
        read_scores(file)
    assert str(file) in str(caught.value)


def test_lm_evals_two_filters_are_two_sets_of_scores(tmp_path: Path) -> None:
    rows = lm_eval([1.0, 0.0], "exact_match", filter="strict-match") + lm_eval(
        [1.0], "exact_match", filter="flexible-extract"
    )
    with pytest.raises(CallerMistake, match=r"'flexible-extract', 'strict-match'.*Keep the lines of one filter"):
        read_scores(lines(tmp_path / "a.jsonl", rows))


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_items(count: int, tmp_path: Path) -> None:
    with pytest.raises(CallerMistake, match=f"holds {count} scored items"):
        read_scores(lines(tmp_path / "a.jsonl", ours([1] * count)))


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", None])
def test_a_file_that_cannot_be_read(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(CallerMistake, match=r"a\.jsonl cannot be read: "):
        read_scores(file)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(CallerMistake, match="cannot be read: Is a directory"):
        read_scores(tmp_path)


def test_other_items_are_not_dropped_silently(tmp_path: Path) -> None:
    a = lines(tmp_path / "a.jsonl", ours([1] * 8))
    b = lines(tmp_path / "b.jsonl", [*ours([1] * 3), {"id": "other", "correct": True}])
    with pytest.raises(Mismatch) as caught:
        verdict_of_files(a, b)
    told = str(caught.value)
    assert "5 are only in a.jsonl ('q3', 'q4', 'q5', …)" in told
    assert "1 are only in b.jsonl ('other')" in told
    assert "3 are in both" in told
