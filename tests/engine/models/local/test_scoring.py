"""A shared prefix and what goes on from it against one sequence at a time, and against rows."""

from __future__ import annotations

import pytest
import torch

from engine.harness.config import Decoding
from engine.models.interface import Logliks, Ranking
from engine.models.local.attention import KVCache
from engine.models.local.batching import Line
from engine.models.local.model import LocalModel
from engine.models.local.scoring import RowScorer, TreeScorer
from tests.engine.models.local.zoo import (
    LENGTH,
    ON_TREES,
    RHYME,
    Opened,
    assert_plain,
    passes_of,
    plain_logits,
    prompts,
    questions,
    subjects,
    sum_of_last,
    sums_of,
)


def line(tokens: tuple[int, ...], scored: int) -> Line:
    return Line(tokens[:-1], tokens[-scored:])


def rhyme(model: LocalModel, words: int) -> tuple[int, ...]:
    """Tokens of so many words, no two stretches of them alike for long."""
    text = " ".join(f"{word} {at}" for at, word in enumerate((RHYME.split() * words)[: words // 2]))
    return tuple(model.tokenizer.encode(text))


def plainly(model: LocalModel, lines: list[Line]) -> list[float]:
    return [sum_of_last(model, [*each.read, each.targets[-1]], each.scored) for each in lines]


# ---- shared prefixes


@pytest.mark.parametrize("name", ON_TREES)
@pytest.mark.parametrize("prefix", [1, 32, 300])
def test_branches_of_a_trunk_have_the_plain_numbers(name: str, prefix: int, opened: Opened) -> None:
    """Branches of one token and of many, alike and not, and one that is the beginning of another."""
    model = opened(name)
    text = rhyme(model, 400)
    start = text[:prefix]
    branches = [text[400:402], text[400:440], text[400:436] + text[5:9], text[420:600], text[400:420]]
    lines = [line((*start, *branch), scored) for branch, scored in zip(branches, (1, 12, 1, 100, 19), strict=True)]
    lines.append(line((*start, *branches[1]), 39))  # asked for more of the same
    assert len(text) > 600
    expected = plainly(model, lines)
    for budget in (1_000, 64):  # the shared prefix at once, and in pieces
        scorer = TreeScorer(model.model, budget, 0)
        assert scorer.sums(lines, start) == pytest.approx(expected, abs=1e-4, rel=1e-6)
        assert scorer.sums(lines) == pytest.approx(expected, abs=1e-4, rel=1e-6)
    rows = RowScorer(model.model, model.rows.attention, 3)
    assert rows.sums(lines, start) == pytest.approx(expected, abs=1e-4, rel=1e-6)


@pytest.mark.parametrize("name", ON_TREES)
def test_questions_that_share_long_examples_have_the_plain_numbers(name: str, opened: Opened) -> None:
    model = opened(name)
    model.tree.budget = 200
    items = subjects(2, 150, seed=3)
    passes = passes_of(model)
    told = sums_of(model, items)
    assert max(passes) < 260  # a batch, or a piece of a shared prefix; not the 350 tokens of a whole text
    read = {}
    for item in items:
        for context, choice in item.pairs:
            tokens = model.tokenizer.encode(context + choice)
            read |= {tuple(tokens[:end]): 1 for end in range(len(tokens))}
    assert sum(passes) < 1.4 * len(read)  # what two subjects share is computed about once
    model.uses_tree = False
    by_rows = sums_of(model, items)
    for item_id, sums in told.items():
        assert by_rows[item_id] == pytest.approx(sums, abs=1e-4)
    assert_plain(model, items[:3])
    model.uses_tree = True
    assert_plain(model, items[:3])


def test_a_text_as_long_as_the_model_reads(llama: LocalModel) -> None:
    """Positions go up to the last one there is, in pieces and in one."""
    text = rhyme(llama, 900)[: LENGTH + 1]
    assert len(text) == LENGTH + 1
    lines = [line(text, 5)]
    for budget, prefix in ((4_096, 0), (4_096, 992), (100, 992)):
        told = TreeScorer(llama.model, budget, 0).sums(lines, text[:prefix])
        assert told == pytest.approx(plainly(llama, lines), abs=1e-4)


def test_a_trunk_is_read_once_while_it_is_kept(llama: LocalModel) -> None:
    text = rhyme(llama, 300)
    first, second = text[:256], text[100:292]
    passes = passes_of(llama)
    scorer = TreeScorer(llama.model, 128, 1 << 30)
    asked = {start: [line((*start, *text[300:310]), 2)] for start in (first, second)}
    before = {start: scorer.sums(lines, start) for start, lines in asked.items()}
    assert passes == [128, 128, 9, 96, 96, 9]
    passes.clear()
    for start in (first, second, first):
        assert scorer.sums(asked[start], start) == before[start]  # to the last bit
    assert passes == [9, 9, 9]
    scorer.forget()
    assert scorer.sums(asked[first], first) == before[first]
    assert passes == [9, 9, 9, 128, 128, 9]


@pytest.mark.parametrize(("room", "kept"), [(0, 1), (1, 1), (2, 2), (2.9, 2), (3, 3)])
def test_the_latest_trunks_are_kept_as_far_as_memory_goes(room: float, kept: int, llama: LocalModel) -> None:
    """The latest one stays whatever it takes; which ones were used last decides about the others."""
    text = rhyme(llama, 300)
    one, two, three = (text[at : at + 64] for at in (0, 100, 200))
    size = TreeScorer(llama.model, 512, 0).prefix(one).size
    assert size == 2 * 2 * 2 * 64 * 8 * 4  # layers, keys and values, kv heads, tokens, numbers, bytes
    scorer = TreeScorer(llama.model, 512, int(room * size))
    for start in (one, two, one, three):
        scorer.prefix(start)
    passes = passes_of(llama)
    for start in (three, one, two)[:kept]:
        scorer.prefix(start)
    assert passes == []
    if kept < 3:
        scorer.prefix((three, one, two)[kept])
        assert passes == [64]


def test_an_old_trunk_is_let_go_before_a_new_one_takes_its_room(
    llama: LocalModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = rhyme(llama, 300)
    scorer = TreeScorer(llama.model, 512, 0)
    held: list[int] = []
    plain = scorer.read

    def read(tokens: tuple[int, ...], prefix: KVCache) -> tuple[KVCache, torch.Tensor]:
        held.append(len(scorer._prefixes))
        return plain(tokens, prefix)

    monkeypatch.setattr(scorer, "read", read)
    for at in (0, 100, 200):
        scorer.prefix(text[at : at + 64])
    assert held == [0, 0, 0]


def test_no_trunk_is_no_pass(llama: LocalModel) -> None:
    passes = passes_of(llama)
    assert llama.tree.prefix(()).layers == {} and passes == []


def test_another_question_in_the_same_pass_changes_a_number_by_rounding_only(llama: LocalModel) -> None:
    """What a token sees is its own text: a neighbour of any kind leaves it alone."""
    text = rhyme(llama, 200)
    mine, other = line((*text[:64], *text[100:130]), 7), line((*text[:64], *text[150:290]), 30)
    together = llama.tree.sums([other, mine, other], text[:64])
    assert together[1] == pytest.approx(llama.tree.sums([mine], text[:64])[0], abs=1e-5)
    assert together[0] == together[2]


def test_batches_with_trunks_are_the_same_whatever_is_skipped(llama: LocalModel) -> None:
    """A battle that was stopped in the middle of a subject goes on with the very same numbers."""
    llama.tree.budget = 100
    items = subjects(2, 150, seed=4, each=6)
    whole = [[(o.item_id, o.sums) for o in batch if isinstance(o, Logliks)] for batch in llama.rank(items)]
    assert len(whole) > 2 and sum(map(len, whole)) == 12
    skip = {items[i].item_id for i in (0, 3, 4, 7, 11)} | {item_id for item_id, _ in whole[1]}
    llama.tree.forget()
    rest = [[(o.item_id, o.sums) for o in batch if isinstance(o, Logliks)] for batch in llama.rank(items, skip)]
    left = [[told for told in batch if told[0] not in skip] for batch in whole]
    assert rest == [batch for batch in left if batch]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_as_far_off_as_rows_are(dtype: torch.dtype, llama: LocalModel) -> None:
    """Against float32, of the weights as they are once rounded: a tree loses no more than transformers does."""
    items = subjects(1, 150, seed=5)
    llama.model.to(dtype)
    tree, rows = TreeScorer(llama.model, 200, 0), RowScorer(llama.model, llama.rows.attention, 4)
    lines = [each for lines in llama.encoder.lines(items) for each in lines]
    start = lines[0].read[:128]
    assert all(each.read[:128] == start for each in lines)
    told = [torch.tensor(sums) for sums in (tree.sums(lines, start), rows.sums(lines))]
    llama.model.to(torch.float32)
    exact = torch.tensor(plainly(llama, lines))
    by_tree, by_rows = ((sums - exact).abs().mean().item() for sums in told)
    assert by_tree < 1.5 * by_rows


# ---- one architecture's own


def test_switching_between_trees_rows_and_writing_leaves_nothing_behind(llama: LocalModel) -> None:
    items = questions(4, seed=15)
    before = sums_of(llama, items)
    with torch.inference_mode():
        logits = plain_logits(llama, [5, 6, 7])
    list(llama.write(prompts()[:2], Decoding(max_tokens=3, until=())))
    assert sums_of(llama, items) == before
    llama.uses_tree = False
    sums_of(llama, items)
    list(llama.write(prompts()[:2], Decoding(max_tokens=3, until=())))
    llama.uses_tree = True
    assert sums_of(llama, items) == before
    with torch.inference_mode():
        assert torch.equal(plain_logits(llama, [5, 6, 7]), logits)


def test_rows_are_padded_without_a_trace(opened: Opened) -> None:
    """Long and short lines in one batch, whatever the architecture does with what is beyond a line's end."""
    for name in (*ON_TREES, "mamba"):
        model = opened(name)
        text = rhyme(model, 60)
        lines = [line(text[:length], scored) for length, scored in ((2, 1), (40, 3), (9, 8), (90, 2), (40, 39))]
        expected = plainly(model, lines)
        for at_once in (1, 2, 5):
            told = RowScorer(model.model, model.rows.attention, at_once).sums(lines)
            assert told == pytest.approx(expected, abs=1e-4)


def test_a_rankings_tokens_are_what_had_to_be_computed(llama: LocalModel) -> None:
    context = RHYME[:30]
    (batch,) = llama.rank([Ranking(item_id="t", pairs=((context, " red"), (context, " red mat")))])
    (told,) = batch
    longest = len(llama.tokenizer.encode(context + " red mat"))
    assert isinstance(told, Logliks) and told.tokens == longest - 1  # the shorter one is its beginning
