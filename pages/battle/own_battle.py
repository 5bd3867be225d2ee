"""What the owner of a battle can do with it: give it a name, delete it."""

import streamlit as st

from engine import access
from engine.access import Person
from pages.shared.errors import errors_shown


def show_name(me: Person, battle_id: str, name: str) -> None:
    with st.popover("Rename" if name else "Name it", icon=":material/edit:"), errors_shown():
        given = st.text_input(
            "A name, for you to find it by. Whoever looks at the battle sees it.",
            name,
            max_chars=access.LONGEST_NAME,
            key=f"name {battle_id}",
        )
        if st.button("Keep the name", key=f"keep name {battle_id}"):
            access.rename(me, battle_id, given)
            st.rerun()


def show_deletion(me: Person, battle_id: str) -> None:
    with st.popover("Delete", icon=":material/delete:"), errors_shown():
        st.write(
            "The battle goes, for everybody, with every answer and whatever was measured of it. Nothing brings it back."
        )
        if st.button("Delete it for good", key=f"delete {battle_id}", type="primary"):
            access.delete(me, battle_id)
            st.query_params.clear()
            st.switch_page("battle/history.py")
