"""Rows with an id and a score: CSV, JSONL, or a JSON list of objects, for one model or for several side by side.

A score is in a column `score` or `correct`, or in one column a model: `score_ruby`, `score_jade`, or an object
`{"is_correct": …}` under the model's name. A column `model` also tells several apart. In a CSV, where everything is
text, true/false, yes/no and correct/incorrect are read as such.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import CallerMistake
from engine.logs.files import MAX_BYTES, LogFile, as_object
from engine.logs.log import (
    LARGEST,
    Contents,
    Log,
    LogRow,
    add_row,
    digest,
    item_id,
    one_line,
    score_of,
    settings_of,
    short_list,
    short_repr,
)

IDS = ("id", "doc_id", "item_id", "question_id")
SCORES = ("score", "correct", "is_correct", "acc", "acc_norm", "exact_match")
GROUPS = ("group", "subject", "task")
TEXTS = ("text", "output", "solution")
QUESTIONS = ("question", "input")
ERRORS = ("error", "failure")
ABOUT = {*IDS, *GROUPS, *TEXTS, *QUESTIONS, *ERRORS, "cluster", "answer", "model", "prompt", "target", "ground_truth"}

NO_ERROR = {"", "0", "false", "no", "none", "null", "nan", "n/a"}

MAX_COLUMNS = 10_000
_BEFORE_MODEL, _AFTER_MODEL, _BETWEEN = ("score", "correct", "is_correct"), ("score", "correct"), " _.:-"
_WORDS = {"true": 1.0, "yes": 1.0, "correct": 1.0, "false": 0.0, "no": 0.0, "incorrect": 0.0}
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,3})?", re.ASCII)

TableRow = tuple[str, Mapping[str, Any]]  # where it stands, and its cells
ScoreParser = Callable[[Any, str], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """Where the scores of one log stand in every row; nested: in an object under that name."""

    field: str
    model: str = ""
    nested: bool = False

    @property
    def name(self) -> str:
        """The column's name as one short line."""
        return one_line(self.field)


def from_csv(source: LogFile) -> Contents:
    """All logs in a CSV, whose first line names the columns."""
    return _contents(source, "CSV", _csv_rows(source), _written_score)


def from_jsonl(source: LogFile) -> Contents:
    """All logs in a file with an object a line."""
    return _contents(source, "JSONL", source.json_lines(), score_of)


def from_list(source: LogFile, rows: Iterable[Any]) -> Contents:
    """All logs in a JSON list of objects. Raises CallerMistake for an entry that is none."""
    placed = [(f"{source.name}, entry {number}", row) for number, row in enumerate(rows, start=1)]
    for where, row in placed:
        as_object(row, where)
    source.allowance.take(source.name, 0, len(placed))
    return _contents(source, "JSON list", placed, score_of)


def _contents(source: LogFile, kind: str, rows: Iterable[TableRow], parse: ScoreParser) -> Contents:
    table = list(rows)
    if not table:
        raise CallerMistake(f"{source.name} holds no rows.")
    columns, kind_of_column, sure = _columns(table, parse)
    source.allowance.take_sets(source.name, len(columns), len(table) * (len(columns) - 1))
    rows_by_log: dict[tuple[str, _Column], dict[str, LogRow]] = {}
    for number, (where, row) in enumerate(table, start=1):
        for column in columns:
            log_rows = rows_by_log.setdefault((one_line(row.get("model") or ""), column), {})
            add_row(log_rows, _row(column, row, number, where, parse), where)
    models = {model for model, _ in rows_by_log}
    logs = {}
    for (model, column), log_rows in rows_by_log.items():
        parts = [model] * (len(models) > 1) + [column.name] * (len(columns) > 1)
        contender = model or column.model
        logs[",".join(parts) or column.name] = Log(
            name=contender or source.stem,
            file=source.name,
            format=kind,
            selector=",".join(parts),
            rows=log_rows,
            settings=settings_of({"model": contender}),
        )
    by_model = len(columns) == 1 < len(models)
    return Contents(kind="model" if by_model else kind_of_column, logs=logs, sure=sure)


def _columns(table: list[TableRow], parse: ScoreParser) -> tuple[list[_Column], str, bool]:
    """The columns that hold scores, what tells them apart, and whether that is certain."""
    names = dict.fromkeys(name for _, row in table for name in row)
    if len(names) > MAX_COLUMNS:
        raise CallerMistake(f"{table[0][0]} is of a table with {len(names):,} columns, over {MAX_COLUMNS:,}.")
    if columns := [_Column(field=name) for name in SCORES if name in names]:
        return columns, "column", True
    objects = dict.fromkeys(name for _, row in table for name, cell in row.items() if isinstance(cell, dict))
    nested = [_Column(field=name, model=one_line(name), nested=True) for name in objects if _holds_scores(table, name)]
    models = ((name, _model_in(name)) for name in names if name not in ABOUT)
    flat = [_Column(field=name, model=one_line(model)) for name, model in models if model]
    if nested or flat:
        return nested + flat, "model", True
    if guessed := [_Column(field=name) for name in names if name not in ABOUT and _all_scores(table, name, parse)]:
        return guessed, "column", False
    raise CallerMistake(
        f"{table[0][0]} has none of the fields {', '.join(SCORES)}; it has {short_list(names, 30) or 'no fields'}."
    )


def _model_in(column: str) -> str:
    """The model that a column of scores is named after, as in `score_ruby` or `ruby.correct`; empty where none is.

    >>> _model_in("score_ruby"), _model_in("ruby.correct"), _model_in("scores")
    ('ruby', 'ruby', '')
    """
    for start in _BEFORE_MODEL:
        rest = column.removeprefix(start)
        if rest != column and rest[:1] in tuple(_BETWEEN):
            return rest.lstrip(_BETWEEN)
    for end in _AFTER_MODEL:
        rest = column.removesuffix(end)
        if rest != column and rest[-1:] in tuple(_BETWEEN):
            return rest.rstrip(_BETWEEN)
    return ""


def _holds_scores(table: list[TableRow], name: str) -> bool:
    cells = (row.get(name) for _, row in table)
    return any(score in cell for cell in cells if isinstance(cell, dict) for score in SCORES)


def _all_scores(table: list[TableRow], name: str, parse: ScoreParser) -> bool:
    try:
        return all(name in row and parse(row[name], where) is not None for where, row in table)
    except CallerMistake:
        return False


def _row(column: _Column, row: Mapping[str, Any], number: int, where: str, parse: ScoreParser) -> LogRow:
    cell: Mapping[str, Any] = row
    field = column.field
    if column.nested:
        inner = row.get(field)
        if not isinstance(inner, dict):
            raise CallerMistake(f"{where} has no object under {short_repr(field)}.")
        field = next((score for score in SCORES if score in inner), "score")
        cell = inner
    question = _text(row, QUESTIONS)
    failed = (_text(cell, ERRORS) or _text(row, ERRORS) or "").strip().casefold() not in NO_ERROR
    if not failed and field not in cell:
        raise CallerMistake(f"{where} has no field {short_repr(field)}; it has {short_list(cell, 30) or 'no fields'}.")
    return LogRow(
        id=_id(row, question, number, where),
        score=None if failed else parse(cell[field], where),
        group=one_line(_text(row, GROUPS) or ""),
        cluster=one_line(_text(row, ("cluster",)) or ""),
        text=_text(cell, TEXTS),
        answer=_text(cell, ("answer",)),
        question=digest("text", question) if question else None,
        prompt=digest("text", prompt) if (prompt := _text(cell, ("prompt",))) else None,
    )


def _id(row: Mapping[str, Any], question: str | None, number: int, where: str) -> str:
    """The id, or the row's number where there is a question to check the pairing by."""
    for field in IDS:
        if field in row:
            return item_id(row[field], where)
    if question:
        return f"row {number}"
    raise CallerMistake(
        f"{where} has none of the fields {', '.join(IDS)}; it has {short_list(row, 30) or 'no fields'}."
    )


def _text(row: Mapping[str, Any], fields: Iterable[str]) -> str | None:
    for field in fields:
        if field in row and row[field] not in (None, "", False):
            return row[field] if isinstance(row[field], str) else one_line(row[field])
    return None


def _csv_rows(source: LogFile) -> Iterator[TableRow]:
    """The rows of a CSV, whose delimiter is the one that splits its first line into most names."""
    text = source.text()
    header = text.lstrip("\ufeff\r\n").partition("\n")[0]
    delimiter = max(",;\t|", key=header.count)
    csv.field_size_limit(MAX_BYTES)  # outputs are long; the file's size is what is bounded
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    names: list[str] = []
    try:
        for cells in lines:
            if not any(cell.strip() for cell in cells):
                continue
            where = source.at(lines.line_num)
            if not names:
                names = [cell.strip() for cell in cells]
                _check_names(names, where)
                continue
            source.allowance.take(source.name, 0, 1)
            if len(cells) != len(names):
                raise CallerMistake(f"{where} has {len(cells)} cells, but the first line names {len(names)} columns.")
            yield where, dict(zip(names, cells, strict=True))
    except csv.Error as error:
        raise CallerMistake(f"{source.at(lines.line_num)} is not CSV: {error}.") from error


def _check_names(names: list[str], where: str) -> None:
    if len(names) > MAX_COLUMNS:
        raise CallerMistake(f"{where} names {len(names):,} columns, over {MAX_COLUMNS:,}.")
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise CallerMistake(f"{where} names the column {short_repr(min(twice))} twice.")


def _written_score(value: str, where: str) -> float:
    """A score as people write it in a table: a number with a point, or a word for right and wrong."""
    word = value.strip().casefold()
    if word in _WORDS:
        return _WORDS[word]
    if _NUMBER.fullmatch(word) and abs(float(word)) <= LARGEST:
        return float(word)
    raise CallerMistake(
        f"{where}: {short_repr(value)} is no score. Write 1 or 0, a number with a point, true, false, yes, no, correct "
        "or incorrect; where an item failed, say so in a column `error`."
    )
