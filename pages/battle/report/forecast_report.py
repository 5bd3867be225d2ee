"""What was expected of a battle beside what came: the forecast, its score, and whether the seal still holds."""

import streamlit as st

from engine import BattleResult, battles, report
from engine.analysis import forecasts
from pages.charts import forecast_chart
from pages.format import plain


def show(result: BattleResult) -> None:
    """Nothing for a battle without a card."""
    expected, seal, score = result.battle.forecast, result.seal, forecasts.score_forecast(result)
    if score is None:
        return
    happened = score.outcome if isinstance(score, forecasts.ForecastScore) else None
    st.subheader("What you expected", anchor=False)
    if expected is not None:
        if expected.hypothesis:
            st.markdown(f"“{plain(' '.join(expected.hypothesis.split()))}”")
        forecast_chart.show(expected.probabilities, result.names, happened, key="forecast")
        if happened is not None:
            st.caption("◆ marks what happened.")
    st.markdown(plain(" ".join(report.sentences(score))))
    if seal is None:
        return
    if seal.intact:
        st.caption(
            ":material/lock: The seal is intact: forecast, margin, items and stop rule are as they were before the "
            "run. Whoever has noted this line can check it; the sealed plan is in the JSON."
        )
    else:
        st.warning("The seal is broken: the plan is not the one that was sealed before the run.")
    _digest(seal)


def show_seal(seal: battles.Seal) -> None:
    """The seal while the battle runs, before there is a result."""
    st.markdown(
        ":material/lock: **Your forecast is sealed.** Copy this line or show it to somebody now: with it anybody can "
        "check afterwards that neither forecast nor plan was changed."
    )
    _digest(seal)


def _digest(seal: battles.Seal) -> None:
    st.code(seal.digest, language=None, wrap_lines=True)
