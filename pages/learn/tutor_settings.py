"""Tutor: who judges and who speaks here, how to set a model up, and whether it may judge."""

import streamlit as st

from pages.format import plain
from pages.learn import endpoint_report, local_model_card
from pages.learn.talk import speaker
from pages.shared import person
from pages.shared.errors import errors_shown

me = person.current()
st.title("Tutor", anchor=False)
st.write(
    "Without any set-up the labs work as they are: their own words speak, and a small judge that runs on this machine "
    "reads what you write. A language model can speak instead. It judges only after it did better than the local "
    "judge, beyond the noise, in an exam that it can take here."
)
now = st.container()

if me.operator:
    local_model_card.show()
    st.subheader("A model on a server", anchor=False)
    st.write(
        "Any server with the OpenAI chat API will do, one on this machine as well. Give three values, then start the "
        "app anew:"
    )
    st.code(
        "export TUTOR_MODEL=name-of-the-model\n"
        "export OPENAI_BASE_URL=http://127.0.0.1:8000/v1\n"
        "export OPENAI_API_KEY=…",
        language="bash",
        wrap_lines=True,
    )
    st.write("Or keep them in a file that git ignores, `.streamlit/secrets.toml`:")
    st.code(
        'TUTOR_MODEL = "name-of-the-model"\nOPENAI_BASE_URL = "http://127.0.0.1:8000/v1"\nOPENAI_API_KEY = "…"',
        language="toml",
        wrap_lines=True,
    )
    st.caption(
        "TUTOR_MODEL is the switch: a key alone sends nothing anywhere. Without OPENAI_BASE_URL the address is "
        "OpenAI's. Once a model is set up, what learners write in the labs goes to that server, even if the model on "
        "this machine is switched on."
    )

with now, errors_shown():  # last, because a test takes its time and the rest should stand there meanwhile
    endpoint = speaker.endpoint_for(me)
    tutor, notice = speaker.tutor_for(me)
    st.markdown(f"**Now.** {plain(tutor.describe())}")
    if notice:
        st.caption(notice)
    elif endpoint is None and tutor.voice is None:
        st.info("No model is set up. Nothing that learners write leaves this machine.")
    elif endpoint is None:
        waiting = local_model_card.told(tutor.reply_seconds)
        st.info(f"The model runs on this machine: nothing that learners write leaves it. {waiting}")
    if endpoint is not None:
        if me.operator:
            key = "A key is set" if endpoint.key else "No key is set"
            st.caption(plain(f"{endpoint.model} at {endpoint.host}. {key}; it is never shown."))
        endpoint_report.show(endpoint, operator=me.operator)
