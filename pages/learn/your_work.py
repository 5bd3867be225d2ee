"""Your work: how it is kept, how to carry it to another device, how to bring it back, how to delete it."""

import streamlit as st

from engine import access
from engine.errors import NotAllowed
from pages.format import plain
from pages.shared import person
from tutor import journal

me = person.learner()
written = journal.has_written(me)
st.title("Your work", anchor=False)
if person.is_remembered():
    st.write(
        "Talks, sheets and forecasts belong to this browser: it keeps a cookie that only this server can make. Nobody "
        "finds them by an address, and yours can be shown to anybody."
    )
else:
    st.warning(
        "This browser keeps no cookie of ours, so your work is yours only until this tab is closed or reloaded. Make a "
        "resume code now, and enter it here next time."
    )

st.subheader("Carry it to another device", anchor=False)
st.write("A resume code opens your work in any other browser. Whoever has it can read and go on with what you wrote.")
if written and journal.has_code(me):
    st.caption("You have a code already. A new one makes it void.")
if st.button("Make a resume code", disabled=not written):
    st.session_state["resume code"] = me, journal.new_resume_code(me)
if not written:
    st.caption("There is nothing to carry yet.")
if (told := st.session_state.get("resume code")) and told[0] == me:
    st.code(told[1], language=None)
    st.caption("Write it down: it is shown in this tab alone, and the server keeps no copy that can be read.")

st.subheader("Bring it back", anchor=False)
if written:
    st.write(
        "Something was written in this browser already. It stays where it is, but only its own code leads back to it: "
        "make that code first, if you want to keep it."
    )
with st.form("resume", border=False, clear_on_submit=True):
    code = st.text_input(
        "Resume code",
        max_chars=100,
        autocomplete="off",
        placeholder="ABCDE-FGHJK-MNPQR-STVWX",
        help="If you kept an old address of this site: what stands in it behind “s=”.",
    )
    if st.form_submit_button("Bring my work here"):
        try:
            person.wrong_codes.check(person.device())
            if journal.resume(person.device(), code):
                st.switch_page("learn/labs.py")
            person.wrong_codes.add(person.device())
            st.error("Nobody has this code. Look at each letter; a code that was made later makes earlier ones void.")
        except NotAllowed as error:
            st.error(plain(str(error)))

st.subheader("Delete it", anchor=False)
with st.popover("Delete everything I wrote"):
    st.write(
        "All talks and sheets of all labs and the battles you started are removed, and your resume code is void. "
        "Nobody can bring them back."
    )
    if st.button("Delete it all", key="delete-all"):
        access.delete_own(person.current())
        journal.delete(person.device())
        st.switch_page("learn/labs.py")
