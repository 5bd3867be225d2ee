"""The logs to compare: a file for each side, or one with several models, and which of their scores are meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.uploaded_file_manager import UploadedFile

from engine import CallerMistake, EngineError
from engine.logs import uploads
from pages.format import plain
from pages.logs import found
from pages.server import place_of
from pages.shared.errors import in_words

TYPES = ("jsonl", "json", "csv", "gz", "eval")
MOST_FILES = 100
MOST_MODELS = 8
"""Of one file; each against each makes 28 pairs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    """The files of one side, read as one run."""

    id: str
    upload: uploads.Upload
    overview: uploads.Overview

    def side(self, selector: str) -> uploads.Side:
        """One of its sets of scores."""
        return uploads.Side(upload=self.upload, selector=selector)


def show() -> tuple[uploads.Side, ...] | None:
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


def _read(column: DeltaGenerator, side: str, files: Sequence[UploadedFile]) -> _Given | None:
    """What was given; None for nothing, and for what cannot be read, with the reason in its place."""
    if not files:
        return None
    try:
        if len(files) > MOST_FILES:
            raise CallerMistake(f"These are {len(files):,} files; a run has {MOST_FILES} at most.")
        place = place_of(files, f"run {side}")
        upload = uploads.Upload(name=files[0].name if len(files) == 1 else place.name, place=str(place))
        overview = found.overview(upload)
    except EngineError as error:
        column.error(in_words(str(error)))
        return None
    for name, why in overview.refused.items():
        column.caption(plain(f"“{name}” cannot be chosen: {why}"))
    if overview.count > len(overview.names):
        column.caption(f"The first {len(overview.names):,} of {overview.count:,} sets of scores can be chosen.")
    return _Given(id=" ".join(file.file_id for file in files), upload=upload, overview=overview)


def _of_two(a: _Given, b: _Given, columns: Sequence[DeltaGenerator]) -> tuple[uploads.Side, ...]:
    """One set of scores from each."""
    first = _scores_of(columns[0], "A", a, None)
    second = _scores_of(columns[1], "B", b, first)
    if first and second:
        return first, second
    st.info("Choose which scores are meant: a verdict needs one set of scores on each side.")
    return ()


def _scores_of(column: DeltaGenerator, side: str, given: _Given, like: uploads.Side | None) -> uploads.Side | None:
    """The only set of scores that may be meant, or the one that is chosen; at first what the other side chose."""
    overview = given.overview
    if overview.meant is not None:
        return given.side(overview.meant)
    key = f"log-{side}-{given.id}"
    if like and like.selector in overview.names and not st.session_state.get(key):
        st.session_state[key] = like.selector
    name = column.selectbox(
        f"Which {overview.kind} of {side}?", overview.names, None, placeholder="Choose one", key=key
    )
    return given.side(name) if name else None


def _of_one(given: _Given) -> tuple[uploads.Side, ...]:
    """Several models from one file, each against each."""
    overview = given.overview
    if overview.kind != "model" or overview.count < 2:
        name = plain(given.upload.name)
        st.info(f"{name} is one contender: give the log of the other one too.")
        return ()
    names = st.multiselect(
        f"Models to compare, each against each ({overview.count} in this file)",
        overview.names,
        default=overview.names[:MOST_MODELS],
        max_selections=MOST_MODELS,
        key=f"log-models-{given.id}",
    )
    if len(names) < 2:
        st.info("Choose at least two models.")
        return ()
    return tuple(map(given.side, names))
