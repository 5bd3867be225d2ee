"""Chooses a contender and says what it is and under which licence."""

import streamlit as st

from engine import models
from pages.format import plain

OTHER = "another model …"


def show(label: str, *, index: int, key: str) -> str | None:
    """The address chosen, or None while none is given."""
    cards = models.PACKAGED
    choice = st.selectbox(
        label,
        [*cards, OTHER],
        index=index,
        format_func=lambda address: cards[address].title if address in cards else OTHER,
        key=key,
    )
    if choice == OTHER:
        address = st.text_input(
            "Address of the model",
            placeholder="hf:org/name, a folder, a .gguf file, openai:model@https://host/v1",
            help="Weights from the hub, from this machine, or a model behind any OpenAI-compatible endpoint.",
            key=f"{key}-address",
        ).strip()
        card = models.find(address) if address else None
    else:
        card = cards[choice]
    if card is None:
        return None
    size = f"{card.parameters / 1e6:.0f} M parameters. " if card.parameters else ""
    licence = f"[{plain(card.licence)}]({card.licence_link})" if card.licence_link else plain(card.licence)
    st.caption(f"{size}{plain(card.about)} Licence: {licence}.")
    if not card.present:
        st.caption(plain(f"Not on this machine. To get it: {card.advice()}"))
    return card.address
