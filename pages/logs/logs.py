"""Your own logs: results somebody measured before, judged like a battle; or two published scores without any logs."""

import streamlit as st

from pages.logs import own_logs, published_scores

LOGS, SCORES = "Logs, item by item", "Only two published scores"

st.title("Your own logs", anchor=False)
st.write("Measured elsewhere, by you or by others: is the gap above the noise, and may the two be compared at all?")
filled_in = {"a", "b", "n"} & set(st.query_params)
with_logs, with_scores = st.tabs([LOGS, SCORES], default=SCORES if filled_in else LOGS)
with with_logs:
    own_logs.show()
with with_scores:
    published_scores.show()
