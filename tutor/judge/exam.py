"""An exam for judges: 80 labelled messages of our own, none of which any judge learned from.

Half of them are what judges are caught by: good answers to another question, sentences that fit any case, beliefs that
are named in order to be denied, edited copies. The app practises what it teaches: both judges sit the same messages,
the comparison is paired, and a judge that is not better beyond the noise does not take over. 80 messages show only
large differences; the result says so.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from engine import Interval, Verdict, compare, score_interval
from labs import case_of, load_lab
from tutor.errors import EndpointFailure, JudgeFailure
from tutor.exchange import Assessment, Message
from tutor.judge.assessment import Judge, assess
from tutor.judge.llm import PROMPT
from tutor.judge.local import LEARNED

_FILE = Path(__file__).parent / "exam.jsonl"
MOST_OUTAGES = 3  # messages in a row that no answer comes to before the exam is broken off
MOST_FAILURES = 8  # of 80, one in ten: messages without a judgement are not compared, so they must not be chosen


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamMessage:
    """A message in its setting with its label: whether it is substantive, and which belief it denies, if any."""

    message: Message
    substantive: bool
    denied: str | None

    def mark(self, given: Assessment) -> int:
        """1 when it is counted as it should be and the denied belief is not taken for one that is held, else 0."""
        misread = self.denied is not None and self.denied == given.misconception
        return int(given.substantive == self.substantive and not misread)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exam:
    """How a judge did, message by message, beside the local judge.

    judge  the name of the examined one
    mode   how its server was asked for a form
    given  its marks: right (1), wrong (0) or no judgement (None)
    local  the local judge's marks on the same messages
    """

    judge: str
    mode: str
    given: tuple[int | None, ...]
    local: tuple[int, ...]

    @classmethod
    def sit(cls, judge: Judge, local: Judge, mode: str) -> Generator[tuple[int, int], None, Exam]:
        """Has both judges assess every message, as in use but without a fallback: no judgement is the mark None.

        judge  the one that is examined
        local  the one it is compared with
        mode   how its server is asked for a form; kept with the result

        Yields (done, of) after every message and returns the exam.

        Raises:
            EndpointFailure: the server did not answer, several messages in a row.
        """
        given: list[int | None] = []
        by_local: list[int] = []
        outages = 0
        for number, each in enumerate(exam_messages(), start=1):
            by_local.append(each.mark(assess(each.message, local)))
            try:
                given.append(each.mark(assess(each.message, judge)))
                outages = 0
            except JudgeFailure as failure:
                given.append(None)
                out = isinstance(failure.__cause__, EndpointFailure) and failure.__cause__.status == 0
                outages = outages + 1 if out else 0
                if outages == MOST_OUTAGES and isinstance(failure.__cause__, EndpointFailure):
                    raise failure.__cause__ from None
            yield number, len(exam_messages())
        return cls(judge=judge.name, mode=mode, given=tuple(given), local=tuple(by_local))

    @property
    def failures(self) -> int:
        """Messages without a judgement."""
        return sum(mark is None for mark in self.given)

    @property
    def too_silent(self) -> bool:
        """Whether it left too many of them to be a judge, however right it was on the others."""
        return self.failures > MOST_FAILURES

    @property
    def verdict(self) -> Verdict | None:
        """The paired comparison on the messages both judged, margin 5 points; None with fewer than two."""
        pairs = [(mark, other) for mark, other in zip(self.given, self.local, strict=True) if mark is not None]
        if len(pairs) < 2:
            return None
        return compare(
            [mark for mark, _ in pairs],
            [other for _, other in pairs],
            margin=0.05,
            names=(self.judge, "the local judge"),
        )

    @property
    def takes_over(self) -> bool:
        """Only a judge that is better beyond the noise, and hardly ever silent."""
        verdict = self.verdict
        return verdict is not None and verdict.winner == "a" and not self.too_silent

    def as_dict(self) -> dict[str, Any]:
        """For the journal."""
        return asdict(self)

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> Exam:
        """What `as_dict` gave."""
        return cls(**{**kept, "given": tuple(kept["given"]), "local": tuple(kept["local"])})


def accuracy(marks: tuple[int | None, ...]) -> tuple[float, Interval] | None:
    """Share of right judgements with its 95% Wilson interval, over the messages judged; None below two.

    >>> share, interval = accuracy((1,) * 36 + (0,) * 4 + (None,))
    >>> share, round(interval.low, 3), round(interval.high, 3)
    (0.9, 0.769, 0.96)
    """
    judged = [mark for mark in marks if mark is not None]
    return (sum(judged) / len(judged), score_interval(sum(judged), len(judged))) if len(judged) >= 2 else None


@cache
def edition() -> str:
    """A name for these messages, this prompt and this local judge: marks of another edition are not compared."""
    return hashlib.sha256(_FILE.read_bytes() + PROMPT.read_bytes() + LEARNED.read_bytes()).hexdigest()[:8]


@cache
def exam_messages() -> tuple[ExamMessage, ...]:
    """The messages, always in the same order."""
    return tuple(_labelled(json.loads(line)) for line in _FILE.read_text(encoding="utf-8").splitlines())


def _labelled(record: Mapping[str, Any]) -> ExamMessage:
    lab = load_lab(record["lab"])
    message = Message(
        lab=lab,
        case=case_of(lab, record["scenario"]),
        tutor=record["tutor"],
        learner=record["learner"],
        earlier=tuple(record["history"]),
    )
    return ExamMessage(message=message, substantive=record["substantive"], denied=record.get("denied"))
