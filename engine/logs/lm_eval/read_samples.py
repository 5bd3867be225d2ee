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
from engine.logs.lm_eval.definitions import NO_ANSWER
from engine.logs.log import (
    Contents,
    Log,
    LogRow,
    check_new,
    item_id,
    model_name,
    one_line,
    score_of,
    settings_of,
    short_list,
    short_repr,
)

FORMAT = "lm-eval samples"
FILE_NAME = re.compile(r"samples_(?P<task>.+?)(?:_(?P<date>\d{4}-\d\d-\d\dT[\d.:-]+\d))?\.jsonl")

_FIXED = {"doc_id", "doc", "target", "arguments", "resps", "filtered_resps", "filter", "metrics"}
_FIXED |= {"doc_hash", "prompt_hash", "target_hash"}

_Scored = tuple[LogRow, dict[str, float] | None]
"""A row and its scores by metric; None where the item failed."""


def recognises(document: Any) -> bool:
    """Whether it is a line of samples."""
    return (
        isinstance(document, dict) and "doc_id" in document and bool(document.keys() & (_FIXED - {"doc_id", "metrics"}))
    )


def contents(source: LogFile, document: Any) -> Contents:
    """Every set of scores in a file of one task, whose first line is `document`."""
    return from_files(source, [source])


def from_files(source: LogFile, files: Sequence[LogFile]) -> Contents:
    """Every set of scores in the files of one run.

    source  the run: a folder, or the one file
    files   a file for each task

    Raises:
        CallerMistake: two files of one task, which are two runs.
    """
    filters: dict[str, dict[str, _Scored]] = {}
    refused: dict[str, str] = {}
    settings: dict[str, dict[str, Any]] = {}
    results: dict[str, dict[str, Any]] = {}
    for file in files:
        parts = FILE_NAME.fullmatch(file.plain_name)
        task, date = (one_line(parts["task"]), parts["date"] or "") if parts else ("", "")
        if task in settings:
            raise CallerMistake(f"{source.name} holds two runs of the task {task!r}: keep one file for each task.")
        if date not in results:
            results[date] = _results(file, date)
        settings[task] = read_results.settings(results[date], task)
        for where, row in file.json_lines():
            settings[task].setdefault("decoding", _decoding(row))
            log_row = _row(row, task if len(files) > 1 else "", where)
            rows = filters.setdefault(one_line(row.get("filter", "none")), {})
            check_new(log_row.id, rows, where)
            rows[log_row.id] = log_row, None if _failed(row) else _metrics(row, where, refused)
    notes = (read_results.EARLY,) if any(map(read_results.ended_early, results.values())) else ()
    logs = {}
    metrics = {
        name: dict.fromkeys(metric for _, scores in rows.values() for metric in scores or ())
        for name, rows in filters.items()
    }
    again = sum(len(filters[name]) * (len(found) - 1) for name, found in metrics.items() if found)
    source.allowance.take_sets(source.name, sum(map(len, metrics.values())), again)
    for filter_name, rows in filters.items():
        for metric in metrics[filter_name]:
            tasks = {row.group for row, scores in rows.values() if scores is None or metric in scores}
            merged = _merged({task: s for task, s in settings.items() if task in tasks or len(settings) == 1})
            selector = f"{metric},{filter_name}"
            logs[selector] = Log(
                name=model_name(merged["model"]) or source.stem,
                file=source.name,
                format=FORMAT,
                selector=selector,
                rows={
                    key: replace(row, score=(scores or {}).get(metric))
                    for key, (row, scores) in rows.items()
                    if row.group in tasks
                },
                settings=settings_of(merged | {"metric": metric, "extraction": filter_name}),
                notes=notes,
            )
    return Contents(kind="metric or filter", logs=logs, refused=refused)


def _failed(row: Mapping[str, Any]) -> bool:
    """Whether a line says that its item has no score. lm-eval has no such field: our own files do."""
    return bool(row.get("error")) and row.get("metrics") == []


def _row(row: Mapping[str, Any], task: str, where: str) -> LogRow:
    """The row without its score, which depends on the metric."""
    if "doc_id" not in row:
        raise CallerMistake(f"{where} has no doc_id; it has {short_list(row, 30) or 'no fields'}.")
    number = item_id(row["doc_id"], where)
    text, answer = _first_entry(_first_entry(row.get("resps"))), _first_entry(row.get("filtered_resps"))
    return LogRow(
        id=f"{task}/{number}" if task else number,
        score=None,
        group=task,
        text=text if isinstance(text, str) else None,
        answer="" if answer == NO_ANSWER else answer if isinstance(answer, str) else None,
        question=f"lm-eval:{row['doc_hash']}" if isinstance(row.get("doc_hash"), str) else None,
        prompt=f"lm-eval:{row['prompt_hash']}" if isinstance(row.get("prompt_hash"), str) else None,
    )


def _metrics(row: Mapping[str, Any], where: str, refused: dict[str, str]) -> dict[str, float]:
    """The scores of a line by metric; older versions do not list them."""
    metrics = row.get("metrics")
    names = metrics if isinstance(metrics, list) else [name for name in row if name not in _FIXED]
    scores = {}
    for name in (name for name in names if isinstance(name, str) and name in row):
        if isinstance(row[name], list | dict | str):
            refused.setdefault(
                one_line(name), f"{where} has {short_repr(row[name])} there, which is not one score of the item."
            )
        else:
            scores[one_line(name)] = score_of(row[name], where)
    if not scores:
        raise CallerMistake(f"{where} has no score; it has {short_list(row, 30) or 'no fields'}.")
    return scores


def _results(file: LogFile, date: str) -> dict[str, Any]:
    """What `results_*.json` of the same run holds; nothing where it is not there."""
    beside = file.beside(f"results_{date}.json") if date else None
    return as_object(beside.json(), beside.name) if beside else {}


def _decoding(row: Mapping[str, Any]) -> Any:
    """What the first request of an item says: a continuation to be ranked, or how to generate."""
    arguments = row.get("arguments")
    request = _first_entry(list(arguments.values()) if isinstance(arguments, dict) else arguments)
    second = request.get("arg_1") if isinstance(request, dict) else request[1:2] if isinstance(request, list) else None
    argument = _first_entry(second) if isinstance(second, list) else second
    return read_results.RANKED if isinstance(argument, str) else argument if isinstance(argument, dict) else None


def _merged(by_task: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """The settings of all tasks: what is the same for all of them once, anything else task by task."""
    merged: dict[str, Any] = {}
    for key in dict.fromkeys(key for settings in by_task.values() for key in settings):
        values = {task: settings.get(key) for task, settings in by_task.items()}
        first = next(iter(values.values()))
        merged[key] = first if all(value == first for value in values.values()) else values
    if len(by_task) > 1:
        merged["task"] = " ".join(sorted(by_task))
    return merged


def _first_entry(values: Any) -> Any:
    return values[0] if isinstance(values, list) and values else None
