"""What commands write and print: JSON, and the cells and phrases that several tables of text have."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from engine.errors import CallerMistake
from engine.report.figures import exact_percent
from engine.stats import AdjustedVerdicts, Interval, Verdict, Winner


def write_json(file: Path, content: Mapping[str, Any]) -> None:
    """Raises CallerMistake where the file cannot be written."""
    try:
        file.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise CallerMistake(f"The file {file} cannot be written: {error.strerror}.") from error


def answer(lines: Iterable[str], content: Mapping[str, Any], file: Path | None) -> None:
    """Writes what a command came to, then prints it.

    lines    to read, on standard output
    content  the same as JSON
    file     where the JSON is wanted; None for nowhere

    Raises:
        CallerMistake: the file cannot be written; nothing is printed then.
    """
    if file:
        write_json(file, content)
    print(*lines, sep="\n")


def signed_interval(interval: Interval) -> str:
    """Both ends of a gap's interval in points: -0.4 to +3.1."""
    return f"{100 * interval.low:+.1f} to {100 * interval.high:+.1f}"


def mean_gap(judged: AdjustedVerdicts) -> str:
    """The mean of several gaps with its interval."""
    return f"{100 * judged.gap:+.1f} points ({exact_percent(judged.level)} interval {signed_interval(judged.interval)})"


def winner_name(outcome: Winner, judged: Verdict) -> str:
    """The outcome of a verdict among others with the winner's name; of a winner that was taken back it says so."""
    if outcome in ("a", "b"):
        return judged.names[outcome == "b"]
    return outcome if outcome == judged.winner else f"{outcome} (a winner alone, none among so many)"
