"""`python -m engine models`: the models that are here, and the forms of address for others."""

from __future__ import annotations

import argparse

from engine.models import listed, mistakes

OTHER_ADDRESSES = (
    "\nAlso: hf:org/name@revision (the hub), a folder with a config.json, a .gguf file, endpoint:name (one of\n"
    "endpoints.toml in the data folder, docs/endpoints.md), openai:model@https://host/v1 (any OpenAI-compatible\n"
    "endpoint; the key in OPENAI_API_KEY goes to OPENAI_BASE_URL alone)"
)


def run(_: argparse.Namespace) -> None:
    for card in listed().values():
        here = "here" if card.present else f"missing; to get it: {card.advice()}"
        size = f"{card.parameters:>13,} parameters" if card.parameters else f"{'endpoint':>24}"
        print(f"{card.address:24} {size}  {card.licence}  [{here}]")
        print(f"{'':24} {card.about}")
    for mistake in mistakes():
        print(f"Not listed: {mistake}")
    print(OTHER_ADDRESSES)
