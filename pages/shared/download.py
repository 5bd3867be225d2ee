"""A file to take along, at the click of a button."""

from collections.abc import Callable

import streamlit as st

TYPES = {"json": "application/json", "csv": "text/csv", "txt": "text/plain"}


def show(label: str, content: str | Callable[[], str], file: str) -> None:
    """The button; `file` is the file's name, which no two buttons of a page share.

    The click is ignored by the page: a rerun may begin before Streamlit has sent the file's address, and drops it.
    """
    kind = TYPES[file.rpartition(".")[2]]
    st.download_button(label, content, file, kind, key=f"download {file}", on_click="ignore", width="stretch")
