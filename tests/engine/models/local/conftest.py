"""The tiny models on disk, saved once a session, and how a test opens one."""

from __future__ import annotations

from pathlib import Path

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
