"""The nouns of a talk: what a learner said, how it was judged, what was answered. Frozen; no decisions here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from labs import Case, Lab

Why = Literal[
    "reasons_about_claim",
    "applies_concept",
    "asks_probing_question",
    "gives_design_decision",
    "too_short",
    "off_topic",
    "copy_paste",
    "repetition",
    "keyword_stuffing",
    "injection",
    "empty_agreement",
    "question_only_lookup",
    "gibberish",
]
WHYS: tuple[Why, ...] = Why.__args__  # type: ignore[attr-defined]
SUBSTANTIVE: frozenset[Why] = frozenset(WHYS[:4])
REQUIRED = 3  # substantive exchanges that complete a lab


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A learner's message in its setting: all that a judge may see, and nothing that a labeller knows."""

    lab: Lab
    case: Case
    tutor: str  # the tutor's words that it answers
    learner: str
    question: str = ""  # the authored question it is about; where it is not given, the last paragraph of those words
    earlier: tuple[str, ...] = ()  # what this learner said before in this lab, oldest first
    counted: tuple[str, ...] = ()  # those of them that counted
    shown: tuple[str, ...] = ()  # what the tutor said before in this talk, oldest first

    @property
    def asked(self) -> str:
        """What the learner was asked."""
        return self.question or self.tutor.strip().rsplit("\n\n", 1)[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """An expectation that a message states, and the stretch of the learner's words that states it.

    question     id of the case's question that the expectation belongs to; of a closing question `transfer:<index>`
    expectation  its id within that question
    quote        as it stands in the message, in one piece
    """

    question: str
    expectation: str
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """A judged message. `quote` is the learner's own words that carry it; `judge` says who judged.

    stated         expectations of the case that the message states, the surest first; empty where none is sure
    misconception  the belief it surely holds
    suspected      a belief it may hold: to be asked about, never to be corrected or praised
    denied         the belief it surely denies
    """

    why: Why
    concepts: tuple[str, ...] = ()
    misconception: str | None = None
    quote: str = ""
    judge: str = "local"
    notice: str = ""  # what a reader should know about this judgement: a fallback, a veto
    honest_unknown: bool = False  # “I don't know”: not counted, and to be met with a smaller step
    stated: tuple[Evidence, ...] = ()
    suspected: str | None = None
    denied: str | None = None

    @property
    def substantive(self) -> bool:
        """Whether the learner's own words add a thought about the case."""
        return self.why in SUBSTANTIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What the tutor's last question was about: an authored question, a concept, a misconception, what the learner
    measured, the closing."""

    kind: Literal["question", "concept", "belief", "measured", "transfer", "closed"]
    id: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"

    @classmethod
    def parse(cls, text: str) -> Point:
        """The point that `str` wrote.

        >>> Point.parse("question:a1")
        Point(kind='question', id='a1')
        """
        kind, _, id = text.partition(":")
        return cls(kind=kind, id=id)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One turn: the tutor's question, the learner's message, then judgement and reply once they exist."""

    number: int  # 1, 2, … within the talk
    case: str
    point: Point
    tutor: str
    learner: str
    assessment: Assessment | None = None
    reply: str | None = None
    voice: str = ""  # who wrote the reply: "authored" or a model's name
    said_at: str = ""  # UTC, ISO 8601
    told: bool = False  # the learner asked to be told
    damage: str = ""  # what of it cannot be read any more, in a sentence

    @property
    def counted(self) -> bool:
        """Only a turn whose reply was saved counts, and only once."""
        return self.reply is not None and self.assessment is not None and self.assessment.substantive
