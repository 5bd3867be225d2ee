"""Where a log is read from: a file or the bytes of an upload, unpacked and decoded within bounds.

Everything that is read for one log, with the files beside it, draws on one allowance of bytes and rows, so that
neither a large folder nor a small file that unpacks into a large one can fill the memory.
"""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from engine.errors import CallerMistake
from engine.logs.log import one_line

MAX_BYTES = 512 * 1024**2
MAX_ROWS = 2_000_000
MAX_FILES = 2_000
MAX_VALUES = 10_000_000
MAX_LINE = 64 * 1024**2
MAX_SETS = 1_000
_GZIP, _CHUNK = b"\x1f\x8b", 1 << 20


@dataclass(slots=True)
class Allowance:
    """What may still be read for this log."""

    size: int = MAX_BYTES
    rows: int = MAX_ROWS

    def take(self, name: str, size: int, rows: int = 0) -> None:
        """Counts what is read.

        name  of the file, for the message
        size  bytes, once unpacked
        rows  of the log, whatever they are in the file

        Raises:
            CallerMistake: it is more than may still be read.
        """
        self.size, self.rows = self.size - size, self.rows - rows
        if self.size < 0:
            raise CallerMistake(f"{name} is larger than {MAX_BYTES // 1024**2} MB once unpacked: give a part of it.")
        if self.rows < 0:
            raise CallerMistake(f"{name} has more than {MAX_ROWS:,} rows: give a part of it.")

    def take_sets(self, name: str, count: int, rows: int) -> None:
        """Counts sets of scores before they are made: a small file can name very many.

        name   of the file, for the message
        count  of the sets
        rows   of all of them, apart from those that counted as they were read

        Raises:
            CallerMistake: they are too many, or have more rows than may still be read.
        """
        if count > MAX_SETS:
            raise CallerMistake(f"{name} has {count:,} sets of scores, over {MAX_SETS:,}: give a part of it.")
        self.take(name, 0, rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFile:
    """A file by its path, or the content of an upload under the name it came with."""

    name: str
    content: Path | bytes
    allowance: Allowance = field(default_factory=Allowance)

    @property
    def path(self) -> Path | None:
        """None for an upload."""
        return self.content if isinstance(self.content, Path) else None

    @property
    def plain_name(self) -> str:
        """The file's own name, without folders and without `.gz`."""
        name = self.path.name if self.path else self.name
        return name.replace("\\", "/").rstrip("/").rpartition("/")[2].removesuffix(".gz")

    @property
    def stem(self) -> str:
        """`plain_name` without its ending, as one short line: what to call a log that has no name."""
        return one_line(self.plain_name.rpartition(".")[0] or self.plain_name)

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder, which only a path can be."""
        return self.path is not None and self.path.is_dir()

    def at(self, line: int) -> str:
        """A line of it, as messages name it."""
        return f"{self.name}, line {line}"

    def inside(self) -> list[LogFile]:
        """The files of a folder by name, or none for anything else."""
        if self.path is None or not self.is_folder:
            return []
        files = sorted(file for file in self.path.iterdir() if file.is_file())
        if len(files) > MAX_FILES:
            raise CallerMistake(f"The folder {self.name} has more than {MAX_FILES:,} files: give one of them.")
        return [LogFile(name=str(file), content=file, allowance=self.allowance) for file in files]

    def beside(self, *names: str) -> LogFile | None:
        """The first of these files that is in the same folder, compressed or not; an upload has nothing beside it."""
        if self.path is None:
            return None
        places = (self.path.parent / f"{name}{end}" for name in names for end in ("", ".gz"))
        place = next((place for place in places if place.is_file()), None)
        return LogFile(name=str(place), content=place, allowance=self.allowance) if place else None

    def head(self, size: int = 1 << 16) -> bytes:
        """The first bytes once unpacked; they do not count."""
        with self._opened() as stream:
            return self._read(stream.read, size)

    def unpacked(self) -> bytes:
        """All of it, unpacked."""
        with self._opened() as stream:
            return self._whole(stream)

    def text(self) -> str:
        """All of it as text. Raises CallerMistake for what is not UTF-8."""
        return self._decoded(self.unpacked())

    def lines(self) -> Iterator[tuple[int, str]]:
        """Lines with their numbers, blank ones left out. Only a line feed ends a line: U+2028 is part of a text."""
        with self._opened() as stream:
            number = 0
            while line := self._read(stream.readline, min(self.allowance.size, MAX_LINE) + 1):
                number += 1
                if len(line) > MAX_LINE:
                    raise CallerMistake(f"{self.at(number)} is longer than {MAX_LINE // 1024**2} MB: that is no log.")
                self.allowance.take(self.name, len(line), 1)
                if text := self._decoded(line).strip():
                    yield number, text

    def json_lines(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """The objects of a JSONL file, each with the place where it stands."""
        for number, line in self.lines():
            yield (where := self.at(number)), as_object(self._parsed(line, where), where)

    def json(self) -> Any:
        """The whole file as one JSON value."""
        return self._parsed(self.text(), self.name)

    def _parsed(self, text: str, where: str) -> Any:
        if sum(map(text.count, "{[,")) > MAX_VALUES:  # small files can hold very many of them, each a Python object
            raise CallerMistake(f"{where} holds more than {MAX_VALUES:,} JSON values: give a part of it.")
        try:
            return json.loads(text)
        except json.JSONDecodeError as error:
            line = f"line {error.lineno}, " if error.lineno > 1 else ""
            raise CallerMistake(f"{where} is not JSON ({error.msg} at {line}column {error.colno}).") from error
        except RecursionError as error:
            raise CallerMistake(f"{where} is nested too deep to be a log.") from error
        except ValueError as error:  # a whole number of thousands of digits
            raise CallerMistake(f"{where} cannot be read: it has a number with too many digits.") from error

    def _decoded(self, content: bytes) -> str:
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise CallerMistake(
                f"The file {self.name} cannot be read: it is not UTF-8 text. Save it as UTF-8."
            ) from error

    def _whole(self, stream: IO[bytes]) -> bytes:
        parts = []
        while chunk := self._read(stream.read, _CHUNK):
            self.allowance.take(self.name, len(chunk))
            parts.append(chunk)
        return b"".join(parts)

    @contextmanager
    def _opened(self) -> Iterator[IO[bytes]]:
        raw: io.FileIO | io.BytesIO = (
            self._file(self.content) if isinstance(self.content, Path) else io.BytesIO(self.content)
        )
        with raw, io.BufferedReader(raw) as stream:  # for its `peek`
            if self._read(stream.peek, 2)[:2] != _GZIP:
                yield stream
                return
            with gzip.GzipFile(fileobj=stream) as unpacked:
                yield unpacked  # type: ignore[misc]

    def _file(self, path: Path) -> io.FileIO:
        if path.exists() and not path.is_file() and not path.is_dir():
            raise CallerMistake(f"{self.name} is a pipe or a device: save what it holds in a file first.")
        try:
            return path.open("rb", buffering=0)
        except OSError as error:
            raise CallerMistake(f"The file {self.name} cannot be read: {error.strerror}.") from error

    def _read(self, read: Callable[[int], bytes], size: int) -> bytes:
        try:
            return read(size)
        except (OSError, EOFError, zlib.error) as error:
            reason = getattr(error, "strerror", None) or "it is damaged or cut short"
            raise CallerMistake(f"The file {self.name} cannot be read: {reason}.") from error


def as_object(value: Any, where: str) -> dict[str, Any]:
    """A JSON value that has to be an object. Raises CallerMistake, which says `where`, for any other."""
    if not isinstance(value, dict):
        raise CallerMistake(f"{where} is not a JSON object but {type(value).__name__}.")
    return value


def mapping_of(value: Any) -> dict[str, Any]:
    """A part of a document that may be missing or anything: its fields, or none."""
    return value if isinstance(value, dict) else {}


def objects_of(value: Any) -> list[dict[str, Any]]:
    """The objects in a list that may be missing or anything."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
