"""Which format a file is in, and the log in it: `read_log` for one, `contents` and `choices` for all there are."""

from __future__ import annotations

import re
from pathlib import Path

from engine.errors import CallerMistake
from engine.logs.files import LogFile
from engine.logs.lm_eval import read_results, read_samples
from engine.logs.log import Contents, Log
from engine.logs.readers import helm, inspect, noise_floor, outputs, table

FORMATS = (
    "lm-eval's samples_*.jsonl, Inspect's .eval and .json, HELM's per_instance_stats.json, our own battles as JSON or "
    "CSV, and CSV, JSONL or a JSON list with an id and a score"
)
_SEPARATOR = "::"
_CSV = re.compile(r".*\.(?:csv|tsv)", re.IGNORECASE)


def read_log(name: str, data: bytes | Path, selector: str | None = None) -> Log:
    """The log in a file, in a folder, or in the content of an upload.

    name      what to call it in messages; for bytes also what it was called, whose ending helps to tell the format
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
        found = _folder(source) if source.is_folder else _file(source)
    except RecursionError as error:
        raise CallerMistake(f"{name} is nested too deep to be a log.") from error
    if not found.logs:
        why = next(iter(found.refused.values()), "no item in it has a score")
        raise CallerMistake(f"{name} has nothing to judge: {why.removesuffix('.')}.")
    return found


def place_and_selector(given: str) -> tuple[Path, str | None]:
    """`FILE::SELECTOR` in its parts; a file whose own name has :: in it is taken as it is."""
    path, separator, selector = given.rpartition(_SEPARATOR)
    if not separator or Path(given).exists():
        return Path(given), None
    return Path(path), selector


def _file(source: LogFile) -> Contents:
    head = source.head()
    if head.startswith(b"PK\x03\x04") or source.plain_name.endswith(".eval"):
        return inspect.from_eval(source)
    begun = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if _CSV.fullmatch(source.plain_name):
        return table.from_csv(source)
    if begun.startswith(b"["):
        return _list(source)
    if begun.startswith(b"{"):
        return _jsonl(source) if _is_jsonl(source) else _object(source)
    if source.plain_name.endswith(".txt") or not begun:
        return table.from_csv(source)
    raise CallerMistake(f"{source.name} is in none of the formats read here: {FORMATS}.")


def _is_jsonl(source: LogFile) -> bool:
    """Whether the first line is an object of its own and another follows, or the name says so."""
    if source.plain_name.endswith(".jsonl"):
        return True
    lines = (line.strip() for _, line in LogFile(name=source.name, content=source.content).lines())
    first, second = next(lines, ""), next(lines, "")
    return first.endswith("}") and second.startswith("{")


def _jsonl(source: LogFile) -> Contents:
    _, first = next(LogFile(name=source.name, content=source.content).json_lines(), ("", {}))
    if read_samples.recognises(first):
        return read_samples.contents(source, [source])
    return table.from_jsonl(source)


def _object(source: LogFile) -> Contents:
    document = source.json()
    if inspect.recognises(document):
        return inspect.contents(source, document)
    if noise_floor.recognises(document):
        return noise_floor.contents(source, document)
    if read_results.recognises(document):
        return read_results.contents(document)
    if outputs.recognises(document):
        return outputs.contents(source, [source])
    return table.from_list(source, [document])


def _list(source: LogFile) -> Contents:
    document = source.json()
    return helm.contents(source, document) if helm.recognises(document) else table.from_list(source, document)


def _folder(source: LogFile) -> Contents:
    """A folder is one log: a run of lm-eval or HELM, or stored outputs with a file for each task."""
    files = source.inside()
    samples = [file for file in files if read_samples.FILE_NAME.fullmatch(file.plain_name)]
    if samples:
        return read_samples.contents(source, samples)
    if run := next((file for file in files if file.plain_name == helm.FILE_NAME), None):
        return _list(run)
    tasks = [file for file in files if file.plain_name.endswith(".json")]
    if tasks:
        return outputs.contents(source, tasks)
    raise CallerMistake(
        f"The file {source.name} cannot be read: Is a directory. A folder holds a run of lm-eval (samples_*.jsonl), of "
        "HELM (per_instance_stats.json), or stored outputs, a .json for each task."
    )
