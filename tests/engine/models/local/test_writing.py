"""Texts written side by side against each of them alone: the same tokens, whoever came, went or ran out of memory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from engine.harness.config import Decoding
from engine.models.interface import Completion, Prompt, Trouble
from engine.models.local.attention import KVCache
from engine.models.local.model import LocalModel
from engine.models.local.writing import NO_TOKEN, Writer, _bytes_a_token
from tests.engine.models.local.zoo import (
    ON_TREES,
    RHYME,
    WORDS,
    Opened,
    alone,
    make_tokenizer,
    no_room_for,
    out_of_memory_at,
    passes_of,
    plain_logits,
    prompts,
    questions,
    sentences,
    short_of_memory,
    sums_of,
    written_by,
)

TWELVE = Decoding(max_tokens=12, until=())
TWENTY = Decoding(max_tokens=20, until=())
EXAMPLES = "\n\n".join(sentences(6, seed=30, words=22)) + "\n\n"


def all_lengths() -> list[Prompt]:
    """Prompts of 2 to 180 tokens: some after the same worked examples, some alone, two the same, one the beginning of
    another."""
    after = [EXAMPLES + text for text in sentences(4, 31, 2) + sentences(2, 32, 30)]
    own = [*sentences(2, 33, 1), *sentences(2, 34, 20), *sentences(1, 35, 60), RHYME, RHYME[:40], RHYME]
    return [Prompt(item_id=f"w{i}", text=text) for i, text in enumerate([*after, *own])]


def assert_each_as_if_alone(model: LocalModel, items: list[Prompt], most: int = 20) -> None:
    told = written_by(model, items, Decoding(max_tokens=most, until=()))
    for item in items:
        new = alone(model, str(item.text), most)
        completion = told[item.item_id]
        assert completion.text == model.tokenizer.decode(new, skip_special_tokens=True)
        assert completion.tokens == len(model.tokenizer.encode(item.text)) + len(new)
        assert completion.truncated == (len(new) == most and new[-1] not in model._ends)


def end_at_many_lengths(model: LocalModel, items: list[Prompt]) -> list[int]:
    """Makes tokens of the texts themselves their ends, so that they end after one token, at the limit and in between;
    the lengths they then have."""
    free = [alone(model, str(item.text), 20) for item in items]
    ends = {free[0][0], *(text[at] for at, text in zip((3, 5, 9, 14), free[1::3], strict=False))}
    model.model.generation_config.eos_token_id = sorted(ends)
    lengths = [len(alone(model, str(item.text), 20)) for item in items]
    assert len(set(lengths)) >= 3 and min(lengths) == 1
    return lengths


# ---- where a text ends


@pytest.fixture(scope="module")
def tokenizer() -> object:
    return make_tokenizer(begins_with_bos=False)


def writer(tokenizer: object, until: tuple[str, ...], after: str = "", most: int = 1_000) -> Writer:
    decoding = Decoding(max_tokens=most, until=until, after=after)
    return Writer(decoding, {1}, lambda new: tokenizer.decode(new, skip_special_tokens=True))


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("the cat sat on a red mat. Question: why", ("Question:",)),
        ("the cat sat on a red mat", ("at o",)),  # from inside of a token to inside of another
        ("nobody knew why\n\nthe rain", ("\n\n", "why the")),
        ("the cat 問題：the mat", ("問題：",)),  # nine bytes, and as many tokens
        ("birds 🐦🐦🐦🐦🐦 sang", ("🐦🐦🐦🐦🐦",)),
        ("seven small birds", ("ven sm", "seven small b")),
        (RHYME * 3, ("why", "nobody knew")),
    ],
)
def test_a_stop_string_is_seen_with_its_last_token(text: str, until: tuple[str, ...], tokenizer: object) -> None:
    tokens = tokenizer.encode(text)
    said = [tokenizer.decode(tokens[:end]) for end in range(1, len(tokens) + 1)]
    expected = next(end for end, so_far in enumerate(said, 1) if any(stop in so_far for stop in until))
    assert first_over(writer(tokenizer, until), tokens) == expected


def first_over(writer: Writer, tokens: list[int]) -> int | None:
    """How many tokens a text has when it is over."""
    return next((end for end in range(1, len(tokens) + 1) if writer.over(tokens[:end])), None)


def test_only_what_follows_the_reasoning_can_stop_a_text(tokenizer: object) -> None:
    text = "<think>the cat.\n\nthe mat.</think>seven birds\n\nsang"
    tokens = tokenizer.encode(text)
    until = ("\n\n",)
    end = first_over(writer(tokenizer, until, after="</think>"), tokens)
    assert tokenizer.decode(tokens[:end]) == text[: text.rindex("\n\n") + 2]
    assert tokenizer.decode(tokens[: first_over(writer(tokenizer, until), tokens)]).endswith("cat.\n\n")
    assert first_over(writer(tokenizer, until, after="</reasoning>"), tokens) is None


def test_nothing_stops_a_text_but_its_end_the_limit_and_numbers_that_are_none(tokenizer: object) -> None:
    tokens = tokenizer.encode(RHYME)
    for until in ((), ("",), ("", "absent")):
        assert first_over(writer(tokenizer, until), tokens) is None
        assert first_over(writer(tokenizer, until, most=5), tokens) == 5
        assert first_over(writer(tokenizer, until), [*tokens, 1]) == len(tokens) + 1
        assert first_over(writer(tokenizer, until), [*tokens, NO_TOKEN]) == len(tokens) + 1


# ---- side by side


@pytest.mark.parametrize("name", ON_TREES)
def test_writing_in_batches_is_writing_alone(name: str, opened: Opened) -> None:
    assert_each_as_if_alone(opened(name), prompts(), 12)


@pytest.mark.parametrize("name", ON_TREES)
@pytest.mark.parametrize(("at_once", "budget"), [(1, 64), (3, 64), (5, 100), (16, 768)])
def test_texts_of_all_lengths_and_ends(name: str, at_once: int, budget: int, opened: Opened) -> None:
    """Whoever is done makes room for the next one, prompts longer than a pass are read in pieces, and the examples
    some of them begin with are read once. Gemma sees eight tokens back in most layers, much less than all of these."""
    model, items = opened(name), all_lengths()
    end_at_many_lengths(model, items)
    model.rows_at_once, model.tree.budget = at_once, budget
    assert_each_as_if_alone(model, items)


def test_no_place_stays_empty_while_a_text_waits(llama: LocalModel) -> None:
    items = [Prompt(item_id=f"r{i}", text=text) for i, text in enumerate(sentences(11, 36, 8))]
    lengths = end_at_many_lengths(llama, items)
    llama.rows_at_once = 3
    passes = passes_of(llama)
    written_by(llama, items, TWENTY)
    steps = [count for count in passes if count <= 3]  # a prompt is longer
    assert sum(steps) == sum(lengths) - len(lengths)  # the first token of each comes of reading; none is made in vain
    last_read = max(at for at, count in enumerate(passes) if count > 3)
    assert {count for count in passes[:last_read] if count <= 3} == {3}


def test_what_prompts_share_is_read_once(llama: LocalModel) -> None:
    items = all_lengths()[:6]
    llama.tree.budget = 64
    passes = passes_of(llama)
    written_by(llama, items, Decoding(max_tokens=1, until=()))
    tokens = [llama.tokenizer.encode(item.text) for item in items]
    shared = len(llama.tokenizer.encode(EXAMPLES.rstrip()))
    assert shared > 128
    assert max(passes) <= 64
    assert sum(passes) < shared + sum(
        len(each) - shared + 32 for each in tokens
    )  # shared prefixes end at multiples of 32


def test_memory_for_one_text_only(llama: LocalModel) -> None:
    llama.writing_memory = 1
    passes = passes_of(llama)
    assert_each_as_if_alone(llama, prompts(), 12)
    passes.clear()
    written_by(llama, prompts(), TWELVE)
    assert {count for count in passes if count < 4} == {1}


@pytest.mark.parametrize("name", ON_TREES)
def test_what_a_token_takes_is_told_by_the_config_as_by_a_trunk(name: str, opened: Opened) -> None:
    model = opened(name)
    prefix = model.tree.prefix(tuple(model.tokenizer.encode(RHYME)))
    told = {"llama": 2 * 2 * 8, "gpt2": 2 * 4 * 8, "gemma3": 3 * 1 * 8}[name]  # layers, kv heads, numbers
    assert _bytes_a_token(model.tree, prefix) == _bytes_a_token(model.tree, KVCache()) == told * 2 * 4


def test_a_single_token(llama: LocalModel) -> None:
    assert_each_as_if_alone(llama, all_lengths(), 1)


@pytest.mark.parametrize("name", ["llama", "gemma3", "mamba"])
def test_row_by_row(name: str, opened: Opened) -> None:
    """By `generate`, padded on the left: neither the padding nor what follows an end counts as written."""
    model, items = opened(name), all_lengths()[4:]
    end_at_many_lengths(model, items)
    model.uses_tree, model.rows_at_once = False, 4
    assert_each_as_if_alone(model, items)


@pytest.mark.parametrize("tree", [True, False])
def test_a_text_ends_before_the_earliest_stop_string(tree: bool, llama: LocalModel) -> None:
    llama.uses_tree = tree
    items = prompts()[:4]
    for item in items:
        new = alone(llama, str(item.text))
        said = [llama.tokenizer.decode(new[:end], skip_special_tokens=True) for end in range(13)]
        late, early = said[12][-2:], said[12][len(said[3]) - 1 : len(said[3]) + 1]  # of the third token and the fourth
        told = written_by(llama, items, Decoding(max_tokens=12, until=(late, early, "")))[item.item_id]
        end = next(at for at in range(13) if late in said[at] or early in said[at])
        assert told.text == said[12][: min(said[12].find(late), said[12].find(early))]
        assert not told.truncated
        assert told.tokens == len(llama.tokenizer.encode(item.text)) + end  # nothing was written beyond it


@pytest.mark.parametrize("tree", [True, False])
def test_a_stop_string_within_the_reasoning_stops_nothing(tree: bool, llama: LocalModel) -> None:
    llama.uses_tree = tree
    item = prompts()[0]
    whole = llama.tokenizer.decode(alone(llama, str(item.text), 20), skip_special_tokens=True)
    after = whole[6:9]
    stop = next(char for at, char in enumerate(whole) if at > 9 + whole.rindex(after) - 6)
    decoding = Decoding(max_tokens=20, until=(stop, whole[1:3]), after=after)
    told = written_by(llama, [item], decoding)[item.item_id]
    assert told.text == whole[: decoding.end(whole)] and len(told.text) >= 9
    assert not told.truncated
    never = written_by(llama, [item], Decoding(max_tokens=20, until=(whole[1:3],), after="absent"))[item.item_id]
    assert never.text == whole and never.truncated


def test_an_end_token_is_an_end(llama: LocalModel) -> None:
    prompt = prompts()[0]
    new = alone(llama, str(prompt.text))
    end = next(at for at in range(1, 12) if new[at] not in new[:at])
    llama.model.generation_config.eos_token_id = [new[end], llama.tokenizer.eos_token_id]
    told = written_by(llama, [prompt], TWELVE)[prompt.item_id]
    assert told.text == llama.tokenizer.decode(new[: end + 1], skip_special_tokens=True)
    assert not told.truncated
    assert told.tokens == len(llama.tokenizer.encode(prompt.text)) + end + 1


@pytest.mark.parametrize("tree", [True, False])
def test_a_long_prompt_loses_its_beginning_so_that_the_answer_fits(tree: bool, llama: LocalModel) -> None:
    """lm-eval: the last max_length - max_gen_toks tokens."""
    llama.encoder.max_length, llama.uses_tree = 24, tree
    whole = llama.tokenizer.encode(RHYME)
    new: list[int] = []
    with torch.inference_mode():
        while len(new) < 12:
            new.append(int(plain_logits(llama, whole[-12:] + new)[-1].argmax()))
    items = [Prompt(item_id="long", text=RHYME), Prompt(item_id="short", text=WORDS[0])]
    told = written_by(llama, items, TWELVE)
    assert told["long"].text == llama.tokenizer.decode(new, skip_special_tokens=True)
    assert (told["long"].tokens, told["long"].truncated_tokens, told["short"].truncated_tokens) == (
        24,
        len(whole) - 12,
        0,
    )


@pytest.mark.parametrize("tree", [True, False])
@pytest.mark.parametrize("shift", [0.0, -30.0])
def test_a_models_own_penalty_on_repetition_holds(tree: bool, shift: float, llama: LocalModel) -> None:
    """lm-eval leaves to `generate` what a model's generation_config says, and so do we; expected: `generate` itself,
    one prompt at a time. What counts are the prompt, its shared prefix too, and what was written; likely tokens are made less
    so whatever the sign of their logits."""
    llama.model.generation_config.repetition_penalty = 1.3
    llama.model.lm_head.bias = torch.nn.Parameter(torch.full((llama.vocabulary,), shift))
    llama.uses_tree, llama.tree.budget, llama.rows_at_once = tree, 64, (3 if tree else 1)
    items = all_lengths()[3:10]
    told = written_by(llama, items, TWELVE)
    penalised = 0
    for item in items:
        tokens = llama.tokenizer.encode(item.text)
        llama.rows.use()
        out = llama.model.generate(
            torch.tensor([tokens]),
            attention_mask=torch.ones(1, len(tokens), dtype=torch.int64),
            max_new_tokens=12,
            do_sample=False,
            pad_token_id=1,
        )[0, len(tokens) :].tolist()
        assert told[item.item_id].text == llama.tokenizer.decode(out, skip_special_tokens=True)
        penalised += out != alone(llama, str(item.text))
    assert penalised > 3


def test_what_is_skipped_is_not_written(llama: LocalModel) -> None:
    whole = written_by(llama, prompts(), TWELVE)
    skip = {f"p{i}" for i in (0, 3, 8)}
    rest = [o for batch in llama.write(prompts(), TWELVE, skip) for o in batch]
    assert {o.item_id for o in rest} == whole.keys() - skip
    assert all(isinstance(o, Completion) and o.text == whole[o.item_id].text for o in rest)
    assert list(llama.write(prompts(), TWELVE, {item.item_id for item in prompts()})) == []


@pytest.mark.parametrize("tree", [True, False])
@pytest.mark.parametrize("taken", [0, 1, 4])
def test_who_stops_listening_leaves_the_model_as_it_was(taken: int, tree: bool, llama: LocalModel) -> None:
    llama.uses_tree, llama.rows_at_once, llama.tree.budget = tree, 2, 64
    ranked, items = sums_of(llama, questions(4, seed=16)), all_lengths()
    told: Iterator[list[Completion | Trouble]] = llama.write(items, TWELVE)
    for _ in range(taken):
        next(told)
    told.close()
    assert sums_of(llama, questions(4, seed=16)) == ranked
    assert_each_as_if_alone(llama, items, 12)


@pytest.mark.parametrize("tree", [True, False])
def test_logits_that_are_no_numbers_are_a_failure_and_no_text(tree: bool, llama: LocalModel) -> None:
    """float16 overflows in some models. The likeliest of no numbers is the first word there is."""
    llama.uses_tree = tree
    with torch.no_grad():
        llama.model.lm_head.weight.fill_(float("nan"))
    told = [outcome for batch in llama.write(prompts()[:3], TWELVE) for outcome in batch]
    assert [(type(o), getattr(o, "reason", "")) for o in told] == [(Trouble, "error")] * 3
    assert "not finite (float32)" in told[0].message


# ---- memory


@pytest.mark.parametrize("tree", [True, False])
@pytest.mark.parametrize("passes", [(1,), (2,), (7, 8), (19,), (3, 11, 30), (1, 2, 3, 4)])
def test_memory_that_runs_out_loses_and_doubles_nothing(passes: tuple[int, ...], tree: bool, llama: LocalModel) -> None:
    """In reading, in writing, twice in a row, again and again; the texts at hand are begun anew."""
    items = all_lengths()
    end_at_many_lengths(llama, items)
    llama.uses_tree, llama.tree.budget = tree, 128
    ran_out = out_of_memory_at(llama, *passes)
    told = written_by(llama, items, TWENTY)
    assert ran_out == list(passes) and len(llama.notices) == len(passes)
    for item in items:
        new = alone(llama, str(item.text), 20)
        assert told[item.item_id].text == llama.tokenizer.decode(new, skip_special_tokens=True)


def test_texts_that_do_not_fit_together_are_written_apart(llama: LocalModel) -> None:
    expected = {item_id: c.text for item_id, c in written_by(llama, prompts(), TWELVE).items()}
    short_of_memory(llama, 30)
    assert {item_id: c.text for item_id, c in written_by(llama, prompts(), TWELVE).items()} == expected
    assert llama.notices


def test_a_prompt_that_does_not_fit_is_read_in_smaller_pieces(llama: LocalModel) -> None:
    items = all_lengths()
    assert max(len(llama.tokenizer.encode(item.text)) for item in items) > 140
    short_of_memory(llama, 70)
    assert_each_as_if_alone(llama, items, 12)
    assert llama.notices and llama.tree.budget == 64


def test_a_text_that_does_not_fit_alone(llama: LocalModel) -> None:
    short_of_memory(llama, 3)
    told = [outcome for batch in llama.write(prompts()[:2], TWELVE) for outcome in batch]
    assert [(type(o), getattr(o, "reason", "")) for o in told] == [(Trouble, "out_of_memory")] * 2


@pytest.mark.parametrize("tree", [True, False])
def test_the_text_that_does_not_fit_is_the_one_that_is_given_up(tree: bool, llama: LocalModel) -> None:
    """However short it is, and whatever longer ones there are."""
    llama.uses_tree = tree
    written = {token for item in prompts() for token in alone(llama, str(item.text))}
    encoded = {char: llama.tokenizer.encode(char, add_special_tokens=False)[0] for char in "#$%&*+=@~^"}
    char, odd = next((char, token) for char, token in encoded.items() if token not in written)
    items = [*prompts(), Prompt(item_id="odd", text=f"a {char}")]
    no_room_for(llama, lambda tokens: bool((tokens == odd).any()))
    told = {o.item_id: o for batch in llama.write(items, TWELVE) for o in batch}
    trouble = told.pop("odd")
    assert isinstance(trouble, Trouble) and trouble.reason == "out_of_memory"
    assert "and its answer did not fit into memory even alone" in trouble.message
    assert {item_id: o.text for item_id, o in told.items() if isinstance(o, Completion)} == {
        item.item_id: llama.tokenizer.decode(alone(llama, str(item.text)), skip_special_tokens=True)
        for item in prompts()
    }


def test_another_error_is_not_taken_for_a_lack_of_memory(llama: LocalModel) -> None:
    def broken(tokens: torch.Tensor) -> bool:
        raise RuntimeError("shape mismatch")

    no_room_for(llama, broken)
    with pytest.raises(RuntimeError, match="shape mismatch"):
        next(llama.write(prompts(), TWELVE))
