"""lm-eval's `samples_*.jsonl` (read as version 0.4.13 writes them), one file of a task or a folder of many tasks.

Each line is an item under one filter with all metrics of the task, so a file holds one set of scores for each pair of
them, named as lm-eval names it in its results: `exact_match,strict-match`. The settings are in `results_*.json`, which
the same run writes beside the samples; without it they are not stated, apart from those each line shows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from engine.errors import CallerMistake
from engine.logs.files import LogFile, as_object
from engine.logs.lm_eval import read_results
from engine.logs.log import Contents, Log, LogRow, item_id, plain, score_of, settings_of, shown

FORMAT = "lm-eval samples"
FILE_NAME = re.compile(r"samples_(?P<task>.+?)(?:_(?P<date>\d{4}-\d\d-\d\dT[\d.:-]+\d))?\.jsonl")

_FIXED = {"doc_id", "doc", "target", "arguments", "resps", "filtered_resps", "filter", "metrics"}
_FIXED |= {"doc_hash", "prompt_hash", "target_hash"}
_NOTHING_FOUND = "[invalid]"  # what lm-eval's filters write where they found no answer

_Scored = tuple[LogRow, dict[str, float] | None]
"""A row and its scores by metric; None where the item failed."""


def recognises(row: Mapping[str, Any]) -> bool:
    return "doc_id" in row and bool(row.keys() & (_FIXED - {"doc_id", "metrics"}))


def contents(source: LogFile, files: Sequence[LogFile]) -> Contents:
    """Every set of scores in these files of one run: `source` itself, or what is in it, a file for each task.

    Raises:
        CallerMistake: two files of one task, which are two runs.
    """
    filters: dict[str, dict[str, _Scored]] = {}
    refused: dict[str, str] = {}
    made: dict[str, dict[str, Any]] = {}
    results: dict[str, dict[str, Any]] = {}
    for file in files:
        named = FILE_NAME.fullmatch(file.plain_name)
        task, date = (plain(named["task"]), named["date"] or "") if named else ("", "")
        if task in made:
            raise CallerMistake(
                f"{source.name} holds two runs of the task {plain(task)!r}: keep one file for each task."
            )
        if date not in results:
            results[date] = _results(file, date)
        made[task] = read_results.settings(results[date], task)
        for where, row in file.json_lines():
            made[task].setdefault("decoding", _decoding(row))
            read = _row(row, task if len(files) > 1 else "", where)
            rows = filters.setdefault(plain(row.get("filter", "none")), {})
            if read.id in rows:
                raise CallerMistake(f"{where}: the id {shown(read.id)} was there before. Each item may be scored once.")
            rows[read.id] = read, (scores := None if _failed(row) else _metrics(row, where, refused))
            file.allowance.take(file.name, 0, len(scores or "1") - 1)
    notes = (read_results.EARLY,) if any(map(read_results.ended_early, results.values())) else ()
    logs = {}
    for used, rows in filters.items():
        for metric in dict.fromkeys(metric for _, scores in rows.values() for metric in scores or ()):
            tasks = {row.group for row, scores in rows.values() if scores is None or metric in scores}
            settings = _joined({task: said for task, said in made.items() if task in tasks or len(made) == 1})
            logs[f"{metric},{used}"] = Log(
                name=read_results.model_name(settings) or source.stem,
                file=source.name,
                format=FORMAT,
                selector=f"{metric},{used}",
                rows={
                    key: replace(row, score=(scores or {}).get(metric))
                    for key, (row, scores) in rows.items()
                    if row.group in tasks
                },
                settings=settings_of({**settings, "metric": metric, "extraction": used}),
                notes=notes,
            )
    return Contents(kind="metric or filter", logs=logs, refused=refused)


def _failed(row: Mapping[str, Any]) -> bool:
    """Whether a line says that its item has no score. lm-eval has no such field: our own files do."""
    return bool(row.get("error")) and row.get("metrics") == []


def _row(row: Mapping[str, Any], task: str, where: str) -> LogRow:
    """The row without its score, which depends on the metric."""
    if "doc_id" not in row:
        raise CallerMistake(f"{where} has no doc_id; it has {', '.join(row) or 'no fields'}.")
    number = item_id(row["doc_id"], where)
    text, answer = _first(_first(row.get("resps"))), _first(row.get("filtered_resps"))
    return LogRow(
        id=f"{task}/{number}" if task else number,
        score=None,
        group=task,
        text=text if isinstance(text, str) else None,
        answer="" if answer == _NOTHING_FOUND else answer if isinstance(answer, str) else None,
        question=f"lm-eval:{row['doc_hash']}" if isinstance(row.get("doc_hash"), str) else None,
        prompt=f"lm-eval:{row['prompt_hash']}" if isinstance(row.get("prompt_hash"), str) else None,
    )


def _metrics(row: Mapping[str, Any], where: str, refused: dict[str, str]) -> dict[str, float]:
    """The scores of a line by metric; older versions do not list them."""
    listed = row.get("metrics")
    names = listed if isinstance(listed, list) else [name for name in row if name not in _FIXED]
    scores = {}
    for name in (name for name in names if isinstance(name, str) and name in row):
        if isinstance(row[name], list | dict | str):
            refused.setdefault(
                plain(name), f"{where} has {shown(row[name])} there, which is not one score of the item."
            )
        else:
            scores[plain(name)] = score_of(row[name], where)
    if not scores:
        raise CallerMistake(f"{where} has no score; it has {plain(', '.join(row)) or 'no fields'}.")
    return scores


def _results(file: LogFile, date: str) -> dict[str, Any]:
    """What `results_*.json` of the same run holds; nothing where it is not there."""
    beside = file.beside(f"results_{date}.json") if date else None
    return as_object(beside.json(), beside.name) if beside else {}


def _decoding(row: Mapping[str, Any]) -> Any:
    """What the first request of an item says: a continuation to be ranked, or how to generate."""
    arguments = row.get("arguments")
    request = _first(list(arguments.values()) if isinstance(arguments, dict) else arguments)
    second = request.get("arg_1") if isinstance(request, dict) else request[1:2] if isinstance(request, list) else None
    given = _first(second) if isinstance(second, list) else second
    return read_results.RANKED if isinstance(given, str) else given if isinstance(given, dict) else None


def _joined(made: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """The settings of all tasks: what is the same for all of them once, anything else task by task."""
    joined: dict[str, Any] = {}
    for key in dict.fromkeys(key for settings in made.values() for key in settings):
        values = {task: settings.get(key) for task, settings in made.items()}
        first = next(iter(values.values()))
        joined[key] = first if all(value == first for value in values.values()) else values
    if len(made) > 1:
        joined["task"] = " ".join(sorted(made))
    return joined


def _first(values: Any) -> Any:
    return values[0] if isinstance(values, list) and values else None
