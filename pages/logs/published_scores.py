"""Two published scores without logs: what they show as two exams and as one, and what would make their gap real."""

import streamlit as st

from engine import CallerMistake
from engine.report import explain
from engine.stats import published
from pages.charts import agreement_chart, gap_rows
from pages.format import plain
from pages.logs.log_rules import LEVELS
from pages.shared import mishaps, verdict_card

PRESET = {"a": "85.0", "b": "85.8", "n": "14,042"}


@st.fragment
def show() -> None:
    """Filled in from the address, `?a=85.0&b=85.8&n=14042`, or with an illustration."""
    with mishaps.shown():
        asked = st.query_params
        filled = PRESET | {name: asked[name] for name in PRESET if name in asked}
        left, middle, right = st.columns(3)
        a = left.text_input("Score A, percent right", filled["a"], max_chars=20, key="published-a")
        b = middle.text_input("Score B, percent right", filled["b"], max_chars=20, key="published-b")
        n = right.text_input("Items", filled["n"], max_chars=20, key="published-n")
        if filled == PRESET and (a, b, n) == tuple(PRESET.values()):
            st.caption("The figures are an illustration; MMLU has 14,042 test questions. Put in the ones you read.")
        else:
            st.caption("As they were printed: 85.0 says more than 85.")
        n_b = None
        if st.checkbox("B was asked another number of items", key="published-other"):
            n_b = _count(st.text_input("Items of B", n, max_chars=20, key="published-n-b"))
        level = st.segmented_control(
            "How sure (the level)",
            LEVELS,
            default=0.95,
            required=True,
            format_func="{:.0%}".format,
            key="published-level",
        )
        apart = published.published_gap(a, b, _count(n), n_b=n_b, level=level)
        correlation = _correlation(apart)
        found = published.published_gap(a, b, _count(n), n_b=n_b, level=level, correlation=correlation)
        _report(found)


def _count(written: str) -> int:
    """A number of items as people write it. Raises CallerMistake for anything else."""
    digits = "".join(written.split()).replace(",", "").replace("’", "").replace("'", "")
    if not digits.isascii() or not digits.isdigit():
        raise CallerMistake(f"The number of items is {written!r}: write a whole number such as 14,042.")
    return int(digits)


def _correlation(found: published.PublishedGap) -> float | None:
    """What the reader supposes of the answers; None where they are taken as two separate exams."""
    if found.correlations is None:
        told = "have other items" if not found.same_n else "leave no room for it: one of them is 0 or 100"
        st.caption(f"As one exam they cannot be taken: the two scores {told}.")
        return None
    if not st.toggle("Suppose both answered the same items", value=True, key="published-same"):
        return None
    lowest, highest = (round(end, 2) for end in found.correlations)
    if lowest == highest:
        return lowest
    return st.slider(
        "How much right answers go together (correlation, assumed)",
        lowest,
        highest,
        max(lowest, min(0.5, highest)),
        0.01,
        key="published-correlation",
        help="0: knowing that A is right says nothing about B. The ends are as far as these two scores can go.",
    )


def _report(found: published.PublishedGap) -> None:
    with st.container(border=True, key="published-card"):
        told = explain(found, verdict_card.register("published-register"))
        st.subheader(plain(told.headline), anchor=False)
        rows = [_row("Two separate exams (unpaired)", found, found.separate)]
        if found.paired:
            rows.append(_row("One exam, assumed (paired)", found, found.paired))
        gap_rows.show(rows, found.names, key="published-gaps")
        for sentence in (told.gap, told.noise, told.why):
            st.markdown(plain(sentence))
        if found.condition:
            st.markdown("**What would have to be true**")
            agreement_chart.show(found, key="published-agreement")
        st.markdown(f"**What next?** {plain(told.next_step)}")
        for caveat in found.caveats:
            st.caption(plain(caveat))


def _row(title: str, found: published.PublishedGap, reading: published.GapTest) -> gap_rows.GapRow:
    return gap_rows.GapRow(title=title, gap=found.gap, interval=reading.interval, out=reading.winner in ("a", "b"))
