"""The logs to compare: a file for each side, or one with several models, and which of their scores are meant."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.uploaded_file_manager import UploadedFile

from engine import CallerMistake, EngineError, logs
from pages.format import plain
from pages.shared.errors import in_words

TYPES = ("jsonl", "json", "csv", "gz", "eval")
MOST_FILES = 100
MOST_MODELS = 8
"""Of one file; each against each makes 28 pairs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenLog:
    """A set of scores, and the file it was chosen from."""

    log: logs.Log
    contents: logs.Contents


@dataclass(frozen=True, slots=True, kw_only=True)
class _Upload:
    """The files of one side, read as one run."""

    id: str
    name: str
    contents: logs.Contents


def show() -> tuple[ChosenLog, ...] | None:
    """The logs chosen: two, more from one file, or fewer while something is missing, which is said. None: no file."""
    columns = st.columns(2)
    given = [
        column.file_uploader(f"Log of {side}", TYPES, accept_multiple_files=True, key=f"log-{side}")
        for column, side in zip(columns, "AB", strict=True)
    ]
    if not any(given):
        return None
    a, b = (_read(column, side, files) for column, side, files in zip(columns, "AB", given, strict=True))
    if a and b:
        return _of_two(a, b, columns)
    if (upload := a or b) and not all(given):
        return _of_one(upload)
    return ()


def _read(column: DeltaGenerator, side: str, files: Sequence[UploadedFile]) -> _Upload | None:
    """What was given; None for nothing, and for what cannot be read, with the reason in its place."""
    if not files:
        return None
    run_id = " ".join(file.file_id for file in files)
    try:
        contents = _contents(side, run_id, files)
    except EngineError as error:
        column.error(in_words(str(error)))
        return None
    for name, why in contents.refused.items():
        column.caption(plain(f"“{name}” cannot be chosen: {why}"))
    return _Upload(id=run_id, name=files[0].name, contents=contents)


@st.cache_resource(max_entries=4, scope="session", show_spinner="Reading the log …")
def _contents(side: str, run_id: str, _files: Sequence[UploadedFile]) -> logs.Contents:
    """Read once; gone with the session, or with four newer ones. Several files are one run, as a folder of them is."""
    if len(_files) == 1:
        return logs.contents(_files[0].name, _files[0].getvalue())
    if len(_files) > MOST_FILES:
        raise CallerMistake(f"These are {len(_files):,} files; a run has {MOST_FILES} at most.")
    with tempfile.TemporaryDirectory(prefix="logs-") as outer:
        folder = Path(outer, f"run {side}")  # whose name is the run's where its files tell no other
        folder.mkdir()
        for file in _files:
            place = folder / _safe_name(file.name)
            if place.exists():
                raise CallerMistake(f"Two of these files are called {_safe_name(file.name)}: they are two runs.")
            place.write_bytes(file.getvalue())
        try:
            return logs.contents(folder.name, folder)
        except EngineError as error:
            raise CallerMistake(str(error).replace(f"{folder}/", "")) from error


def _safe_name(name: str) -> str:
    """A file's name without folders and without what a file system may refuse."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_.: ") else "_" for c in last)[-200:]


def _of_two(a: _Upload, b: _Upload, columns: Sequence[DeltaGenerator]) -> tuple[ChosenLog, ...]:
    """One set of scores from each."""
    first = _scores_of(columns[0], "A", a, None)
    second = _scores_of(columns[1], "B", b, first)
    if first and second:
        return first, second
    st.info("Choose which scores are meant: a verdict needs one set of scores on each side.")
    return ()


def _scores_of(column: DeltaGenerator, side: str, upload: _Upload, like: ChosenLog | None) -> ChosenLog | None:
    """The only set of scores that may be meant, or the one that is chosen; at first what the other side chose."""
    contents = upload.contents
    try:
        return ChosenLog(log=contents.pick(upload.name, None), contents=contents)
    except EngineError:
        names = list(contents.logs)
    key = f"log-{side}-{upload.id}"
    if like and like.log.selector in names and not st.session_state.get(key):
        st.session_state[key] = like.log.selector
    name = column.selectbox(f"Which {contents.kind} of {side}?", names, None, placeholder="Choose one", key=key)
    return ChosenLog(log=contents.logs[name], contents=contents) if name else None


def _of_one(upload: _Upload) -> tuple[ChosenLog, ...]:
    """Several models from one file, each against each."""
    contents = upload.contents
    if contents.kind != "model" or len(contents.logs) < 2:
        st.info(f"{plain(upload.name)} is one contender: give the log of the other one too.")
        return ()
    names = st.multiselect(
        f"Models to compare, each against each ({len(contents.logs)} in this file)",
        list(contents.logs),
        default=list(contents.logs)[:MOST_MODELS],
        max_selections=MOST_MODELS,
        key=f"log-models-{upload.id}",
    )
    if len(names) < 2:
        st.info("Choose at least two models.")
        return ()
    return tuple(ChosenLog(log=contents.logs[name], contents=contents) for name in names)
