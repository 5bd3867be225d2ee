"""A model behind the seam: what it ranks and writes, what it cannot, and where its weights come from.

Numbers are compared with one sequence at a time, written out in `zoo`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from engine.errors import CorruptWeights, NoSource, Unsupported
from engine.models.interface import Logliks, Ranking, Trouble
from engine.models.local.model import LocalModel, open_local
from engine.models.local.weights import converted
from engine.models.registry import find
from tests.engine.models.local.zoo import (
    LENGTH,
    LONG,
    ON_TREES,
    RHYME,
    WORDS,
    Opened,
    assert_plain,
    make_tokenizer,
    plain_logits,
    plain_sum,
    questions,
    sentences,
    short_of_memory,
    sum_of_last,
    sums_of,
)

# ---- ranking


@pytest.mark.parametrize("name", ON_TREES)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_tree_gives_the_plain_numbers(name: str, seed: int, opened: Opened) -> None:
    model = opened(name)
    assert model.environment["scoring"] == "prefix tree"
    assert_plain(model, questions(14, seed, context=24))


@pytest.mark.parametrize("name", ON_TREES)
def test_a_tree_gives_what_rows_give(name: str, opened: Opened) -> None:
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


def test_a_recurrent_model_is_found_out_and_scored_row_by_row(opened: Opened) -> None:
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
        logprobs = plain_logits(llama, tokens[:-1]).log_softmax(-1)
    expected = sum(float(logprobs[at, token]) for at, token in enumerate(tokens[1:]))
    assert told[0] == pytest.approx(expected, abs=1e-4)


def test_no_second_begin_token(llama: LocalModel) -> None:
    plain, marked = (Ranking(item_id="x", pairs=((start + "the cat", " sat"),)) for start in ("", "<s>"))
    assert sums_of(llama, [plain])["x"] == pytest.approx(sums_of(llama, [marked])["x"], abs=1e-6)


@pytest.mark.parametrize("name", ["llama", "gemma3", "mamba"])
def test_what_is_too_long_loses_its_beginning(name: str, opened: Opened) -> None:
    model = opened(name)
    model.encoder.max_length = 20
    items = questions(6, seed=5, context=40)
    assert max(len(model.tokenizer.encode(c + choice)) for item in items for c, choice in item.pairs) > 40
    assert_plain(model, items)


def test_the_models_own_limit_is_used(opened: Opened) -> None:
    assert opened("gpt2").encoder.max_length == opened("llama").encoder.max_length == LENGTH
    assert opened("mamba").encoder.max_length == 2048  # says nothing of it, nor does its tokenizer: lm-eval's default


def test_batches_are_the_same_whatever_is_skipped(llama: LocalModel) -> None:
    llama.tree.budget = 40
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
    llama.tree.budget = 1
    for item_id, sums in sums_of(llama, items).items():
        assert large[item_id] == pytest.approx(sums, abs=1e-4)


def test_numbers_that_are_no_numbers_are_a_failure(llama: LocalModel) -> None:
    with torch.no_grad():
        llama.model.lm_head.weight.fill_(float("nan"))
    (batch,) = llama.rank(questions(2, seed=8))
    assert [(type(o), getattr(o, "reason", "")) for o in batch] == [(Trouble, "error")] * 2


# ---- what is told with the sums


def test_the_tokens_that_were_scored_are_told(llama: LocalModel) -> None:
    items = questions(8, seed=17)
    (batch,) = llama.rank(items)
    for told in batch:
        pairs = next(item.pairs for item in items if item.item_id == told.item_id)
        encode = llama.tokenizer.encode
        expected = [len(encode(context + choice)) - len(encode(context)) for context, choice in pairs]
        assert isinstance(told, Logliks) and told.scored == tuple(expected)
        assert (told.truncated_tokens, told.unconditional) == (0, ())


def test_what_a_long_prompt_lost_is_told(llama: LocalModel) -> None:
    """lm-eval keeps the last max_length + 1 tokens of question and choice; the most any choice lost is told."""
    llama.encoder.max_length = 40
    items = questions(6, seed=5, context=40)
    told = {o.item_id: o for batch in llama.rank(items) for o in batch}
    lengths = {i.item_id: [len(llama.tokenizer.encode(c + choice)) for c, choice in i.pairs] for i in items}
    assert {item_id: o.truncated_tokens for item_id, o in told.items()} == {
        item_id: max(0, max(each) - 41) for item_id, each in lengths.items()
    }
    assert len({o.truncated_tokens > 0 for o in told.values()}) == 2


def test_a_choice_longer_than_the_model_reads_is_scored_as_far_as_it_goes(llama: LocalModel) -> None:
    llama.encoder.max_length = 8
    item = Ranking(item_id="long", pairs=(("the cat", " " + RHYME), ("the cat", " sat")))
    ((told,),) = llama.rank([item])
    whole = llama.tokenizer.encode("the cat " + RHYME)
    assert isinstance(told, Logliks) and told.scored == (8, 1) and told.truncated_tokens == len(whole) - 9
    assert told.sums[0] == pytest.approx(sum_of_last(llama, whole, 8), abs=1e-4)


@pytest.mark.parametrize("name", ["llama", "gpt2", "mamba"])
def test_choices_without_their_question(name: str, opened: Opened) -> None:
    """lm-eval's acc_mutual_info: the choice, its delimiter included, after BOS alone, or EOS where there is none; for
    the items that ask for it, and once for all that have the same choices."""
    model = opened(name)
    if name == "gpt2":
        model.tokenizer.bos_token = None
    first = 1 if name == "gpt2" else 0
    pairs = [
        tuple((context, choice) for choice in (" red", " small birds", " red mat")) for context in sentences(3, 18)
    ]
    items = [Ranking(item_id=f"u{i}", pairs=each, unconditional=i != 1) for i, each in enumerate(pairs)]
    told = {o.item_id: o for batch in model.rank(items) for o in batch}
    expected = []
    for choice in (" red", " small birds", " red mat"):
        tokens = model.tokenizer.encode(choice, add_special_tokens=False)
        expected.append(sum_of_last(model, [first, *tokens], len(tokens)))
    assert told["u0"].unconditional == pytest.approx(expected, abs=1e-4)
    assert told["u2"].unconditional == told["u0"].unconditional and told["u1"].unconditional == ()
    assert told["u0"].sums != told["u2"].sums


@pytest.mark.parametrize("choice", ["", "t"], ids=["empty", "part of the question's last token"])
def test_a_choice_without_a_token_of_its_own_is_a_failure_and_no_number(choice: str, llama: LocalModel) -> None:
    """`the ca` and `t` are as many tokens together as the question is alone. lm-eval stops altogether."""
    encode = llama.tokenizer.encode
    assert len(encode("the ca" + choice)) <= len(encode("the ca"))
    items = questions(4, seed=19)
    expected = sums_of(llama, items)
    mute = Ranking(item_id="mute", pairs=(("the ca", " red"), ("the ca", choice)), unconditional=True)
    told = {o.item_id: o for batch in llama.rank([*items[:2], mute, *items[2:]]) for o in batch}
    trouble = told.pop("mute")
    assert isinstance(trouble, Trouble) and "nothing to score" in trouble.message
    assert {item_id: o.sums for item_id, o in told.items()} == expected
    assert [o for batch in llama.rank([mute, items[0]], {"mute"}) for o in batch if o.item_id == "mute"] == []


def test_windows_that_are_told_to_the_mask_alone_are_found_out(tmp_path: Path) -> None:
    """Short probes pass where all is within the window. These must not be scored as though they saw everything."""
    tokenizer = make_tokenizer(begins_with_bos=True)
    config = transformers.PhimoeConfig(
        vocab_size=len(tokenizer),
        num_hidden_layers=1,
        num_key_value_heads=2,
        num_local_experts=2,
        sliding_window=40,
        **LONG,
    )
    transformers.AutoModelForCausalLM.from_config(config).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    model = open_local(find(str(tmp_path)), "cpu")
    assert model.environment["scoring"] == "row by row"
    assert_plain(model, questions(3, seed=22, context=90))


def test_positions_that_turn_otherwise_in_a_long_text_are_found_out(tmp_path: Path) -> None:
    """Phi's long positions: what a token's position means depends on the longest text in the pass."""
    tokenizer = make_tokenizer(begins_with_bos=True)
    rope = {"rope_type": "longrope", "rope_theta": 10_000.0, "short_factor": [1.0] * 4, "long_factor": [4.0] * 4}
    config = transformers.Phi3Config(
        vocab_size=len(tokenizer),
        num_hidden_layers=1,
        original_max_position_embeddings=64,
        pad_token_id=0,
        rope_parameters={**rope, "factor": 16.0, "original_max_position_embeddings": 64},
        **LONG,
    )
    transformers.AutoModelForCausalLM.from_config(config).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    assert open_local(find(str(tmp_path)), "cpu").environment["scoring"] == "row by row"


# ---- memory


def test_a_batch_that_does_not_fit_is_halved_and_gives_the_same(llama: LocalModel) -> None:
    items = questions(12, seed=9)
    expected = sums_of(llama, items)
    short_of_memory(llama, 90)
    for item_id, sums in sums_of(llama, items).items():
        assert expected[item_id] == pytest.approx(sums, abs=1e-4)
    assert any("did not fit into memory" in notice for notice in llama.notices)
    assert llama.tree.budget < 512


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


def test_a_gguf_file_gives_the_numbers_of_what_it_was_made_from(
    gguf_file: Path, llama: LocalModel, own_home: Path
) -> None:
    model = open_local(find(str(gguf_file)), "cpu")
    llama.encoder.tokenizer = model.tokenizer  # which begins no text with BOS: a tokenizer of GPT-2's kind does not
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


def _made(file: Path) -> tuple[Path, str]:
    return converted(find(str(file)), torch.float32, [])


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

    monkeypatch.setattr("engine.models.local.weights._convert", half)
    with pytest.raises(SystemExit):
        _made(file)
    leftover = own_home / "models" / ".making-killed" / "made"  # what a kill that nothing outlives leaves behind
    leftover.mkdir(parents=True)
    monkeypatch.setattr("engine.models.local.weights._convert", whole)
    folder, version = _made(file)
    assert (folder / "config.json").read_text() == "whole"
    assert folder.parent == own_home / "models" and version.startswith("sha256:")
    monkeypatch.setattr("engine.models.local.weights._convert", half)
    assert _made(file) == (folder, version)  # the second time nothing is converted


def test_a_changed_file_is_converted_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.models.local.weights._convert", lambda gguf, into: into.mkdir())
    file = tmp_path / "mine.gguf"
    file.write_bytes(b"GGUF one")
    first = _made(file)
    file.write_bytes(b"GGUF two")
    assert _made(file) != first
