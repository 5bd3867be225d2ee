"""What a lab is: lesson, concepts, misconceptions, cases with questions, an exercise. All of it data, one folder a lab.

A folder holds `lab.toml` (what is taught), `cases.toml` (what it is practised on) and `lesson.md` (what is read first).
docs/write-a-lab.md says how to write one. This module checks and loads; it teaches nothing itself.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from engine import CallerMistake
from labs import calculation_fields

Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Texts = Annotated[tuple[Text, ...], Field(min_length=1)]
Ids = Annotated[tuple[Id, ...], Field(min_length=1)]
Line = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]*(\.[a-z][a-z0-9_]*)?$")]  # of the sheet
FIGURES = {"predicted", "value", "interval", "n"}
"""What the texts of a measurement may hold in braces."""


class Authored(BaseModel):
    """Something an author wrote: frozen once read, and a field nobody knows is a mistake, not a comment."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Concept(Authored):
    """One thing to be learned. `cues` are word stems or phrases that show it is being used."""

    id: Id
    name: Text
    gist: Text
    cues: tuple[Text, ...] = ()
    affirm: Texts  # what is right about using it here; said after a learner did
    ask: Text  # a question that brings it up in any case of the lab
    worked: Text  # the same idea worked through in a case of everyday life


class Misconception(Authored):
    """A belief that will mislead a reader, and the case in which it fails.

    `held` and `denied` are the belief and its opposite as learners put them, each in several ways.
    """

    id: Id
    concept: Id
    belief: Text
    meet: Text
    ask: Text
    cues: tuple[Text, ...] = ()
    held: tuple[Text, ...] = ()
    denied: tuple[Text, ...] = ()


Entry = TypeVar("Entry", Concept, Misconception)


class Expectation(Authored):
    """One thing that a good answer could say.

    says      several ways a learner could put it
    contrary  the same thing wrong way round, as somebody mistaken would put it
    affirm    what is said back to whoever said it
    ask       the question for whoever left it out; it does not give it away
    """

    id: Id
    concept: Id
    says: Texts
    contrary: tuple[Text, ...] = ()
    affirm: Text
    ask: Text


class Question(Authored):
    """One question about a case with its ladder: where to look, a smaller question, and what to tell at the end."""

    id: Id
    ask: Text
    concepts: Ids
    hint: Text
    prompt: Text
    tell: Text
    expect: tuple[Expectation, ...] = ()


class TransferQuestion(Authored):
    """A closing question: the same idea in a new place."""

    ask: Text
    expect: tuple[Expectation, ...] = ()


class CheckOption(Authored):
    """One answer to the check question. `why` says what speaks for it or against it; it is shown at the end."""

    id: Id
    text: Text
    why: Text
    right: bool = False


class CheckQuestion(Authored):
    """The question asked before the talk and again after it, about a situation that is none of the lab's cases."""

    ask: Text
    options: Annotated[tuple[CheckOption, ...], Field(min_length=4, max_length=4)]

    @property
    def best(self) -> CheckOption:
        return next(option for option in self.options if option.right)

    @model_validator(mode="after")
    def _has_one_best(self) -> Self:
        _unique("options", [option.id for option in self.options])
        if sum(option.right for option in self.options) != 1:
            raise ValueError("say `right = true` of one option, the best one, and of no other")
        return self


class Facts(Authored):
    """The numbers of a case that can be calculated with: shares in percent, counts of items."""

    a: Text
    b: Text
    benchmark: Text | None = None
    n: Annotated[int, Field(ge=2)] | None = None
    score_a: Annotated[float, Field(ge=0, le=100)] | None = None
    score_b: Annotated[float, Field(ge=0, le=100)] | None = None


class AnswerKey(Authored):
    """What a case says about one line of the sheet, and one way to fill that line in.

    quote     the words of the case that show it; none where the case is silent
    right     the options, or the values, that agree with the case
    arguable  options for which there is something to be said too
    gaps      figures from which the right option is worked out: [a, b, n] are two shares in percent of n items each,
              [a, b, margin of a, margin of b] two ratings. `beyond` is right where each gap is larger than its margin,
              all in one direction, and `within` where not
    names     words and numbers by which free text speaks of what the case says; any of them will do
    entry     one way to fill it in; without it the first right option
    why       the reason, said after a try
    """

    quote: tuple[Text, ...] = ()
    right: tuple[Text | int | float, ...] = ()
    arguable: tuple[Text, ...] = ()
    gaps: tuple[Annotated[tuple[float | str, ...], Field(min_length=3, max_length=4)], ...] = ()
    beyond: Text | None = None
    within: Text | None = None
    names: tuple[Text | int | float, ...] = ()
    entry: Text | int | float | None = None
    why: str = ""

    @model_validator(mode="after")
    def _is_decided_one_way(self) -> Self:
        if self.gaps and (self.right or not (self.beyond and self.within)):
            raise ValueError("`gaps` stands with `beyond` and `within` in place of `right`")
        return self


class Scenario(Authored):
    """Something to think about, with or without slots. `sheet` is what the exercise's sheet is held against."""

    id: Id
    title: Text
    form: Literal["post", "press", "newsletter", "slide", "board", "memo", "brief"]
    source: Text
    subject: Text  # how a sentence refers to it: “the Aster-2 claim”
    text: Text
    sheet: dict[Line, AnswerKey] = Field(default_factory=dict)


class Case(Scenario):
    """A claim, a board or a brief to think about."""

    facts: Facts | None = None
    questions: Annotated[tuple[Question, ...], Field(min_length=1)]
    fresh: bool = False  # drawn from a template, not written by hand

    @model_validator(mode="after")
    def _quotes_itself(self) -> Self:
        said = " ".join(f"{self.title} {self.source} {self.text}".split())
        for line, key in self.sheet.items():
            for words in key.quote:
                if " ".join(words.split()) not in said:
                    raise ValueError(f"sheet.{line} quotes “{words}”, which the case does not say in these words")
            if any(isinstance(figure, str) for gap in key.gaps for figure in gap):
                raise ValueError(f"sheet.{line}.gaps holds {key.gaps}, which are not all numbers")
        return self


class Draw(Authored):
    """Where a slot's value comes from: one of a list, a number in a range, a share of n items near another share, or
    what `gives` has for another slot's value."""

    among: tuple[str | int | float, ...] = ()
    low: float | None = None
    high: float | None = None
    step: float = 1
    plus: Id | None = None  # add the number drawn to this slot's value
    of: Id | None = None  # round to a share that some count of right answers among this many items can have
    by: Id | None = None  # the slot whose value, as text, is looked up in `gives`
    gives: dict[str, str | int | float] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        ranged = self.low is not None and self.high is not None
        looked_up = self.by is not None and bool(self.gives)
        if [bool(self.among), ranged, looked_up].count(True) != 1:
            raise ValueError("give either `among` (a list), or both `low` and `high`, or both `by` and `gives`")
        if ranged and (self.low > self.high or self.step <= 0):  # type: ignore[operator]
            raise ValueError(f"low {self.low} must not exceed high {self.high}, and step {self.step} must be above 0")
        return self


class Template(Scenario):
    """A case with slots: `{a}` in a text stands for what `draw` gives for `a`."""

    facts: dict[Id, str | int | float] | None = None
    draw: dict[Id, Draw]
    questions: Annotated[tuple[Question, ...], Field(min_length=1)]


class SheetRow(Authored):
    """One line of the exercise's form. `options` makes it a choice, else it is free text."""

    id: Id
    label: Text
    help: str = ""
    options: tuple[Text, ...] = ()
    concept: Id | None = None


class Exercise(Authored):
    """The form a learner fills in, and keeps. `kind` says what is computed from it (labs/worksheet.py)."""

    kind: Literal["checklist", "verdict_sheet", "protocol", "plan"]
    title: Text
    task: Text
    rows: tuple[SheetRow, ...] = ()


class MeasuredBattle(Authored):
    """A battle that a measurement reads: run by the learner, or else the recording that stands in for it."""

    a: Text
    b: Text
    task: Id
    shots: Annotated[int, Field(ge=0)] | None = None  # the task's own number when not given
    items: Annotated[int, Field(ge=20)]
    recording: Id


class Prediction(Authored):
    """What a learner commits to before anything is shown: one of `choices`, or a number from `low` to `high`.

    unit       stands after the number: points, questions
    tolerance  how far off still counts as near where the measured number has no interval
    """

    ask: Text
    unit: Text
    choices: tuple[int, ...] = ()
    low: float | None = None
    high: float | None = None
    step: Annotated[float, Field(gt=0)] = 1.0
    tolerance: Annotated[float, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _can_be_made(self) -> Self:
        ranged = self.low is not None and self.high is not None
        if bool(self.choices) == ranged:
            raise ValueError("give either `choices` (a list) or both `low` and `high`")
        if ranged and self.low >= self.high:  # type: ignore[operator]
            raise ValueError(f"low {self.low} must be below high {self.high}")
        return self


class Measurement(Authored):
    """One claim of the lab, predicted and then measured. `number` says what is read off (labs/measurement.py).

    answer_rules  points that A's score changes when the same answers are read by `rule` first, then by the task's own
    first_place   how many of the battles' contenders could be first, as far as their items tell
    pairing       percent by which pairing narrows the interval of the gap
    pilot         items it takes to see a gap of `gap` points, sized by the battle's first `pilot_items` items

    `why` and `run` are read before the prediction. The other texts may hold {predicted}, {value}, {n}, and {interval}
    where the number has one; `turned` is said besides, where an order turned round.
    """

    title: Text
    why: Text
    run: Text
    number: Literal["answer_rules", "first_place", "pairing", "pilot"]
    concept: Id
    rule: Id | None = None
    gap: Annotated[float, Field(gt=0, le=100)] | None = None
    pilot_items: Annotated[int, Field(ge=20)] | None = None
    battles: Annotated[tuple[MeasuredBattle, ...], Field(min_length=1)]
    prediction: Prediction
    near: Text
    off: Text
    turned: str = ""
    question: Text  # brings it into the talk
    prompt: Text  # a smaller question about the same, without a figure

    @model_validator(mode="after")
    def _can_be_measured(self) -> Self:
        needed = {"answer_rules": ("rule",), "pilot": ("gap", "pilot_items")}.get(self.number, ())
        for name in ("rule", "gap", "pilot_items"):
            if (getattr(self, name) is None) == (name in needed):
                raise ValueError(f"`{name}` {'is needed' if name in needed else 'means nothing'} for {self.number}")
        if len(self.battles) > 1 and self.number != "first_place":
            raise ValueError(f"{self.number} reads 1 battle, and there are {len(self.battles)}")
        known = FIGURES - {"interval"} if self.number in ("first_place", "pairing") else FIGURES
        for name in ("near", "off", "turned", "question"):
            held = {field for _, field, _, _ in Formatter().parse(getattr(self, name)) if field is not None}
            if unknown := sorted(held - known):
                raise ValueError(
                    f"`{name}` holds {{{unknown[0]}}}; for {self.number} it may hold {', '.join(sorted(known))}"
                )
        if "{value}" not in self.question or "{predicted}" not in self.question:
            raise ValueError("`question` must hold {value} and {predicted}, so that the talk is about them")
        return self


class Lab(Authored):
    """A whole lab, complete and checked."""

    slug: Id
    title: Text
    goal: Text
    minutes: Annotated[int, Field(ge=5, le=60)]
    starters: Texts  # openings a learner may take instead of an empty box
    transfer: Annotated[tuple[TransferQuestion, ...], Field(min_length=1)]  # one of them closes the lab
    check: CheckQuestion | None = None
    concepts: Annotated[tuple[Concept, ...], Field(min_length=2)]
    misconceptions: tuple[Misconception, ...]
    exercise: Exercise
    glossary: dict[str, Text]
    aliases: dict[str, Texts] = Field(default_factory=dict)  # other words for a term of the glossary, by the term
    cases: Annotated[tuple[Case, ...], Field(min_length=1)]
    templates: tuple[Template, ...] = ()
    measurement: Measurement | None = None
    lesson: Text

    @property
    def reading(self) -> tuple[str, ...]:
        """The paragraphs of the lesson: what a learner might copy."""
        return tuple(part.strip() for part in self.lesson.split("\n\n") if part.strip())

    def concept(self, id: str) -> Concept:
        """Raises CallerMistake when the lab has no such concept, for instance any more."""
        return _entry(self.slug, "concept", id, self.concepts)

    def misconception(self, id: str) -> Misconception:
        """Raises CallerMistake when the lab has no such misconception, for instance any more."""
        return _entry(self.slug, "misconception", id, self.misconceptions)

    def concept_of(self, case: str, question: str, expectation: str) -> str | None:
        """The concept that an expectation is about, by id; None when the lab has no such expectation.

        case         id of a case of the lab, or of one drawn from its templates
        question     id of its question, or `transfer:<index>` of a closing one
        expectation  its id within the question
        """
        asked = {f"transfer:{index}": one.expect for index, one in enumerate(self.transfer)}
        cases: tuple[Case | Template, ...] = (*self.cases, *self.templates)
        for each in cases:
            if each.id == case or case.startswith(f"{each.id}-"):
                asked |= {one.id: one.expect for one in each.questions}
        return next((one.concept for one in asked.get(question, ()) if one.id == expectation), None)

    @model_validator(mode="after")
    def _keys_fit_the_form(self) -> Self:
        rows = {row.id: row for row in self.exercise.rows}
        lines = [*rows, *calculation_fields.labels(self.exercise.kind)]
        for case in (*self.cases, *self.templates):
            for line, key in case.sheet.items():
                if line not in lines:
                    raise ValueError(f"{case.id}.sheet names the line “{line}”; this form has {', '.join(lines)}")
                check_options(f"{case.id}.sheet.{line}", key, rows[line].options if line in rows else ())
        return self

    @model_validator(mode="after")
    def _ids_are_sound(self) -> Self:
        known = {concept.id for concept in self.concepts}
        for kind in ("concepts", "misconceptions", "cases", "templates"):
            _unique(kind, [entry.id for entry in getattr(self, kind)])
        _unique("cases and templates", [case.id for case in self.cases] + [each.id for each in self.templates])
        _unique("exercise.rows", [row.id for row in self.exercise.rows])
        for where, ids in self._named_concepts():
            for id in ids:
                if id not in known:
                    raise ValueError(f"{where} names the concept “{id}”; this lab has {', '.join(sorted(known))}")
        return self

    def _named_concepts(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        for belief in self.misconceptions:
            yield f"misconceptions.{belief.id}", (belief.concept,)
        cases: tuple[Case | Template, ...] = (*self.cases, *self.templates)
        for case in cases:
            _unique(f"cases.{case.id}.questions", [question.id for question in case.questions])
            yield from ((f"{case.id}.questions.{question.id}", question.concepts) for question in case.questions)
        yield from ((f"exercise.rows.{row.id}", (row.concept,)) for row in self.exercise.rows if row.concept)
        if self.measurement:
            yield "measurement", (self.measurement.concept,)


def read_lab(folder: Path) -> Lab:
    """The lab in this folder.

    Raises:
        CallerMistake: a file is missing or a field is; the message names file, field, value and what would be right.
    """
    lab, cases = _toml(folder / "lab.toml"), _toml(folder / "cases.toml")
    for key in cases:
        if key not in ("cases", "templates"):
            raise CallerMistake(
                f"{folder / 'cases.toml'}: unknown field “{key}”. It holds [[cases]] and [[templates]]."
            )
    try:
        return Lab(**{"slug": folder.name, **lab, **cases, "lesson": _text(folder / "lesson.md")})
    except ValidationError as error:
        raise CallerMistake(_first_mistake(folder, error)) from error


def check_options(where: str, key: AnswerKey, options: tuple[str, ...]) -> None:
    """Raises ValueError when a key names an option that the row does not offer; a slot is looked at when it is filled.

    where    the key's place, for the message
    key      of one line
    options  of its row; none: free text, or a number
    """
    named = (*key.right, *key.arguable, key.beyond, key.within, key.entry)
    for option in named if options else ():
        if option is not None and option not in options and "{" not in str(option):
            raise ValueError(f"{where} has the option “{option}”; the row offers “{'”, “'.join(options)}”")


def _entry(slug: str, kind: str, id: str, entries: tuple[Entry, ...]) -> Entry:
    for entry in entries:
        if entry.id == id:
            return entry
    raise CallerMistake(f"The lab “{slug}” has no {kind} “{id}” (any more). Start the lab over, or put it back.")


def _first_mistake(folder: Path, error: ValidationError) -> str:
    """The first thing to mend, by the file it is in; the rest is counted."""
    first, *others = error.errors(include_url=False, include_context=False)
    field = ".".join(str(part + 1 if isinstance(part, int) else part) for part in first["loc"])
    name = {"cases": "cases.toml", "templates": "cases.toml", "lesson": "lesson.md"}.get(
        field.split(".")[0], "lab.toml"
    )
    value = "" if first["type"] == "missing" or not field else f" (it is {str(first['input'])[:60]!r})"
    more = f" And {len(others)} more." if others else ""
    message = first["msg"].removeprefix("Value error, ")
    return f"{folder / name}: {f'field {field}: ' if field else ''}{message}{value}.{more} See docs/write-a-lab.md."


def _toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_text(file))
    except tomllib.TOMLDecodeError as error:
        raise CallerMistake(f"{file} is not valid TOML: {error}. See docs/write-a-lab.md.") from error


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise CallerMistake(
            f"{file} cannot be read: {reason}. A lab is a folder with lab.toml, cases.toml, lesson.md."
        ) from error


def _unique(where: str, ids: list[str]) -> None:
    if repeated := sorted({id for id in ids if ids.count(id) > 1}):
        raise ValueError(f"{where}: the id “{repeated[0]}” is used twice; ids must differ")
