"""Which item of one log is which of the other: a paired verdict is only worth what its pairs are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from engine.errors import Mismatch
from engine.logs.log import Log, LogRow, digest_kind, short_list_of_ids

WAY_OUT = (
    "To judge only the items that are in both: --common on the command line, a switch on the page “Your own logs”."
)

RowPair = tuple[LogRow, LogRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class Aligned:
    """The items both logs have a score for, and an account of all others.

    pairs               in A's order
    by                  what the items were matched by
    only_a, only_b      items left out because the other log does not have them
    unscored            items left out because a log has no score for them: (A's failures, B's failures, both at once)
    notes               what had to be done, as sentences
    """

    a: Log
    b: Log
    pairs: tuple[RowPair, ...]
    by: Literal["id", "question"]
    only_a: int = 0
    only_b: int = 0
    unscored: tuple[int, int, int] = (0, 0, 0)
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, str]:
        """What to call the two: their names, or where those are the same what else tells them apart."""
        a, b = self.a, self.b
        if a.name != b.name:
            return a.name, b.name
        x, y = (a.selector, b.selector) if a.selector != b.selector else (a.title, b.title)
        x, y = (x or a.title, y or b.title) if x != y else ("A", "B")
        return f"{a.name} ({x})", f"{b.name} ({y})"

    @property
    def left_out(self) -> int:
        """Items of either log that are in no pair."""
        a, b, both = self.unscored
        return self.only_a + self.only_b + a + b - both


def align(a: Log, b: Log, *, common: bool = False) -> Aligned:
    """Pair the items by id, or by question where the ids do not fit but the questions do.

    a, b    the logs
    common  whether to go on with the items that are in both when others are in one log only

    >>> a = Log(name="A", file="a.csv", format="toy", rows={i: LogRow(id=i, score=1.0) for i in ("q1", "q2")})
    >>> b = Log(name="B", file="b.csv", format="toy", rows={"q1": LogRow(id="q1", score=0.0)})
    >>> aligned = align(a, b, common=True)
    >>> len(aligned.pairs), aligned.only_a
    (1, 1)

    Raises:
        Mismatch: the logs hold other items, or other questions under the same ids; it says how many and shows some.
    """
    left, right = a.rows, b.rows
    by: Literal["id", "question"] = "id"
    notes: tuple[str, ...] = ()
    if left.keys() != right.keys() or _conflicts(left, right):
        questions_a, questions_b = _by_question(a), _by_question(b)
        by_question, by_id = len(questions_a.keys() & questions_b.keys()), len(left.keys() & right.keys())
        if by_question > by_id - len(_conflicts(left, right)):
            left, right, by = questions_a, questions_b, "question"
            notes = ("The ids of the two logs do not fit, so their items were matched by the question.",)
    if by == "id" and (conflicts := _conflicts(left, right)):
        raise Mismatch(
            f"{len(conflicts):,} items have the same id in {a.title} and {b.title} but other questions "
            f"({short_list_of_ids(conflicts)}): they are two sets of items. Use the same ids for the same questions."
        )
    shared = [key for key in left if key in right]
    only_a, only_b = [k for k in left if k not in right], [k for k in right if k not in left]
    if (only_a or only_b) and not common:
        raise Mismatch(_missing_items(a, b, (only_a, only_b), len(shared)))
    if not shared:
        raise Mismatch(f"{a.title} and {b.title} have no item in common.")
    failed_a = {key for key in shared if left[key].score is None}
    failed_b = {key for key in shared if right[key].score is None}
    return Aligned(
        a=a,
        b=b,
        pairs=tuple((left[key], right[key]) for key in shared if key not in failed_a | failed_b),
        by=by,
        only_a=len(only_a),
        only_b=len(only_b),
        unscored=(len(failed_a), len(failed_b), len(failed_a & failed_b)),
        notes=notes + _exclusions(a, b, (failed_a, failed_b), (only_a, only_b), len(shared)),
    )


def _conflicts(left: Mapping[str, LogRow], right: Mapping[str, LogRow]) -> list[str]:
    """The ids under which the two logs have questions that are known to differ."""
    shared = ((key, left[key].question, right[key].question) for key in left if key in right)
    return [key for key, x, y in shared if x and y and digest_kind(x) == digest_kind(y) and x != y]


def _by_question(log: Log) -> dict[str, LogRow]:
    """The rows by question, or none where a question is missing or asked twice: then it tells no item from another."""
    rows = {row.question: row for row in log.rows.values() if row.question}
    return rows if len(rows) == len(log.rows) else {}


def _missing_items(a: Log, b: Log, only: tuple[list[str], list[str]], shared: int) -> str:
    counts = [
        f"{len(keys):,} are only in {log.title}" + (f" ({short_list_of_ids(_ids(log, keys[:4]))})" if keys else "")
        for log, keys in zip((a, b), only, strict=True)
    ]
    way_out = f" {WAY_OUT}" if shared >= 2 else ""
    return (
        f"The two logs are not over the same items: {' and '.join(counts)}, {shared:,} are in both. "
        f"A paired verdict needs the same items on both sides.{way_out}"
    )


def _ids(log: Log, keys: list[str]) -> list[str]:
    """Ids of the items, which may be matched by question."""
    by_question = {row.question: row.id for row in log.rows.values()}
    return [key if key in log.rows else by_question.get(key, key) for key in keys]


def _exclusions(
    a: Log, b: Log, failed: tuple[set[str], set[str]], only: tuple[list[str], list[str]], shared: int
) -> tuple[str, ...]:
    notes = []
    for log, missing in zip((a, b), failed, strict=True):
        if missing:
            notes.append(
                f"{log.title} has no score for {len(missing):,} of the {shared:,} items (failed or not scored): "
                "they are left out on both sides, and do not count as wrong."
            )
    if left_out := len(only[0]) + len(only[1]):
        notes.append(
            f"{left_out:,} items are in one log only and left out ({len(only[0]):,} of {a.title}, {len(only[1]):,} of "
            f"{b.title}): the verdict is about the {shared:,} that are in both. Which items are missing may favour "
            "somebody."
        )
    return tuple(notes)
