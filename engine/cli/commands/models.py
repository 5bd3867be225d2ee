"""`python -m engine models`: the models that are here, and the forms of address for others."""

from __future__ import annotations

import argparse

from engine.models import PACKAGED

OTHER_ADDRESSES = (
    "\nAlso: hf:org/name@revision (the hub), a folder with a config.json, a .gguf file,\n"
    "openai:model@https://host/v1 (any OpenAI-compatible endpoint; the key is read from OPENAI_API_KEY)"
)


def run(_: argparse.Namespace) -> None:
    for card in PACKAGED.values():
        here = "here" if card.present else f"missing; to get it: {card.advice()}"
        print(f"{card.address:24} {card.parameters or 0:>13,} parameters  {card.licence}  [{here}]")
        print(f"{'':24} {card.about}")
    print(OTHER_ADDRESSES)
