"""The few colours, by theme. Safe for colour-blind eyes; shape always says the same as colour."""

from dataclasses import dataclass

import streamlit as st


@dataclass(frozen=True, slots=True)
class Palette:
    a: str
    b: str
    equal: str
    noise: str
    ink: str


LIGHT = Palette(a="#0072B2", b="#D55E00", equal="#009E73", noise="#8A8F98", ink="#1B1F24")
DARK = Palette(a="#56B4E9", b="#E69F00", equal="#2BC194", noise="#8A8F98", ink="#E8E8E3")


def palette() -> Palette:
    return DARK if st.context.theme.type == "dark" else LIGHT
