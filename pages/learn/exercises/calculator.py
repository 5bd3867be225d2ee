"""The interval calculator: each score with its interval, the gap against its noise, and what a pairing would change."""

import streamlit as st

from engine.logs import uploads
from labs import Case, intervals
from pages.charts import pairing_chart
from pages.format import plain
from pages.logs import found, log_upload
from pages.server import place_of
from pages.shared import verdict_card
from pages.shared.errors import errors_shown


@st.fragment
def show(case: Case) -> None:
    """Filled in from the case where it gives numbers. Computes; what it means is the learner's to say."""
    with errors_shown():
        facts = case.facts
        names = (facts.a, facts.b) if facts else ("A", "B")
        left, middle, right = st.columns(3)
        with left:
            a = _score(names[0], facts.score_a if facts else None, key=f"{case.id} score a")
        with middle:
            b = _score(names[1], facts.score_b if facts else None, key=f"{case.id} score b")
        with right:
            n = st.number_input("Questions", 2, value=facts.n if facts else None, step=1, key=f"{case.id} n")
        if a is None or b is None or n is None:
            st.info("Give both scores and the number of questions. This case does not say all three.")
        else:
            _intervals(names, (a, b), n)
            _gaps(case, a, b, n)
    st.divider()
    with errors_shown():
        _logs(case)


def _score(name: str, given: float | None, *, key: str) -> float | None:
    return st.number_input(f"{plain(name)}, percent right", 0.0, 100.0, given, 0.1, "%.1f", key=key)


def _intervals(names: tuple[str, str], scores: tuple[float, float], n: int) -> None:
    for column, name, score in zip(st.columns(2), names, scores, strict=True):
        wald, wilson = intervals.wald(score, n), intervals.wilson(score, n)
        with column.container(border=True):
            st.markdown(f"**{plain(name)}** {score:.1f} ± {wald.half:.1f} (n = {n:,})")
            st.caption(f"Wald {_span(wald)}  \nWilson {_span(wilson)}")


def _gaps(case: Case, a: float, b: float, n: int) -> None:
    separate = intervals.separate_gap(a, b, n)
    correlation = st.slider(
        "Suppose both answered the same questions: how much right answers go together (correlation, assumed)",
        0.0,
        0.95,
        0.5,
        0.05,
        key=f"{case.id} correlation",
    )
    gaps = {"separate items": separate}
    with errors_shown():
        gaps["same items, assumed"] = intervals.same_items_gap(a, b, n, correlation)
    pairing_chart.show(gaps, key=f"{case.id} picture")
    for design, gap in gaps.items():
        st.markdown(f"**{design.capitalize()}:** {_in_words(gap)}")
    st.caption(
        "Intervals at 95%. The band is what luck with the questions can do; a mark outside it may still come from "
        "another prompt or another pipeline. The correlation is a supposition: only results question by question tell."
    )


def _in_words(gap: intervals.Gap) -> str:
    place = "outside the noise" if gap.newcombe.excludes_zero else "inside the noise, which does not mean equal"
    chance = f"p = {gap.p_value:.2g}" if gap.p_value >= 0.0001 else "p < 0.0001"
    return f"gap {_signed(gap.points, '+')} points, {_span(gap.newcombe)} ({gap.newcombe.method}); {chance}, {place}."


def _span(span: intervals.Span) -> str:
    return f"{_signed(span.low)} to {_signed(span.high)}"


def _signed(value: float, sign: str = "-") -> str:
    return f"{value:{sign}.1f}".replace("-", "−")


def _logs(case: Case) -> None:
    """The sharper test, for whoever has the results question by question."""
    st.markdown("**Have you the results question by question?**")
    st.caption(
        "One file a model: CSV or JSON lines with an id and a score; logs of lm-eval, Inspect and HELM as they are. "
        "The page “Your own logs” tells more of them."
    )
    files = [
        (side, column.file_uploader(f"Log of {side}", list(log_upload.TYPES), key=f"{case.id} log {side}"))
        for column, side in zip(st.columns(2), "AB", strict=True)
    ]
    if all(file for _, file in files):
        given = [uploads.Upload(name=file.name, place=str(place_of([file], side))) for side, file in files if file]
        a, b = (uploads.Side(upload=upload) for upload in given)
        verdict = found.comparison((a, b), {}).judged.verdict
        verdict_card.show(verdict, verdict.names, key=f"{case.id}-logs")
