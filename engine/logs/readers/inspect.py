"""Logs of Inspect (UK AI Security Institute): `.json` read here, `.eval` by the library inspect-ai, an optional extra.

A JSON log is plain JSON. An `.eval` is a zip in an inner format of the library's own, so the library reads it; before
it does, the archive is unpacked within bounds, so that a small file cannot fill the memory. Values of scores are
taken as Inspect takes them: C, P, I and N are 1, 0.5, 0 and 0. It gives 0 to what it cannot read, here that is refused.
"""

from __future__ import annotations

import io
import itertools
import math
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

from engine.errors import CallerMistake
from engine.logs.files import MAX_FILES, LogFile, as_object, mapping_of, objects_of
from engine.logs.log import (
    LARGEST,
    Contents,
    Log,
    LogRow,
    digest,
    item_id,
    one_line,
    selector_part,
    settings_of,
    short_repr,
)

FORMAT = "Inspect log"
INSTALL = "pip install inspect-ai==0.3.285"
MAX_MEMBERS = 100 * MAX_FILES  # files in an .eval: one for each sample and epoch, and a few more

_VALUES = {"C": 1.0, "P": 0.5, "I": 0.0, "N": 0.0}
_WORDS = {"yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0}
_CUT_SHORT, _ENDED = ("max_tokens", "model_length"), ("stop", "tool_calls", "content_filter")
_DECODING = (
    *("temperature", "top_p", "top_k", "max_tokens", "stop_seqs", "seed", "best_of", "num_choices"),
    *("frequency_penalty", "presence_penalty", "effort", "reasoning_effort", "reasoning_tokens"),
)
_HEAVY = {"events", "store", "timelines", "events_data"}  # what of a sample no verdict needs
_PIECE = 4096  # compressed bytes read at a time: what one piece unpacks into has to fit the memory

_Epochs = dict[str, dict[str, Mapping[str, Any]]]  # by sample, then by epoch
_Scores = dict[str, dict[str, list[float]]]  # by scorer, then by sample: the epochs that have a score


def recognises(document: Any) -> bool:
    """Whether it is a log of an evaluation."""
    return isinstance(document, dict) and isinstance(document.get("eval"), dict) and "status" in document


def from_eval(source: LogFile) -> Contents:
    """An `.eval` file.

    Raises:
        CallerMistake: inspect-ai is not installed, or the archive is damaged or unpacks into too much.
    """
    try:
        from inspect_ai.log import read_eval_log  # heavy and optional
    except ImportError as error:
        raise CallerMistake(
            f"{source.name} is an .eval file of Inspect, and reading it takes a library that is not installed: "
            f"{INSTALL}. Or convert it where Inspect is: inspect log convert FILE --to json --output-dir FOLDER"
        ) from error
    with tempfile.TemporaryDirectory(prefix="eval-") as folder:
        unpacked = Path(folder, "log.eval")
        _unpack(source, unpacked)
        try:
            log = read_eval_log(str(unpacked), exclude_fields=_HEAVY)
        except Exception as error:
            raise CallerMistake(f"inspect-ai cannot read {source.name}: {one_line(str(error))}") from error
    return contents(source, log.model_dump())


def contents(source: LogFile, document: Mapping[str, Any]) -> Contents:
    """Every scorer's scores; a scorer that gives several values an item is several, named `scorer,value`."""
    samples = document.get("samples")
    if not isinstance(samples, list) or not samples:
        raise CallerMistake(f"{source.name} holds no samples: write the log with its samples.")
    epochs: _Epochs = {}
    scores: _Scores = {}
    refused: dict[str, str] = {}
    for number, entry in enumerate(samples, start=1):
        where = f"{source.name}, sample {number}"
        source.allowance.take(source.name, 0, 1)
        sample = as_object(entry, where)
        name = item_id(sample.get("id"), where)
        earlier, epoch = epochs.setdefault(name, {}), str(sample.get("epoch"))
        if epoch in earlier:
            raise CallerMistake(f"{where}: the id {short_repr(name)} was there before in the same epoch.")
        earlier[epoch] = sample
        for scorer, value in _values(sample, where, refused):
            scores.setdefault(scorer, {}).setdefault(name, []).append(value)
    source.allowance.take_sets(source.name, len(scores), len(epochs) * len(scores))
    notes = _notes(source, document, epochs)
    logs = {
        scorer: Log(
            name=_model(document).rpartition("/")[2] or source.stem,
            file=source.name,
            format=FORMAT,
            selector=scorer,
            rows={
                name: _row(name, list(of_item.values()), by_item.get(name, []), scorer)
                for name, of_item in epochs.items()
            },
            settings=_settings(document, scorer),
            notes=notes,
        )
        for scorer, by_item in scores.items()
        if scorer.partition(",")[0] not in refused
    }
    return Contents(kind="scorer", logs=logs, refused=refused)


def _values(sample: Mapping[str, Any], where: str, refused: dict[str, str]) -> Iterable[tuple[str, float]]:
    """The scores of a sample by scorer; those that were withdrawn or that a scorer did not give are left out."""
    if sample.get("invalidation"):
        return
    for scorer, score in mapping_of(sample.get("scores")).items():
        name, value = selector_part(scorer), as_object(score, f"{where}, score {one_line(scorer)}").get("value")
        parts = {name: value}
        if isinstance(value, dict):
            parts = {f"{name},{selector_part(key)}": part for key, part in value.items()}
        for selector, part in parts.items():
            number = _number(part)
            if number is None:
                refused.setdefault(name, f"{where} has {short_repr(part)} as its value, which is not one number.")
            elif not math.isnan(number):
                yield selector, number


def _number(value: Any) -> float | None:
    """A value as Inspect's metrics take it; NaN is what it writes for “not scored”. None where it is no number."""
    if isinstance(value, str):
        word = value.lower()
        try:
            value = _VALUES[value] if value in _VALUES else _WORDS[word] if word in _WORDS else float(word)
        except ValueError:
            return None
        return value if abs(value) <= LARGEST else None
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return math.nan
    return float(value) if isinstance(value, (bool, int, float)) and abs(value) <= LARGEST else None


def _row(name: str, epochs: list[Mapping[str, Any]], scores: list[float], scorer: str) -> LogRow:
    """One item. Where it was asked in several epochs no single output stands for it."""
    sample = epochs[0]
    metadata = mapping_of(sample.get("metadata"))
    row: dict[str, Any] = {}
    if len(epochs) == 1:
        output = mapping_of(sample.get("output"))
        choices = objects_of(output.get("choices"))
        reason = choices[0].get("stop_reason") if choices else None
        scored = mapping_of(mapping_of(sample.get("scores")).get(scorer.partition(",")[0]))
        row = {
            "text": _resolved(output.get("completion"), sample) if choices else None,
            "answer": scored.get("answer") if isinstance(scored.get("answer"), str) else None,
            "truncated": True if reason in _CUT_SHORT else False if reason in _ENDED else None,
        }
    options = sample.get("choices")
    question = [_content(sample.get("input"), sample), *map(str, options if isinstance(options, list) else ())]
    before = itertools.takewhile(lambda message: message.get("role") != "assistant", objects_of(sample.get("messages")))
    prompt = [f"{message.get('role')}: {_content(message.get('content'), sample)}" for message in before]
    return LogRow(
        id=name,
        score=fmean(scores) if scores else None,
        group=one_line(next((metadata[key] for key in ("group", "subject", "category") if metadata.get(key)), "")),
        cluster=one_line(metadata.get("cluster") or ""),
        question=digest("text", *question) if question[0] else None,
        prompt=digest("messages", *prompt) if prompt else None,
        **row,
    )


def _content(value: Any, sample: Mapping[str, Any]) -> str:
    """The text of an input or a message, which is a text or a list of messages or parts."""
    if isinstance(value, str):
        return _resolved(value, sample) or ""
    parts = [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []
    return "\n".join(_content(part.get("content", part.get("text")), sample) for part in parts)


def _resolved(text: Any, sample: Mapping[str, Any]) -> str | None:
    """A text, or the attachment it refers to, which is how Inspect writes long ones."""
    if isinstance(text, str) and text.startswith("attachment://"):
        text = mapping_of(sample.get("attachments")).get(text.removeprefix("attachment://"))
    return text if isinstance(text, str) else None


def _notes(source: LogFile, document: Mapping[str, Any], epochs: _Epochs) -> tuple[str, ...]:
    notes = []
    if (most := max(map(len, epochs.values()))) > 1:
        notes.append(f"{source.plain_name} asked each item up to {most} times (epochs): its score is the mean of them.")
    if (status := document.get("status")) != "success":
        notes.append(f"{source.plain_name} is of a run that did not end well: its status is {short_repr(status)}.")
    failed = [s for of_item in epochs.values() for s in of_item.values() if s.get("error") and s.get("scores")]
    if failed:
        notes.append(f"{source.plain_name} scored {len(failed)} samples although they ended in an error.")
    return tuple(notes)


def _settings(document: Mapping[str, Any], scorer: str) -> dict[str, str]:
    run, plan = document["eval"], mapping_of(document.get("plan"))
    generate = mapping_of(run.get("model_generate_config"))
    generate |= {key: value for key, value in mapping_of(plan.get("config")).items() if value is not None}
    name, scorers = scorer.partition(",")[0], objects_of(run.get("scorers"))
    options = next((each for each in scorers if selector_part(each.get("name")) == name), {})
    steps = [{"solver": step.get("solver"), "params": step.get("params")} for step in objects_of(plan.get("steps"))]
    return settings_of(
        {
            "model": _model(document) or None,
            "task": run.get("task"),
            "task version": run.get("task_version"),
            "task arguments": run.get("task_args") or None,
            "metric": scorer,
            "solver": steps or None,
            "system prompt": generate.get("system_message"),
            "decoding": {key: generate[key] for key in _DECODING if generate.get(key) is not None} or None,
            "extraction": {"scorer": scorer, "options": options.get("options") or {}},
            "epochs": mapping_of(run.get("config")).get("epochs"),
            "harness": "Inspect",
            "harness version": mapping_of(run.get("packages")).get("inspect_ai"),
        }
    )


def _model(document: Mapping[str, Any]) -> str:
    model = document["eval"].get("model")
    return one_line(model) if isinstance(model, str) and model != "none/none" else ""


def _unpack(source: LogFile, place: Path) -> None:
    """Writes the archive anew, not compressed, so that it is as large as it seems.

    The sizes a zip states may be lies: no more than stated is taken out of a member, and the sum of what is stated
    counts before anything is unpacked.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(source.unpacked())) as packed, zipfile.ZipFile(place, "w") as plainly:
            members = {member.filename: member for member in packed.infolist()}  # of two of a name the last one counts
            if len(members) > MAX_MEMBERS:
                raise CallerMistake(f"{source.name} has more than {MAX_MEMBERS:,} files in it.")
            source.allowance.take(source.name, sum(member.file_size for member in members.values()))
            for name, member in members.items():
                with packed.open(member) as file, plainly.open(name, "w") as copy:
                    while piece := file.read(_PIECE):
                        copy.write(piece)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise CallerMistake(
            f"The file {source.name} cannot be read: {one_line(str(error)) or 'it is damaged'}."
        ) from error
