"""Chooses a contender and says what it is and under which licence."""

import streamlit as st

from engine import models
from engine.access import Person
from pages.format import plain

OTHER = "another model …"


def show(label: str, me: Person, *, index: int, key: str) -> str | None:
    """The address chosen, or None while none is given.

    label  what is chosen
    me     who chooses; what may be started is `engine.access`'s to say
    index  of the model that stands there first
    key    of the widgets
    """
    cards = {address: card for address, card in models.listed().items() if card.visitors or me.operator}
    choice = st.selectbox(
        label,
        [*cards, OTHER] if me.operator else [*cards],
        index=index,
        format_func=lambda address: cards[address].title if address in cards else OTHER,
        key=key,
    )
    if me.operator and choice == OTHER:
        address = st.text_input(
            "Address of the model",
            placeholder="hf:org/name, a folder, a .gguf file, openai:model@https://host/v1",
            help="Weights from the hub, from this machine, or a model behind any OpenAI-compatible endpoint.",
            key=f"{key}-address",
        ).strip()
        card = models.find(address) if address else None
    else:
        card = cards.get(choice)
    if me.operator and models.mistakes():
        st.caption(plain("Not listed: " + " ".join(models.mistakes())))
    if card is None:
        return None
    size = f"{card.parameters / 1e6:.0f} M parameters. " if card.parameters else ""
    licence = f"[{plain(card.licence)}]({card.licence_link})" if card.licence_link else plain(card.licence)
    st.caption(f"{size}{plain(card.about)} Licence: {licence}.")
    if not card.present:
        st.caption(plain(f"Not on this machine. To get it: {card.advice()}"))
    return card.address
