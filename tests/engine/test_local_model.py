"""Real transformers models, tiny and random: every number against one sequence at a time, written out here.

Random weights are as good as trained ones to find a wrong mask, position or truncation, as long as they are
large enough for attention to matter; hence the wide initialisation. Parity with lm-eval on real weights is
in tests/parity.
"""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
import pytest
import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from engine.battle import Decoding
from engine.errors import CorruptWeights, NoSource, Unsupported
from engine.local_model import LocalModel, open_local
from engine.model import Completion, Logliks, Prompt, Ranking, Trouble
from engine.models import find
from engine.weights import converted

WORDS = [
    "the",
    "cat",
    "sat",
    "on",
    "a",
    "red",
    "mat",
    "while",
    "seven",
    "small",
    "birds",
    "sang",
    "about",
    "rain",
    "and",
    "nobody",
    "knew",
    "why",
]
WIDE = {"initializer_range": 0.3}
SMALL: dict[str, Any] = {"hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 4, **WIDE}

CONFIGS: dict[str, Callable[[int], Any]] = {
    "llama": lambda size: transformers.LlamaConfig(
        vocab_size=size, num_hidden_layers=2, num_key_value_heads=2, max_position_embeddings=256, **SMALL
    ),
    "gpt2": lambda size: transformers.GPT2Config(
        vocab_size=size, n_embd=32, n_layer=2, n_head=4, n_positions=256, **WIDE
    ),
    "gemma3": lambda size: transformers.Gemma3TextConfig(
        vocab_size=size, num_hidden_layers=3, num_key_value_heads=1, head_dim=8, sliding_window=8,
        layer_types=["sliding_attention", "full_attention", "sliding_attention"], max_position_embeddings=256, **SMALL
    ),
    "mamba": lambda size: transformers.MambaConfig(vocab_size=size, hidden_size=32, state_size=4, num_hidden_layers=2, **WIDE),
}  # fmt: skip
ON_TREES = ("llama", "gpt2", "gemma3")


def sentences(count: int, seed: int, words: int = 6) -> list[str]:
    rng = random.Random(seed)
    return [" ".join(rng.choices(WORDS, k=words)) for _ in range(count)]


def make_tokenizer(begins_with_bos: bool) -> transformers.PreTrainedTokenizerFast:
    """Byte-level BPE of a few hundred tokens, trained on self-made sentences."""
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=330, special_tokens=["<s>", "</s>"], initial_alphabet=alphabet, show_progress=False
    )
    bpe.train_from_iterator(sentences(50, seed=0), trainer)
    if begins_with_bos:
        bpe.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
    return transformers.PreTrainedTokenizerFast(tokenizer_object=bpe, bos_token="<s>", eos_token="</s>")


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
def opened(zoo: Path) -> Callable[[str], LocalModel]:
    return lambda name: open_local(find(str(zoo / name)), "cpu")


@pytest.fixture
def llama(opened: Callable[[str], LocalModel]) -> LocalModel:
    return opened("llama")


def questions(count: int, seed: int, *, context: int = 8) -> list[Ranking]:
    """Random questions: a shared few-shot beginning, contexts of many lengths, 2 to 5 choices, some alike."""
    rng = random.Random(seed)
    shared = sentences(1, seed, words=12)[0] + "\n\n"
    made = []
    for i in range(count):
        asked = shared * (i % 2) + " ".join(rng.choices(WORDS, k=rng.randint(1, context)))
        choices = [" " + " ".join(rng.choices(WORDS, k=rng.randint(1, 5))) for _ in range(rng.randint(2, 5))]
        made.append(Ranking(item_id=f"q{i}", pairs=tuple((asked, choice) for choice in choices)))
    return made


def plain_sum(model: LocalModel, context: str, continuation: str) -> float:
    """lm-eval's rule, one sequence at a time: encode the whole, score what the context does not cover, cut left."""
    whole = model.tokenizer.encode(context + continuation)
    scored = len(whole) - len(model.tokenizer.encode(context.rstrip(" ")))
    whole = whole[-(model.max_length + 1) :]
    with torch.inference_mode():
        logprobs = model.model(torch.tensor([whole[:-1]])).logits[0].log_softmax(-1)
    return sum(float(logprobs[at - 1, whole[at]]) for at in range(len(whole) - scored, len(whole)))


def sums_of(
    model: LocalModel, items: list[Ranking], skip: set[str] | frozenset[str] = frozenset()
) -> dict[str, tuple[float, ...]]:
    told = [outcome for batch in model.rank(items, skip) for outcome in batch]
    assert all(isinstance(outcome, Logliks) for outcome in told), told
    return {outcome.item_id: outcome.sums for outcome in told if isinstance(outcome, Logliks)}


def assert_plain(model: LocalModel, items: list[Ranking]) -> None:
    told = sums_of(model, items)
    assert len(told) == len(items)
    for item in items:
        assert told[item.item_id] == pytest.approx([plain_sum(model, *pair) for pair in item.pairs], abs=1e-4)


# ---- ranking


@pytest.mark.parametrize("name", ON_TREES)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_tree_gives_the_plain_numbers(name: str, seed: int, opened: Callable[[str], LocalModel]) -> None:
    model = opened(name)
    assert model.environment["scoring"] == "prefix tree"
    assert_plain(model, questions(14, seed, context=24))


@pytest.mark.parametrize("name", ON_TREES)
def test_a_tree_gives_what_rows_give(name: str, opened: Callable[[str], LocalModel]) -> None:
    items = questions(10, seed=3, context=24)
    model = opened(name)
    on_tree = sums_of(model, items)
    model.uses_tree = False
    for item_id, sums in sums_of(model, items).items():
        assert on_tree[item_id] == pytest.approx(sums, abs=1e-4)


def test_the_weights_are_wide_enough_for_these_tests(llama: LocalModel) -> None:
    """Attention matters: the same choice after another context has quite another sum."""
    first, second = (plain_sum(llama, context, " birds sang") for context in ("the cat", "nobody knew why the rain"))
    assert abs(first - second) > 0.1


def test_a_recurrent_model_is_found_out_and_scored_row_by_row(opened: Callable[[str], LocalModel]) -> None:
    model = opened("mamba")
    assert model.environment["scoring"] == "row by row"
    assert_plain(model, questions(8, seed=4))


def test_contexts_that_differ_by_choice(llama: LocalModel) -> None:
    """Winogrande's form: other contexts, one continuation."""
    pairs = tuple((f"the {word} sat because the {word}", " was red") for word in ("cat", "mat", "rain"))
    assert_plain(llama, [Ranking(item_id="w", pairs=pairs)])


def test_a_context_that_ends_in_spaces_gives_them_to_the_choice(llama: LocalModel) -> None:
    assert_plain(llama, [Ranking(item_id="s", pairs=(("the cat  ", "sat"), ("the cat  ", "sang")))])


def test_an_empty_context_is_the_begin_token(llama: LocalModel) -> None:
    pairs = (("", " red birds"), ("", " rain"))
    (told,) = sums_of(llama, [Ranking(item_id="e", pairs=pairs)]).values()
    tokens = [llama.tokenizer.bos_token_id, *llama.tokenizer.encode(" red birds", add_special_tokens=False)]
    with torch.inference_mode():
        logprobs = llama.model(torch.tensor([tokens[:-1]])).logits[0].log_softmax(-1)
    expected = sum(float(logprobs[at, token]) for at, token in enumerate(tokens[1:]))
    assert told[0] == pytest.approx(expected, abs=1e-4)


def test_no_second_begin_token(llama: LocalModel) -> None:
    plain, marked = (Ranking(item_id="x", pairs=((start + "the cat", " sat"),)) for start in ("", "<s>"))
    assert sums_of(llama, [plain])["x"] == pytest.approx(sums_of(llama, [marked])["x"], abs=1e-6)


@pytest.mark.parametrize("name", ["llama", "gemma3", "mamba"])
def test_what_is_too_long_loses_its_beginning(name: str, opened: Callable[[str], LocalModel]) -> None:
    model = opened(name)
    model.max_length = 20
    items = questions(6, seed=5, context=40)
    assert max(len(model.tokenizer.encode(c + choice)) for item in items for c, choice in item.pairs) > 40
    assert_plain(model, items)


def test_the_models_own_limit_is_used(opened: Callable[[str], LocalModel]) -> None:
    assert opened("gpt2").max_length == opened("llama").max_length == 256
    assert opened("mamba").max_length == 2048  # says nothing of it, nor does its tokenizer: lm-eval's default


def test_batches_are_the_same_whatever_is_skipped(llama: LocalModel) -> None:
    llama.budget = 40
    items = questions(16, seed=6)
    whole = list(llama.rank(items))
    assert len(whole) > 3
    skip = {item.item_id for item in items[::3]} | {o.item_id for o in whole[1]}
    rest = [[(o.item_id, o.sums) for o in batch if isinstance(o, Logliks)] for batch in llama.rank(items, skip)]
    left = [[(o.item_id, o.sums) for o in batch if isinstance(o, Logliks) and o.item_id not in skip] for batch in whole]
    assert rest == [batch for batch in left if batch]  # to the last bit: same batches, same kernels


def test_batch_size_does_not_change_the_numbers(llama: LocalModel) -> None:
    items = questions(12, seed=7)
    large = sums_of(llama, items)
    llama.budget = 1
    for item_id, sums in sums_of(llama, items).items():
        assert large[item_id] == pytest.approx(sums, abs=1e-4)


def test_numbers_that_are_no_numbers_are_a_failure(llama: LocalModel) -> None:
    with torch.no_grad():
        llama.model.lm_head.weight.fill_(float("nan"))
    (batch,) = llama.rank(questions(2, seed=8))
    assert [(type(o), getattr(o, "reason", "")) for o in batch] == [(Trouble, "error")] * 2


# ---- memory


def short_of_memory(model: LocalModel, most: int) -> None:
    """From now on more than `most` tokens at a time do not fit."""
    roomy = model.model.forward

    def forward(*given: Any, **named: Any) -> Any:
        if named["input_ids"].numel() > most:
            raise torch.OutOfMemoryError("out of memory")
        return roomy(*given, **named)

    model.model.forward = forward


def test_a_batch_that_does_not_fit_is_halved_and_gives_the_same(llama: LocalModel) -> None:
    items = questions(12, seed=9)
    expected = sums_of(llama, items)
    short_of_memory(llama, 90)
    for item_id, sums in sums_of(llama, items).items():
        assert expected[item_id] == pytest.approx(sums, abs=1e-4)
    assert any("did not fit into memory" in notice for notice in llama.notices)
    assert llama.budget < 512


def test_an_item_too_large_even_alone_is_a_failure_and_the_others_go_on(llama: LocalModel) -> None:
    items = questions(4, seed=10)
    large = Ranking(item_id="large", pairs=((" ".join(WORDS * 4), " red"), (" ".join(WORDS * 4), " rain")))
    short_of_memory(llama, 70)
    told = {o.item_id: o for batch in llama.rank([*items, large]) for o in batch}
    trouble = told.pop("large")
    assert isinstance(trouble, Trouble) and trouble.reason == "out_of_memory"
    assert "did not fit into memory even alone" in trouble.message
    assert all(isinstance(o, Logliks) for o in told.values()) and len(told) == 4


def test_another_error_is_not_taken_for_a_lack_of_memory(llama: LocalModel) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("shape mismatch")

    llama.model.forward = broken
    with pytest.raises(RuntimeError, match="shape mismatch"):
        next(llama.rank(questions(1, seed=11)))


# ---- writing

TWELVE = Decoding(max_tokens=12, until=())


def prompts() -> list[Prompt]:
    return [Prompt(item_id=f"p{i}", text=text) for i, text in enumerate([*sentences(5, 20, 3), *sentences(5, 21, 9)])]


def written_by(model: LocalModel, items: list[Prompt], decoding: Decoding) -> dict[str, Completion]:
    told = [outcome for batch in model.write(items, decoding) for outcome in batch]
    assert all(isinstance(outcome, Completion) for outcome in told), told
    return {outcome.item_id: outcome for outcome in told if isinstance(outcome, Completion)}


def alone(model: LocalModel, text: str, most: int = 12) -> list[int]:
    """Greedy decoding without a cache, a batch or a library: the likeliest token, again and again."""
    tokens = list(model.tokenizer.encode(text))
    start = len(tokens)
    with torch.inference_mode():
        while len(tokens) - start < most and (len(tokens) == start or tokens[-1] != model.tokenizer.eos_token_id):
            tokens.append(int(model.model(torch.tensor([tokens])).logits[0, -1].argmax()))
    return tokens[start:]


@pytest.mark.parametrize("name", ON_TREES)
def test_writing_in_batches_is_writing_alone(name: str, opened: Callable[[str], LocalModel]) -> None:
    model = opened(name)
    told = written_by(model, prompts(), TWELVE)
    for prompt in prompts():
        new = alone(model, prompt.text)
        assert told[prompt.item_id].text == model.tokenizer.decode(new, skip_special_tokens=True)
        assert told[prompt.item_id].truncated == (model.tokenizer.eos_token_id not in new)
        assert told[prompt.item_id].tokens == len(model.tokenizer.encode(prompt.text)) + len(new)


def test_a_text_ends_before_the_earliest_stop_string(llama: LocalModel) -> None:
    prompt = prompts()[0]
    whole = written_by(llama, [prompt], TWELVE)[prompt.item_id].text
    late, early = whole[-2:], whole[2:4]
    told = written_by(llama, [prompt], Decoding(max_tokens=12, until=(late, early, "")))[prompt.item_id]
    assert told.text == whole[: min(whole.find(late), whole.find(early))]
    assert not told.truncated
    assert told.tokens <= len(llama.tokenizer.encode(prompt.text)) + 12


def test_an_end_token_is_an_end(llama: LocalModel) -> None:
    prompt = prompts()[0]
    new = alone(llama, prompt.text)
    end = next(at for at in range(1, 12) if new[at] not in new[:at])
    llama.model.generation_config.eos_token_id = [new[end], llama.tokenizer.eos_token_id]
    told = written_by(llama, [prompt], TWELVE)[prompt.item_id]
    assert told.text == llama.tokenizer.decode(new[: end + 1], skip_special_tokens=True)
    assert not told.truncated
    assert told.tokens == len(llama.tokenizer.encode(prompt.text)) + end + 1


def test_a_long_prompt_loses_its_beginning_so_that_the_answer_fits(llama: LocalModel) -> None:
    """lm-eval: the last max_length - max_gen_toks tokens."""
    llama.max_length = 24
    text = " ".join(WORDS)
    kept = llama.tokenizer.encode(text)[-12:]
    with torch.inference_mode():
        expected = int(llama.model(torch.tensor([kept])).logits[0, -1].argmax())
    told = written_by(llama, [Prompt(item_id="long", text=text)], Decoding(max_tokens=12, until=()))["long"]
    assert told.text.startswith(llama.tokenizer.decode([expected])[:1])
    assert told.tokens == 24


def test_texts_that_do_not_fit_together_are_written_apart(llama: LocalModel) -> None:
    expected = {item_id: c.text for item_id, c in written_by(llama, prompts(), TWELVE).items()}
    short_of_memory(llama, 60)
    assert {item_id: c.text for item_id, c in written_by(llama, prompts(), TWELVE).items()} == expected
    assert llama.notices


def test_a_text_that_does_not_fit_alone(llama: LocalModel) -> None:
    short_of_memory(llama, 3)
    told = [outcome for batch in llama.write(prompts()[:2], TWELVE) for outcome in batch]
    assert [(type(o), getattr(o, "reason", "")) for o in told] == [(Trouble, "out_of_memory")] * 2


def test_what_is_skipped_is_not_written(llama: LocalModel) -> None:
    whole = written_by(llama, prompts(), TWELVE)
    skip = {f"p{i}" for i in (0, 3, 8)}
    rest = [o for batch in llama.write(prompts(), TWELVE, skip) for o in batch]
    assert {o.item_id for o in rest} == whole.keys() - skip
    assert all(isinstance(o, Completion) and o.text == whole[o.item_id].text for o in rest)


# ---- where weights come from


def test_what_ran_is_described(llama: LocalModel, zoo: Path) -> None:
    described = llama.environment
    assert described["weights"] == str(zoo / "llama")
    assert (described["dtype"], described["torch"]) == ("float32", torch.__version__)
    assert described["device"].startswith("cpu (")


@pytest.fixture
def hub_cache(hub_folder: Path, zoo: Path) -> dict[str, str]:
    """The hub client's cache as it lies on a disk: blobs, and two snapshots of links to them."""
    root = hub_folder / "hub" / "models--org--tiny"
    commits = {"main": "a" * 40, "v1": "b" * 40}
    for (ref, commit), source in zip(commits.items(), ("llama", "gpt2"), strict=True):
        snapshot = root / "snapshots" / commit
        snapshot.mkdir(parents=True)
        (root / "refs").mkdir(exist_ok=True)
        (root / "refs" / ref).write_text(commit)
        (root / "blobs").mkdir(exist_ok=True)
        for file in (zoo / source).iterdir():
            blob = root / "blobs" / f"{source}-{file.name}"
            shutil.copy(file, blob)
            (snapshot / file.name).symlink_to(os.path.relpath(blob, snapshot))
    return commits


def test_the_hubs_cache_opens_without_a_network(hub_cache: dict[str, str], llama: LocalModel) -> None:
    items = questions(3, seed=12)
    assert sums_of(open_local(find("hf:org/tiny"), "cpu"), items) == sums_of(llama, items)


@pytest.mark.parametrize("revision", ["v1", "b" * 40])
def test_a_revision_is_that_revision(revision: str, hub_cache: dict[str, str]) -> None:
    model = open_local(find(f"hf:org/tiny@{revision}"), "cpu")
    assert model.model.config.model_type == "gpt2"
    assert model.environment["weights"] in (revision, hub_cache["v1"])


def test_the_record_names_the_commit_that_ran(hub_cache: dict[str, str]) -> None:
    """`main` means something else next month; a record that says which weights ran must not."""
    assert hub_cache["main"] in open_local(find("hf:org/tiny"), "cpu").environment["weights"]


@pytest.mark.parametrize("address", ["hf:org/absent", "hf:org/tiny@v9"])
def test_what_is_not_in_the_cache_says_what_brings_it(address: str, hub_cache: dict[str, str]) -> None:
    with pytest.raises(NoSource, match="could not be opened") as caught:
        open_local(find(address), "cpu")
    assert "\n" not in str(caught.value)


def test_pickled_weights_are_never_read(zoo: Path, tmp_path: Path) -> None:
    folder = tmp_path / "pickled"
    shutil.copytree(zoo / "llama", folder)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder)
    (folder / "model.safetensors").unlink()
    torch.save(model.state_dict(), folder / "pytorch_model.bin")
    with pytest.raises(NoSource, match="weights must be safetensors"):
        open_local(find(str(folder)), "cpu")


def test_damaged_safetensors(zoo: Path, tmp_path: Path) -> None:
    folder = tmp_path / "damaged"
    shutil.copytree(zoo / "llama", folder)
    whole = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CorruptWeights) as caught:
        open_local(find(str(folder)), "cpu")
    assert "\n" not in str(caught.value)


def test_an_architecture_nobody_knows(tmp_path: Path) -> None:
    make_tokenizer(begins_with_bos=False).save_pretrained(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "crystal_ball"}', encoding="utf-8")
    with pytest.raises(Unsupported, match="cannot be opened by this version of transformers") as caught:
        open_local(find(str(tmp_path)), "cpu")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("device", "dtype", "words"), [("tpu", "auto", "cannot use 'tpu'"), ("cpu", "int7", "no precision 'int7'")]
)
def test_a_device_or_precision_there_is_not(device: str, dtype: str, words: str, zoo: Path) -> None:
    with pytest.raises(Unsupported, match=words):
        open_local(find(str(zoo / "llama")), device, dtype)


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


def test_a_gguf_file_gives_the_numbers_of_what_it_was_made_from(
    gguf_file: Path, llama: LocalModel, own_home: Path
) -> None:
    model = open_local(find(str(gguf_file)), "cpu")
    llama.tokenizer = model.tokenizer  # which begins no text with BOS: a tokenizer of GPT-2's kind does not
    expected = sums_of(llama, items := questions(6, seed=13))
    for item_id, sums in sums_of(model, items).items():
        assert expected[item_id] == pytest.approx(sums, abs=1e-3)
    assert model.environment["weights"].startswith("sha256:")
    (folder,) = (own_home / "models").iterdir()
    assert sorted(file.suffix for file in folder.iterdir() if "model" in file.name) == [".safetensors"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (lambda whole: b"", "is not a GGUF file"),
        (lambda whole: b"PK\x03\x04 a zip", "is not a GGUF file"),
        (lambda whole: b"GGUF" + bytes(range(256)) * 20, "cannot be read as GGUF"),
        (lambda whole: whole[:8] + b"\xff" * 400, "cannot be read as GGUF"),
        (lambda whole: whole[:2_000], "cannot be read as GGUF"),
        (lambda whole: whole[: len(whole) * 3 // 4], "cannot be read as GGUF"),
    ],
    ids=["empty", "another magic", "garbage", "absurd counts", "cut in the header", "cut in the weights"],
)
def test_a_damaged_gguf_file(
    content: Callable[[bytes], bytes], words: str, tmp_path: Path, own_home: Path, gguf_file: Path
) -> None:
    file = tmp_path / "mine.gguf"
    file.write_bytes(content(gguf_file.read_bytes()))
    with pytest.raises(CorruptWeights, match=words) as caught:
        open_local(find(str(file)), "cpu")
    message = str(caught.value)
    assert "mine.gguf" in message and "\n" not in message and len(message) < 600
    assert list((own_home / "models").iterdir()) == []


def test_only_a_finished_conversion_is_taken_for_one(
    tmp_path: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "mine.gguf"
    file.write_bytes(b"GGUF and so on")

    def half(gguf: Path, into: Path) -> None:
        into.mkdir()
        (into / "config.json").write_text("half")
        raise SystemExit(137)

    def whole(gguf: Path, into: Path) -> None:
        into.mkdir()
        (into / "config.json").write_text("whole")

    monkeypatch.setattr("engine.weights._convert", half)
    with pytest.raises(SystemExit):
        converted(find(str(file)))
    leftover = own_home / "models" / ".making-killed" / "made"  # what a kill that nothing outlives leaves behind
    leftover.mkdir(parents=True)
    monkeypatch.setattr("engine.weights._convert", whole)
    folder, version = converted(find(str(file)))
    assert (folder / "config.json").read_text() == "whole"
    assert folder.parent == own_home / "models" and version.startswith("sha256:")
    monkeypatch.setattr("engine.weights._convert", half)
    assert converted(find(str(file))) == (folder, version)  # the second time nothing is converted


def test_a_changed_file_is_converted_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.weights._convert", lambda gguf, into: into.mkdir())
    file = tmp_path / "mine.gguf"
    file.write_bytes(b"GGUF one")
    first = converted(find(str(file)))
    file.write_bytes(b"GGUF two")
    assert converted(find(str(file))) != first
