"""Operator sign-in: whoever can read the server's terminal is who runs it."""

import streamlit as st

from engine import access
from pages.shared import person
from pages.shared.errors import errors_shown

st.title("Operator sign-in", anchor=False)
sign_in, device = access.operator_sign_in(), person.device()

if device in sign_in.devices:
    st.write("This browser is signed in until the server is started anew.")
    if st.button("Sign out"):
        sign_in.devices.discard(device)
        st.rerun()
elif person.is_operator():
    st.write("You sit at the server's own machine, which makes you its operator. There is nothing to sign in to.")
else:
    st.write("For whoever runs this server: enter the start-up code from its terminal.")
    with st.form("sign-in", border=False, clear_on_submit=True), errors_shown():
        code = st.text_input("Start-up code", type="password", max_chars=200, autocomplete="off")
        if st.form_submit_button("Sign in", type="primary"):
            if sign_in.sign_in(device, code):
                st.rerun()
            st.error("That is not the code of this start.")
