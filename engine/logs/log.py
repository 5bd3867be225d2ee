"""The nouns: a `Log` is one set of per-item scores with what is said of how they came about, whoever wrote it.

All of a log is data from outside. Names and settings are cut to one short line when they are read (`one_line`), so
that they can be shown; texts of models are kept as they are, raw and untrusted.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.errors import CallerMistake

MAX_SHOWN = 120  # characters of a name, a setting or a value that anybody is shown
LARGEST = 1e12  # no score is further from 0; squares of larger ones would leave the numbers there are


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRow:
    """What a log says of one item.

    score      None where the log says that there is no score: a failure, never a wrong answer
    group      the task or subject it is part of, empty where there is none
    cluster    what it shares with other items (a passage, a template), empty where it stands alone
    answer     what was read off the output; empty where nothing was found, None where the log does not say
    truncated  whether the output was cut off at the token limit; None where the log does not say
    question   a hash of the question without prompt or examples, see `digest`; None where the log has none
    prompt     a hash of all that the model was shown; None where the log does not say
    """

    id: str
    score: float | None
    group: str = ""
    cluster: str = ""
    text: str | None = None
    answer: str | None = None
    truncated: bool | None = None
    question: str | None = None
    prompt: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """One set of scores, item by item, in the order of the file.

    name      what to call it: its model, its column, or its file
    file      the file as it was given; `selector` says which of the file's sets of scores this one is
    settings  what the log says of how it was made, by the names in `engine.harness.comparability`
    notes     what had to be done to read it, as sentences: nothing is done silently
    """

    name: str
    file: str
    format: str
    selector: str = ""
    rows: Mapping[str, LogRow]
    settings: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The file without its folders, and which of its logs this is."""
        file = self.file.replace("\\", "/").rstrip("/").rpartition("/")[2]
        return one_line(f"{file}::{self.selector}" if self.selector else file)

    @property
    def unscored(self) -> int:
        """Items that have no score."""
        return sum(row.score is None for row in self.rows.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """All that one file holds: a log, or several under the names by which one is chosen.

    kind     what tells them apart: “model” where each is another contender, else a way of scoring the same answers
    refused  what else was found there, with the reason why it cannot be chosen
    """

    kind: str
    logs: Mapping[str, Log]
    refused: Mapping[str, str] = field(default_factory=dict)
    sure: bool = True
    """Whether a log that is there alone is meant; False where its column was only guessed to hold scores."""

    def pick(self, file: str, selector: str | None) -> Log:
        """The log that `selector` means: its whole name, or the parts of its name that no other log has.

        file      what the file is called in messages
        selector  None for the only log that may be meant

        >>> log = Log(name="A", file="a.jsonl", format="toy", rows={})
        >>> Contents(kind="filter", logs={"acc,none": log, "acc,strict": log}).pick("a.jsonl", "strict").name
        'A'

        Raises:
            CallerMistake: none or several are meant; the message lists what there is and how to choose.
        """
        if selector is None:
            if self.sure and (len(self.logs) == 1 or (self.kind == "column" and self._scores_agree)):
                return next(iter(self.logs.values()))
            raise CallerMistake(
                f"{file} holds {len(self.logs)} sets of scores that may be meant: {self._choices(file)}"
            )
        if selector in self.logs:
            return self.logs[selector]
        names = matching(self.logs, selector)
        if len(names) == 1:
            return self.logs[names[0]]
        if selector in self.refused:
            raise CallerMistake(f"{file}::{one_line(selector)} cannot be judged: {self.refused[selector]}")
        matches = f"matches {len(names)} of them" if names else "is not there"
        raise CallerMistake(f"{file}: {one_line(selector)!r} {matches}. There is: {self._choices(file)}")

    @property
    def _scores_agree(self) -> bool:
        """Whether all agree on every item, such as `correct` beside a `score` of 0 and 1."""
        scores = [[(row.id, row.score) for row in log.rows.values()] for log in self.logs.values()]
        return all(others == scores[0] for others in scores)

    def _choices(self, file: str) -> str:
        example = f"{file}::{next(iter(self.logs), 'NAME')}"
        return f"{short_list(map(repr, self.logs), 30)}. Choose one by its {self.kind}: {example}"


def matching(names: Iterable[str], selector: str) -> list[str]:
    """The names that have all parts of a selector, which are separated by commas as theirs are.

    >>> matching(["acc,none", "acc_norm,none"], "acc")
    ['acc,none']
    """
    parts = {part.strip() for part in selector.split(",")}
    return [name for name in names if parts <= set(name.split(","))]


def selector_part(name: Any) -> str:
    """A name as one part of a selector: without the comma that separates the parts."""
    return one_line(name, 60).replace(",", ";")


def model_name(model: Any) -> str:
    """A model without its folders or organisation; empty where none is stated.

    >>> model_name("org/model-7b")
    'model-7b'
    """
    return one_line(model).rstrip("/").rpartition("/")[2] if isinstance(model, str) else ""


def one_line(value: Any, limit: int = MAX_SHOWN) -> str:
    """A value from a log as one short line without control characters."""
    if value == "":
        return ""
    text = _text(value)
    line = " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * limit]).split())
    return line if len(line) <= limit and len(text) <= 4 * limit else f"{line[: limit - 1]}…"


def setting(value: Any) -> str:
    """A setting as a comparable text: what cannot be shown as it is ends in a hash of all of it."""
    text = _text(value)
    return text if one_line(text) == text else f"{one_line(text, 60)} [{sha256(text)[:8]}]"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)


def settings_of(stated: Mapping[str, Any]) -> dict[str, str]:
    """The settings that are stated: None and an empty text say nothing."""
    return {name: setting(value) for name, value in stated.items() if value is not None and value != ""}


def digest(kind: str, *texts: str) -> str:
    """A hash of a question or prompt. Only those of one kind say whether two of them are the same.

    kind   what was hashed, such as `text`; it stands before the hash
    texts  its parts; how they are spaced does not matter
    """
    return f"{kind}:{sha256(json.dumps([' '.join(text.split()) for text in texts]))}"


def digest_kind(digest: str) -> str:
    """The `kind` a digest was made with."""
    return digest.partition(":")[0]


def sha256(text: str) -> str:
    """The hash of a text, in hexadecimal digits; half a surrogate pair is hashed as it is."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def score_of(value: Any, where: str) -> float:
    """A truth value or a number. Nothing else is guessed at: a missing score is not a wrong answer."""
    if isinstance(value, (bool, int, float)) and -LARGEST <= value <= LARGEST:
        return float(value)
    raise CallerMistake(
        f"{where}: {short_repr(value)} is no score. Write true, false or a number; where an item failed, say so "
        "in a field `error`."
    )


def item_id(value: Any, where: str) -> str:
    """An id as text: 7 and "7" are the same item."""
    if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
        return str(value).strip()
    raise CallerMistake(f"{where}: {short_repr(value)} is no id. Write a text or a whole number.")


def short_repr(value: Any) -> str:
    """A value from a file as an error shows it."""
    return one_line(repr(value) if not isinstance(value, int) or abs(value) < 10**50 else "a number of over 50 digits")


def short_list(names: Iterable[str], limit: int = 3) -> str:
    """The first few of some names; `…` says that there are more."""
    all_names = list(names)
    return ", ".join(one_line(name, 60) for name in all_names[:limit]) + (", …" if len(all_names) > limit else "")


def short_list_of_ids(ids: Iterable[str]) -> str:
    """The first few of some ids, in quotation marks."""
    return short_list(map(repr, ids))


def add_row(rows: dict[str, LogRow], row: LogRow, where: str) -> None:
    """Puts a row to the others.

    rows   those of the log so far, by id
    row    the next one
    where  its place in the file, for the message

    Raises:
        CallerMistake: its id was there before.
    """
    check_new(row.id, rows, where)
    rows[row.id] = row


def check_new(id: str, ids: Container[str], where: str) -> None:
    """Each item may be scored once.

    id     the next one
    ids    those of the log so far
    where  its place in the file, for the message

    Raises:
        CallerMistake: it was there before.
    """
    if id in ids:
        raise CallerMistake(f"{where}: the id {short_repr(id)} was there before. Each item may be scored once.")
