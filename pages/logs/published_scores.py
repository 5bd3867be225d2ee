"""Two published scores without logs: what they show as two exams and as one, and what would make their gap real."""

import streamlit as st

from engine import CallerMistake
from engine.report import explain
from engine.stats import published
from pages.charts import agreement_chart, gaps_chart
from pages.format import plain
from pages.shared import rule_fields, verdict_card
from pages.shared.errors import errors_shown

ILLUSTRATION = {"a": "85.0", "b": "85.8", "n": "14,042"}


@st.fragment
def show() -> None:
    """Filled in from the address, `?a=85.0&b=85.8&n=14042`, or with an illustration."""
    with errors_shown():
        address = st.query_params
        filled = ILLUSTRATION | {name: address[name] for name in ILLUSTRATION if name in address}
        left, middle, right = st.columns(3)
        a = left.text_input("Score A, percent right", filled["a"], max_chars=20, key="published-a")
        b = middle.text_input("Score B, percent right", filled["b"], max_chars=20, key="published-b")
        n = right.text_input("Items", filled["n"], max_chars=20, key="published-n")
        if filled == ILLUSTRATION and (a, b, n) == tuple(ILLUSTRATION.values()):
            st.caption("The figures are an illustration; MMLU has 14,042 test questions. Put in the ones you read.")
        else:
            st.caption("As they were printed: 85.0 says more than 85.")
        n_b = None
        if st.checkbox("B was asked another number of items", key="published-other"):
            n_b = _count(st.text_input("Items of B", n, max_chars=20, key="published-n-b"))
        level = rule_fields.level("published-level")
        correlation = _correlation(published.published_gap(a, b, _count(n), n_b=n_b, level=level))
        _report(published.published_gap(a, b, _count(n), n_b=n_b, level=level, correlation=correlation))


def _count(written: str) -> int:
    """A number of items as people write it. Raises CallerMistake for anything else."""
    digits = "".join(written.split()).replace(",", "").replace("’", "").replace("'", "")
    if not digits.isascii() or not digits.isdigit():
        raise CallerMistake(f"The number of items is {written!r}: write a whole number such as 14,042.")
    return int(digits)


def _correlation(result: published.PublishedGap) -> float | None:
    """What the reader supposes of the answers; None where they are taken as two separate exams."""
    if result.correlations is None:
        reason = "have other items" if not result.same_n else "leave no room for it: one of them is 0 or 100"
        st.caption(f"As one exam they cannot be taken: the two scores {reason}.")
        return None
    if not st.toggle("Suppose both answered the same items", value=True, key="published-same"):
        return None
    lowest, highest = (round(end, 2) for end in result.correlations)
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


def _report(result: published.PublishedGap) -> None:
    with st.container(border=True, key="published-card"):
        explanation = explain(result, verdict_card.register("published-register"))
        st.subheader(plain(explanation.headline), anchor=False)
        rows = [_row("Two separate exams (unpaired)", result, result.separate)]
        if result.paired:
            rows.append(_row("One exam, assumed (paired)", result, result.paired))
        gaps_chart.show(rows, result.names, key="published-gaps")
        for sentence in (explanation.gap, explanation.noise, explanation.why):
            st.markdown(plain(sentence))
        if result.condition:
            st.markdown("**What would have to be true**")
            agreement_chart.show(result, key="published-agreement")
        st.markdown(f"**What next?** {plain(explanation.next_step)}")
        for caveat in result.caveats:
            st.caption(plain(caveat))


def _row(title: str, result: published.PublishedGap, test: published.GapTest) -> gaps_chart.GapRow:
    return gaps_chart.GapRow(title=title, gap=result.gap, interval=test.interval, out=test.winner in ("a", "b"))
