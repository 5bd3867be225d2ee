"""Reads per-item results from files: ours, lm-eval's `samples_*.jsonl`, or anything with an id and a score.

A line is a JSON object. Its id is `id`, or lm-eval's `doc_id`; its score is `correct` or `score`, or one of
lm-eval's metrics. Two files are only paired when they hold the same items; nothing is dropped silently.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.errors import CallerMistake, Mismatch
from engine.verdict import Verdict, compare

ID_FIELDS = ("id", "doc_id")
SCORE_FIELDS = ("correct", "score", "acc", "exact_match", "acc_norm")


def read_scores(file: Path) -> dict[str, float]:
    """Score by item id, in the order of the file.

    Raises:
        CallerMistake: a line that is no JSON object, has no id or score, or repeats an id; the message names
            file, line and what was found.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise CallerMistake(f"The file {file} cannot be read: {reason}.") from error
    scores: dict[str, float] = {}
    filters: set[Any] = set()
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        where = f"{file}, line {number}"
        row = _row(line, where)
        filters.add(row.get("filter"))
        item = _first(row, ID_FIELDS, where)
        if len(filters) > 1:
            raise CallerMistake(
                f"{where}: lm-eval wrote every item once for each of its filters ({_listed(filters)}). "
                "Keep the lines of one filter, the same in both files."
            )
        if str(item) in scores:
            raise CallerMistake(f"{where}: the id {item!r} was there before. Each item may be scored once.")
        scores[str(item)] = _score(_first(row, SCORE_FIELDS, where), where)
    if len(scores) < 2:
        raise CallerMistake(f"{file} holds {len(scores)} scored items; a gap and its noise need at least 2.")
    return scores


def verdict_of_files(a: Path, b: Path, *, level: float = 0.95, margin: float = 0.02) -> Verdict:
    """The verdict between two files over the same items.

    Raises:
        Mismatch: the files hold different items; the message says how many and shows some.
    """
    left, right = read_scores(a), read_scores(b)
    if left.keys() != right.keys():
        raise Mismatch(
            f"The two files are not over the same items: {_missing(left, right, a)} and {_missing(right, left, b)}, "
            f"{len(left.keys() & right.keys()):,} are in both. A paired verdict needs the same items on both sides."
        )
    names = (a.stem, b.stem)
    return compare(list(left.values()), [right[item] for item in left], level=level, margin=margin, names=names)


def _row(line: str, where: str) -> Mapping[str, Any]:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise CallerMistake(f"{where} is not JSON ({error.msg} at column {error.colno}).") from error
    if not isinstance(row, dict):
        raise CallerMistake(f"{where} is not a JSON object but {type(row).__name__}.")
    return row


def _first(row: Mapping[str, Any], fields: tuple[str, ...], where: str) -> Any:
    for field in fields:
        if field in row:
            return row[field]
    raise CallerMistake(f"{where} has none of the fields {', '.join(fields)}; it has {', '.join(row) or 'no fields'}.")


def _score(value: Any, where: str) -> float:
    """A truth value or a number. Nothing else is guessed at: a missing score is not a wrong answer."""
    if isinstance(value, (bool, int, float)) and math.isfinite(value):
        return float(value)
    raise CallerMistake(
        f"{where}: {value!r} is no score. Write true, false or a number; leave an item without a score out of "
        "both files."
    )


def _missing(here: Mapping[str, float], there: Mapping[str, float], file: Path) -> str:
    only = [item for item in here if item not in there]
    shown = f" ({_listed(only[:3])}{', …' if len(only) > 3 else ''})" if only else ""
    return f"{len(only):,} are only in {file.name}{shown}"


def _listed(values: Any) -> str:
    return ", ".join(repr(value) for value in sorted(values, key=str))
