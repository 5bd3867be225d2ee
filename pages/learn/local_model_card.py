"""The model that can speak on this machine: brought, switched on, measured and switched off, by the operator alone."""

from collections.abc import Callable

import streamlit as st

from pages.format import plain
from pages.shared.errors import errors_shown
from tutor import local_model
from tutor.configuration import (
    local_model_speaks,
    local_model_speed,
    measure_local_model,
    switch_local_model_off,
    switch_local_model_on,
)
from tutor.endpoint import local_model_named


def show() -> None:
    """What it is, what it takes, and the one thing to do next."""
    st.subheader("A model on this machine", anchor=False)
    st.write(
        f"{local_model.TITLE} speaks without a key, and what learners write stays here. It is a download of 1.1 GB "
        f"({local_model.LICENCE}), takes 3.4 GB more on the disk and 4 GB of memory while it is open, and for a minute "
        "or two, when it is opened for the first time, 12 GB of memory and 10 GB of the disk. It is small: it words "
        "what the lab decides, and not always well."
    )
    with errors_shown():
        if not local_model.present():
            _fetch()
        elif local_model_speaks(st.secrets):
            _on(named=local_model_named(st.secrets))
        elif st.button("Switch it on", key="local-on", help="Opens it and measures a reply: a minute, at first two."):
            _wait_for(switch_local_model_on)


def told(seconds: float | None) -> str:
    """How long a learner will wait, where it was measured."""
    return f"A reply takes about {seconds:.0f} s here." if seconds else ""


def _fetch() -> None:
    if st.button("Bring it (1.1 GB)", key="local-fetch", help="Parts that came are kept: it can be gone on with."):
        bar = st.progress(0.0, text="The download begins …")
        for done, of in local_model.fetch():
            bar.progress(done / of, text=f"{done} of {of} parts are here")
        st.rerun()


def _on(*, named: bool) -> None:
    speed = local_model_speed()
    if speed is None:
        st.caption("How long a reply takes here was not measured yet.")
    else:
        memory = f", {speed.memory / 1e9:.1f} GB of memory" if speed.memory else ""
        st.caption(
            f"Measured here: {told(speed.reply)} The first word came after {speed.first:.1f} s, then "
            f"{speed.pieces_per_second:.1f} tokens a second, in {plain(speed.precision)}{memory}; it was open after "
            f"{speed.opening:.0f} s."
        )
    with st.container(horizontal=True):
        again = st.button("Measure a reply", key="local-measure")
        off = not named and st.button("Switch it off", key="local-off", help="The labs' own words speak again.")
    if named:
        st.caption("TUTOR_MODEL is `local`, which switches it on.")
    if off:
        switch_local_model_off()
        st.rerun()
    if again:
        _wait_for(measure_local_model)


def _wait_for(measured: Callable[[], object]) -> None:
    with st.spinner("Opening it, and waiting for a reply …"):
        measured()
    st.rerun()
