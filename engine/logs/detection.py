"""Which format a file is in, and the log in it: `read_log` for one, `contents` and `choices` for all there are."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.errors import CallerMistake
from engine.home import path_of
from engine.logs.files import Allowance, LogFile
from engine.logs.lm_eval import read_results, read_samples
from engine.logs.log import Contents, Log
from engine.logs.readers import Reader, helm, inspect, noise_floor, outputs, table

FORMATS = (
    "lm-eval's samples_*.jsonl, Inspect's .eval and .json, HELM's per_instance_stats.json, our own battles as JSON or "
    "CSV, and CSV, JSONL or a JSON list with an id and a score"
)
DOCUMENTS: tuple[Reader, ...] = (inspect, noise_floor, read_results, outputs, helm)
"""Formats of a file that is one JSON value, in the order in which they are tried; anything else is a table."""
LINES: tuple[Reader, ...] = (read_samples,)
"""The same of files with a JSON object a line, which are known by the first."""
_SEPARATOR = "::"
_CSV = re.compile(r".*\.(?:csv|tsv)", re.IGNORECASE)


def read_log(name: str, data: bytes | Path, selector: str | None = None) -> Log:
    """The log in a file, in a folder, or in the content of an upload.

    name      what to call it in messages; for bytes also what it was called, whose ending helps to tell the format
    data      its place, or what is in it
    selector  which of several sets of scores is meant: a model, a metric, a filter, a scorer (see `choices`)

    Raises:
        CallerMistake: it cannot be read, or several may be meant; the message names file and line, or lists them.
    """
    return contents(name, data).pick(name, selector)


def choices(name: str, data: bytes | Path) -> tuple[str, ...]:
    """What can be selected in a file. Raises CallerMistake where it cannot be read."""
    return tuple(contents(name, data).logs)


def contents(name: str, data: bytes | Path) -> Contents:
    """All logs in a file. Raises CallerMistake where it cannot be read."""
    source = LogFile(name=name, content=data)
    try:
        parsed = _folder(source) if source.is_folder else _file(source)
    except RecursionError as error:
        raise CallerMistake(f"{name} is nested too deep to be a log.") from error
    if not parsed.logs:
        reason = next(iter(parsed.refused.values()), "no item in it has a score")
        raise CallerMistake(f"{name} has nothing to judge: {reason.removesuffix('.')}.")
    return parsed


def place_and_selector(argument: str) -> tuple[Path, str | None]:
    """`FILE::SELECTOR` in its parts; a file whose own name has :: in it is taken as it is.

    >>> place_and_selector("run.json::acc,none")[1]
    'acc,none'
    """
    path, separator, selector = argument.rpartition(_SEPARATOR)
    if not separator or path_of(argument).exists():
        return path_of(argument), None
    return path_of(path), selector


def _file(source: LogFile) -> Contents:
    head = source.head()
    if head.startswith(b"PK\x03\x04") or source.plain_name.endswith(".eval"):
        return inspect.from_eval(source)
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if _CSV.fullmatch(source.plain_name):
        return table.from_csv(source)
    if start.startswith(b"{") and _is_jsonl(source):
        _, first = next(_unmetered(source).json_lines(), ("", {}))
        reader = _reader(LINES, first)
        return reader.contents(source, first) if reader else table.from_jsonl(source)
    if start.startswith((b"[", b"{")):
        return _document(source)
    if source.plain_name.endswith(".txt") or not start:
        return table.from_csv(source)
    raise CallerMistake(f"{source.name} is in none of the formats read here: {FORMATS}.")


def _document(source: LogFile) -> Contents:
    document = source.json()
    reader = _reader(DOCUMENTS, document)
    if reader:
        return reader.contents(source, document)
    return table.from_list(source, document if isinstance(document, list) else [document])


def _reader(readers: Iterable[Reader], document: Any) -> Reader | None:
    return next((reader for reader in readers if reader.recognises(document)), None)


def _unmetered(source: LogFile) -> LogFile:
    """The same file with an allowance of its own, to look into it before it is read."""
    return replace(source, allowance=Allowance())


def _is_jsonl(source: LogFile) -> bool:
    """Whether the first line is an object of its own and another follows, or the name says so."""
    if source.plain_name.endswith(".jsonl"):
        return True
    lines = (line.strip() for _, line in _unmetered(source).lines())
    first, second = next(lines, ""), next(lines, "")
    return first.endswith("}") and second.startswith("{")


def _folder(source: LogFile) -> Contents:
    """A folder is one log: a run of lm-eval or HELM, or stored outputs with a file for each task."""
    files = source.inside()
    samples = [file for file in files if read_samples.FILE_NAME.fullmatch(file.plain_name)]
    if samples:
        return read_samples.from_files(source, samples)
    if run := next((file for file in files if file.plain_name == helm.FILE_NAME), None):
        return _document(run)
    tasks = [file for file in files if file.plain_name.endswith(".json")]
    if tasks:
        return outputs.from_files(source, tasks)
    raise CallerMistake(
        f"The file {source.name} cannot be read: Is a directory. A folder holds a run of lm-eval (samples_*.jsonl), of "
        "HELM (per_instance_stats.json), or stored outputs, a .json for each task."
    )
