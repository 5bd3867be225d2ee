"""The tiny models on disk, saved once a session, and how a test opens one."""

from __future__ import annotations

import json
from pathlib import Path

import gguf
import pytest
import torch
import transformers

from engine.models.local.model import LocalModel, open_local
from engine.models.registry import find
from tests.engine.models.local.zoo import CONFIGS, Opened, make_tokenizer


@pytest.fixture(scope="session")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of saved models, one for each architecture; llama and gemma begin every text with BOS."""
    folder = tmp_path_factory.mktemp("zoo")
    for name, config in CONFIGS.items():
        tokenizer = make_tokenizer(begins_with_bos=name in ("llama", "gemma3"))
        torch.manual_seed(len(name))
        model = transformers.AutoModelForCausalLM.from_config(config(len(tokenizer)))
        model.generation_config.eos_token_id = tokenizer.eos_token_id
        model.save_pretrained(folder / name)
        tokenizer.save_pretrained(folder / name)
    return folder


@pytest.fixture
def opened(zoo: Path) -> Opened:
    return lambda name: open_local(find(str(zoo / name)), "cpu")


@pytest.fixture
def llama(opened: Opened) -> LocalModel:
    return opened("llama")


@pytest.fixture(scope="session")
def gguf_file(zoo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny llama as llama.cpp's converter would write it: its names, its order of rows in q and k."""
    file = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
    model = transformers.AutoModelForCausalLM.from_pretrained(zoo / "llama")
    tokenizer = transformers.AutoTokenizer.from_pretrained(zoo / "llama")
    bpe = json.loads((zoo / "llama" / "tokenizer.json").read_text())["model"]
    out = gguf.GGUFWriter(file, "llama")
    out.add_context_length(256)
    out.add_embedding_length(32)
    out.add_block_count(2)
    out.add_feed_forward_length(64)
    out.add_head_count(4)
    out.add_head_count_kv(2)
    out.add_layer_norm_rms_eps(1e-6)
    out.add_rope_freq_base(10_000.0)
    out.add_tokenizer_model("gpt2")
    out.add_token_list(tokenizer.convert_ids_to_tokens(range(len(tokenizer))))
    out.add_token_types([3, 3] + [1] * (len(tokenizer) - 2))
    out.add_token_merges([" ".join(pair) for pair in bpe["merges"]])
    out.add_bos_token_id(0)
    out.add_eos_token_id(1)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, 2)
    for name, weight in model.state_dict().items():
        heads = {"q_proj": 4, "k_proj": 2}.get(name.split(".")[-2])
        rows = weight if heads is None else weight.view(heads, 2, -1, 32).swapaxes(1, 2).reshape(weight.shape)
        out.add_tensor(names.get_name(name, (".weight",)), rows.contiguous().numpy())
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()
    return file
