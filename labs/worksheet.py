"""The worksheet that a learner keeps of a lab: the form as filled in and what follows from it, as plain text and JSON.

Everything in it may come from a person or a course pack, so it is data: in the text it stands behind a bar
(`text_file`). A row without an answer says “not filled in” and stands for nothing else. `sheet_facts` is what the
case says of each line that was filled in.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from engine import CallerMistake, text_file
from labs.comparability import ClaimComparison
from labs.lab import Case, Lab, SheetRow
from labs.marking import (
    ABOUT,
    TAKEN_OUT,
    ModelLine,
    SheetFact,
    model_sheet,
    sheet_facts,
    stated,
    tried,
)
from labs.sample_sizes import SampleSizes

__all__ = [
    "ABOUT",
    "TAKEN_OUT",
    "Computed",
    "FilledRow",
    "ModelLine",
    "SheetFact",
    "Table",
    "Worksheet",
    "fill",
    "model_sheet",
    "sheet_facts",
    "stated",
    "tried",
]

SCHEMA = "noise-floor/artefact"
SCHEMA_VERSION = 1  # raised when a field of the JSON changes its meaning or goes away
NOT_FILLED = "not filled in"
NOT_STATED = "not stated"
NOT_WORKED_OUT = "not worked out"

Value = int | float | str | None
Calculation = ClaimComparison | SampleSizes


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledRow:
    """One line of the form. `answer` is None where the learner gave none; `chosen` if it is one of offered options."""

    id: str
    label: str
    answer: str | None
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Computed lines for people to read."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Computed:
    """What follows from the form: sentences and tables for people, named values for programs (None: not known)."""

    sentences: tuple[str, ...]
    values: tuple[tuple[str, Value], ...]
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Worksheet:
    """A filled form, complete and checked. Without a case it is about something of the learner's own.

    made_at  the day, as an ISO date
    learner  the name that the learner gave for it, if any
    facts    what the case says of the lines that were filled in
    """

    lab: str
    lab_title: str
    case_title: str | None
    case_text: str | None
    kind: str
    title: str
    rows: tuple[FilledRow, ...]
    computed: Computed
    made_at: str
    learner: str | None = None
    facts: tuple[SheetFact, ...] = ()

    def text(self) -> str:
        """The worksheet as a document to keep or to hand in."""
        who = self.learner or text_file.NOBODY
        parts = [text_file.title(self.title), text_file.paragraph(f"{who} · {self.lab_title} · {self.made_at}")]
        if self.case_title is None:
            parts.append("About a case of the learner’s own.")
        else:
            parts += [text_file.heading(f"The case: {self.case_title}"), text_file.quoted(self.case_text or NOT_STATED)]
        parts.append(text_file.heading("The form"))
        said = {fact.id: fact for fact in self.facts}
        parts += [_told(row, said.pop(row.id, None)) for row in self.rows]
        parts += [
            _told(FilledRow(id=id, label=fact.label, answer=fact.entry, chosen=True), fact) for id, fact in said.items()
        ]
        parts.append(text_file.heading("What follows"))
        parts += [text_file.paragraph(sentence) for sentence in self.computed.sentences]
        for table in self.computed.tables:
            parts += [text_file.heading(table.title), text_file.table(table.columns, table.rows)]
        return text_file.document(parts)

    def json(self) -> str:
        """The worksheet for programs: keys always in this order, null where nothing was given.

        Texts are as they were written, save that characters nobody can print are replaced.
        """
        document = {
            "schema": SCHEMA,
            "version": SCHEMA_VERSION,
            "lab": {"slug": self.lab, "title": self.lab_title},
            "case": None if self.case_title is None else {"title": self.case_title, "text": self.case_text},
            "kind": self.kind,
            "title": self.title,
            "made_at": self.made_at,
            "learner": self.learner,
            "rows": [{"id": row.id, "label": row.label, "answer": row.answer} for row in self.rows],
            "facts": [
                {"id": each.id, "entry": each.entry, "outcome": each.outcome, "card": each.card} for each in self.facts
            ],
            "computed": {
                "sentences": self.computed.sentences,
                "values": dict(self.computed.values),
                "tables": [
                    {"title": table.title, "columns": table.columns, "rows": table.rows}
                    for table in self.computed.tables
                ],
            },
        }
        return text_file.printable(json.dumps(document, ensure_ascii=False, allow_nan=False, indent=2)) + "\n"


def fill(
    lab: Lab,
    case: Case | None,
    answers: Mapping[str, str | None],
    *,
    made_on: date,
    computed: Calculation | None = None,
    learner: str | None = None,
    facts: tuple[SheetFact, ...] = (),
) -> Worksheet:
    """The worksheet of a lab's exercise.

    lab       whose exercise it is
    case      what it is about; None for a case of the learner's own
    answers   by row id; None, blank or absent is not filled in
    made_on   the day
    computed  what was calculated beside the form, for the kinds “protocol” and “plan”; the other kinds are computed
              from their rows
    learner   the name that the learner gave for it
    facts     what the case says of the lines (`sheet_facts`)

    Raises:
        CallerMistake: an answer to a row that is not there, an option that is not offered, or a computed part that does
            not belong to this kind of exercise.
    """
    exercise = lab.exercise
    known = {row.id: row for row in exercise.rows}
    for id in answers:
        if id not in known:
            raise CallerMistake(f"The form of “{lab.slug}” has no row “{id}”. It has {', '.join(known)}.")
    expected = {"protocol": ClaimComparison, "plan": SampleSizes}.get(exercise.kind)
    if computed is not None and (expected is None or not isinstance(computed, expected)):
        type_name = expected.__name__ if expected else "nothing; it is computed from its rows"
        raise CallerMistake(
            f"`computed` is a {type(computed).__name__}, but the exercise of “{lab.slug}” is a {exercise.kind}: give "
            f"{type_name}."
        )
    rows = tuple(_filled(lab.slug, row, answers.get(row.id)) for row in exercise.rows)
    return Worksheet(
        lab=lab.slug,
        lab_title=lab.title,
        case_title=case.title if case else None,
        case_text=case.text if case else None,
        kind=exercise.kind,
        title=exercise.title,
        rows=rows,
        computed=_computed(exercise.rows, rows, exercise.kind, computed),
        made_at=date.isoformat(made_on),
        learner=text_file.line(learner or "") or None,
        facts=facts,
    )


def _filled(slug: str, row: SheetRow, answer: str | None) -> FilledRow:
    text = text_file.printable(answer or "").strip() or None
    if text is not None and row.options and text not in row.options:
        raise CallerMistake(
            f"The row “{row.id}” of “{slug}” has {text[:60]!r}, which is not offered. Choose one of “"
            f"{'”, “'.join(row.options)}”, or leave it empty."
        )
    return FilledRow(id=row.id, label=row.label, answer=text, chosen=bool(row.options))


def _computed(
    form: Sequence[SheetRow], rows: Sequence[FilledRow], kind: str, calculation: Calculation | None
) -> Computed:
    counts = _counts(form, rows)
    if kind == "plan":
        results = _plan(calculation if isinstance(calculation, SampleSizes) else SampleSizes())
    elif isinstance(calculation, ClaimComparison):
        results = _protocol(calculation, {row.id: row.answer for row in rows})
    else:
        results = _marks(rows) if kind == "protocol" else Computed(sentences=(), values=())
    verdicts = [row.answer for row in rows if row.id == "verdict"]
    return Computed(
        sentences=(
            *results.sentences,
            *counts.sentences,
            *(f"The learner’s verdict: {verdict or NOT_FILLED}" for verdict in verdicts),
        ),
        values=(*results.values, *counts.values, *(("learner_verdict", verdict) for verdict in verdicts)),
        tables=results.tables,
    )


def _counts(form: Sequence[SheetRow], rows: Sequence[FilledRow]) -> Computed:
    """How many rows are filled in, and how often each mark was given where several rows offer the same ones."""
    still_open = sum(row.answer is None for row in rows)
    sentences = [f"{len(rows) - still_open} of {len(rows)} rows are filled in."]
    values: Counter[str] = Counter(rows=len(rows), not_filled_in=still_open)
    marks = Counter((row.options, filled.answer) for row, filled in zip(form, rows, strict=True))
    for options, sharing in Counter(row.options for row in form if row.options).items():
        if sharing > 1:
            counts = ", ".join(f"{option} {marks[options, option]}" for option in options)
            sentences.append(f"Marks on {sharing} rows: {counts}, {NOT_FILLED} {marks[options, None]}.")
            for option in options:
                values[option.replace(" ", "_")] += marks[options, option]
    return Computed(sentences=tuple(sentences), values=tuple(values.items()))


def _marks(rows: Iterable[FilledRow]) -> Computed:
    """A protocol of which only the learner's marks are known."""
    all_met = all(row.answer == "yes" for row in rows if row.chosen)
    outcome = "Every step is marked yes." if all_met else "By these marks the comparison is indicative at most."
    return Computed(
        sentences=(f"{outcome} The settings of the two claims were not entered, so nothing is computed from them.",),
        values=(("verdict", None),),
    )


def _protocol(comparison: ClaimComparison, marks: Mapping[str, str | None]) -> Computed:
    gap = comparison.gap
    a, b = comparison.names
    return Computed(
        sentences=(comparison.sentence, *comparison.cautions),
        values=(
            ("verdict", comparison.verdict),
            ("gap_points", gap.points if gap else None),
            ("gap_low", gap.newcombe.low if gap else None),
            ("gap_high", gap.newcombe.high if gap else None),
            ("level", comparison.level),
            ("p_value", gap.p_value if gap else None),
            ("steps_met", sum(step.outcome == "met" for step in comparison.steps)),
        ),
        tables=(
            Table(
                title="The five steps",
                columns=("Step", "Marked", "Computed", "Reason"),
                rows=tuple(
                    (f"{number}. {step.title}", marks.get(step.id) or NOT_FILLED, step.outcome, step.reason)
                    for number, step in enumerate(comparison.steps, 1)
                ),
            ),
            Table(
                title="The settings",
                columns=("Setting", a, b, "Outcome", "Reason"),
                rows=tuple(
                    (check.setting, check.a or NOT_STATED, check.b or NOT_STATED, check.outcome, check.reason)
                    for check in comparison.settings
                ),
            ),
        ),
    )


def _plan(sizes: SampleSizes) -> Computed:
    stage1, stage2, stage3 = sizes.stage1, sizes.stage2, sizes.stage3
    sentences = [
        f"Stage {number}: {stage.sentence if stage else 'its size was not worked out.'}"
        for number, stage in enumerate((stage1, stage2, stage3), 1)
    ]
    cautions = [*(stage2.cautions if stage2 else ()), *(stage3.cautions if stage3 else ())]
    rows = (
        ("1. Public scores", f"{stage1.n:,} questions behind the score" if stage1 else NOT_WORKED_OUT),
        ("2. Own set", f"{stage2.needed:,} items needed, {stage2.n:,} planned" if stage2 else NOT_WORKED_OUT),
        ("3. Pilot", f"{stage3.per_arm:,} chats in each arm" if stage3 else NOT_WORKED_OUT),
    )
    return Computed(
        sentences=(*sentences, *cautions),
        values=(
            ("stage1_questions", stage1.n if stage1 else None),
            ("stage1_apart_points", stage1.apart if stage1 else None),
            ("stage2_items_needed", stage2.needed if stage2 else None),
            ("stage2_items_planned", stage2.n if stage2 else None),
            ("stage2_margin_points", stage2.half if stage2 else None),
            ("stage3_chats_per_arm", stage3.per_arm if stage3 else None),
            ("stage3_days", stage3.days if stage3 else None),
            ("stage3_clean_chats", stage3.clean if stage3 else None),
        ),
        tables=(Table(title="Sample sizes", columns=("Stage", "Sample size"), rows=rows),),
    )


def _told(row: FilledRow, fact: SheetFact | None) -> str:
    """One line of the form: a mark beside its label, free text below it, and what the case says."""
    answer = row.answer or NOT_FILLED
    told = (
        text_file.listed(row.label, answer)
        if row.chosen
        else f"{text_file.listed(row.label, '')}\n{text_file.quoted(answer)}"
    )
    return told if fact is None else f"{told}\n{text_file.said(fact.outcome, fact.card)}"
