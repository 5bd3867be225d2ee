"""The case beside a long form: in its place on a wide screen, folded away at the top of the form on a phone."""

import streamlit as st

from labs import Case
from pages.format import plain

COLUMN, FOLDED = "case-in-sight", "case-folded"
NARROW = 640  # pixels: up to here Streamlit puts columns below one another
STYLE = f"""
@media (min-width: {NARROW + 1}px) {{
  :has(> .st-key-{COLUMN}) {{ position: sticky; top: 4.5rem; max-height: calc(100vh - 6rem); overflow-y: auto; }}
  :has(> .st-key-{FOLDED}) {{ display: none; }}
}}
@media (max-width: {NARROW}px) {{
  :has(> .st-key-{FOLDED}) {{ position: sticky; top: 3.75rem; z-index: 9; background: BACKGROUND; }}
  .st-key-{FOLDED} [data-testid="stExpanderDetails"] {{ max-height: 45vh; overflow-y: auto; }}
}}
"""
"""On what Streamlit puts around a container: only that has the whole form to move along."""


def column() -> st.delta_generator.DeltaGenerator:
    """The place of the case beside the form."""
    theme = "dark" if st.context.theme.type == "dark" else "light"
    st.html(f"<style>{STYLE.replace('BACKGROUND', st.get_option(f'theme.{theme}.backgroundColor'))}</style>")
    return st.container(key=COLUMN)


def show_folded(case: Case) -> None:
    """The case once more, for a screen on which it stands above the form and out of sight."""
    with st.container(key=FOLDED), st.expander(f"The case: {plain(case.title)}", icon=":material/article:"):
        st.markdown(plain(case.text))
        st.caption(plain(case.source))
