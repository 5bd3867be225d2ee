"""Chooses a contender and says what it is and under which licence."""

import streamlit as st

from engine import models
from pages.format import plain

OTHER = "another model …"


def show(label: str, *, index: int, key: str, any_address: bool) -> str | None:
    """The address chosen, or None while none is given.

    label        what is chosen
    index        of the model that stands there first
    key          of the widgets
    any_address  whether an address may be typed; what may be started is `engine.access`'s to say
    """
    cards = models.PACKAGED
    choice = st.selectbox(
        label,
        [*cards, OTHER] if any_address else list(cards),
        index=index,
        format_func=lambda address: cards[address].title if address in cards else OTHER,
        key=key,
    )
    if any_address and choice == OTHER:
        address = st.text_input(
            "Address of the model",
            placeholder="hf:org/name, a folder, a .gguf file, openai:model@https://host/v1",
            help="Weights from the hub, from this machine, or a model behind any OpenAI-compatible endpoint.",
            key=f"{key}-address",
        ).strip()
        card = models.find(address) if address else None
    else:
        card = cards.get(choice)
    if card is None:
        return None
    size = f"{card.parameters / 1e6:.0f} M parameters. " if card.parameters else ""
    licence = f"[{card.licence}]({card.licence_link})" if card.licence_link else card.licence
    st.caption(f"{size}{plain(card.about)} Licence: {licence}.")
    if not card.present:
        st.caption(f"Not on this machine. To get it: `{card.advice()}`")
    return card.address
