"""A claim that was predicted and then measured: how far the learner came with it, and what the tutor says about it.

It lies on the talk's sheet, in rows of its own. Each step is written down before the next can be seen, and the
prediction is final from the moment the measurement begins: one that can be changed afterwards is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import TypeAdapter

from labs import Lab, Measurement
from labs.intervals import Span
from labs.measurement import MeasuredClaim
from tutor import journal
from tutor.errors import TutorError
from tutor.exchange import Point
from tutor.journal import Talk

POINT = Point(kind="measured", id="claim")
PREDICTION, BATTLE, CLAIM = "measurement.prediction", "measurement.battle", "measurement.claim"
"""The rows of the sheet."""
RECORDED = "recorded"
"""What the battle's row holds where the recording was opened; else the ids of the battles that were run."""

_claim = TypeAdapter(MeasuredClaim)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measuring:
    """How far a learner is with the measurement of a lab.

    prediction  as the learner made it; None before
    battles     ids of the battles that were started for it, in the measurement's order
    recorded    whether the recording is read in their place
    claim       what was measured, as it was shown; None before it was
    """

    prediction: float | None = None
    battles: tuple[str, ...] = ()
    recorded: bool = False
    claim: MeasuredClaim | None = None


def measuring(sheet: Mapping[str, str]) -> Measuring:
    """What the rows of a sheet say. A row that cannot be read is taken as empty: it is measured once more.

    >>> measuring({PREDICTION: "2.5", BATTLE: "recorded"})
    Measuring(prediction=2.5, battles=(), recorded=True, claim=None)
    """
    try:
        prediction = float(sheet[PREDICTION])
    except (KeyError, ValueError):
        return Measuring()
    try:
        claim = _claim.validate_json(sheet.get(CLAIM, ""))
    except ValueError:
        claim = None
    given = sheet.get(BATTLE, "")
    recorded = given == RECORDED
    return Measuring(
        prediction=prediction, battles=() if recorded else tuple(given.split()), recorded=recorded, claim=claim
    )


def predict(talk: Talk, measurement: Measurement, value: float) -> None:
    """Writes the prediction down; another one only as long as nothing was begun that could tell.

    talk         whose sheet it is kept on; a draft is written down with it
    measurement  of the talk's lab
    value        in the unit of the prediction

    Raises:
        TutorError: the prediction is final, or none that can be made here.
    """
    asked = measurement.prediction
    fits = value in asked.choices if asked.choices else asked.low <= value <= asked.high  # type: ignore[operator]
    if not fits:
        choices = ", ".join(map(str, asked.choices)) or f"a number from {asked.low:g} to {asked.high:g}"
        raise TutorError(f"The prediction {value:g} is not among what can be chosen: {choices}.")
    journal.keep(talk)
    now = measuring(journal.read_sheet(talk.id))
    if now.battles or now.recorded or now.claim:
        raise TutorError(
            "Your prediction stands as it is: the measurement was begun. Start the lab over to have a new one."
        )
    journal.save_answers(talk.id, {PREDICTION: f"{value:g}"})


def keep_battles(talk: Talk, *battles: str) -> None:
    """Writes down which battles are the measurement's, or `RECORDED`.

    Raises:
        TutorError: nothing was predicted yet, or it was measured already.
    """
    now = measuring(journal.read_sheet(talk.id))
    if now.prediction is None:
        raise TutorError("Predict first: what you expect is written down before anything is shown.")
    if now.claim is not None:
        raise TutorError("This was measured already. Start the lab over to measure it once more.")
    journal.save_answers(talk.id, {BATTLE: " ".join(battles)})


def keep_claim(talk: Talk, claim: MeasuredClaim) -> None:
    """Writes down what was measured, as it is shown. Raises TutorError where nothing was predicted."""
    if measuring(journal.read_sheet(talk.id)).prediction is None:
        raise TutorError("Predict first: what you expect is written down before anything is shown.")
    journal.save_answers(talk.id, {CLAIM: _claim.dump_json(claim).decode()})


def bring_in(lab: Lab, talk: Talk) -> Talk:
    """The same talk with what was measured as its open question.

    Raises:
        TutorError: nothing was measured yet.
    """
    question = measured_question(lab, journal.read_sheet(talk.id))
    if not question:
        raise TutorError("There is no measured number to talk about yet. Predict it, and measure it first.")
    journal.set_open_question(talk.id, talk.case, POINT, question)
    return journal.read(talk.id)


def measured_question(lab: Lab, sheet: Mapping[str, str]) -> str:
    """The question about the measured number and the learner's prediction; "" where one of them is missing.

    lab    whose measurement it is
    sheet  the talk's, by row
    """
    return _filled(lab, sheet, "question")


def measured_remark(lab: Lab, sheet: Mapping[str, str]) -> str:
    """What the tutor says when number and prediction meet: near or off, and whether an order turned; "" as above.

    lab    whose measurement it is
    sheet  the talk's, by row
    """
    now = measuring(sheet)
    if lab.measurement is None or now.claim is None or now.prediction is None:
        return ""
    remark = _filled(lab, sheet, "near" if is_near(lab.measurement, now.prediction, now.claim) else "off")
    turned = _filled(lab, sheet, "turned") if now.claim.turned else ""
    return " ".join(filter(None, (remark, turned)))


def is_near(measurement: Measurement, prediction: float, claim: MeasuredClaim) -> bool:
    """Whether the measurement cannot tell the prediction from its number: it lies in the interval, or so near.

    measurement  says how near is near where there is no interval
    prediction   in the same unit
    claim        as it was measured
    """
    if claim.interval is not None:
        return claim.interval.low <= prediction <= claim.interval.high
    return abs(prediction - claim.value) <= measurement.prediction.tolerance


def in_unit(measurement: Measurement, value: float) -> str:
    """A number with the unit of the prediction, as it stands in a sentence: +11.0 points, 3 of 4 rows."""
    if measurement.number == "answer_rules":
        figure = f"{value:+.1f}".replace("-", "−")
    elif measurement.number == "pairing":
        figure = f"{value:.0f}".replace("-", "−")
    else:
        figure = f"{value:,.0f}"
    return f"{figure} {measurement.prediction.unit}"


def interval_in_words(measurement: Measurement, claim: MeasuredClaim) -> str:
    """A line for under the number: its interval and method if it has one, and how many items are behind it."""
    behind = f"{claim.n:,} questions"
    if claim.interval is None:
        return f"Read off {behind}."
    return f"95% interval {_span(measurement, claim.interval)} ({claim.interval.method}), from {behind}."


def _span(measurement: Measurement, interval: Span) -> str:
    """Both ends, the unit once: 605 to 1,144 questions."""
    low, high = (in_unit(measurement, end) for end in (interval.low, interval.high))
    return f"{low.removesuffix(' ' + measurement.prediction.unit)} to {high}"


def _filled(lab: Lab, sheet: Mapping[str, str], text: str) -> str:
    now = measuring(sheet)
    if lab.measurement is None or now.claim is None or now.prediction is None:
        return ""
    return str(getattr(lab.measurement, text)).format(
        predicted=in_unit(lab.measurement, now.prediction),
        value=in_unit(lab.measurement, now.claim.value),
        interval=_span(lab.measurement, now.claim.interval) if now.claim.interval else "",
        n=f"{now.claim.n:,}",
    )
