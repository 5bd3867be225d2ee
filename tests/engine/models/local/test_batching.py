"""Which items go on from which shared prefix, and which share a pass: nothing lost, nothing asked for out of place."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from engine.models.local.batching import ALIGNMENT, WORTH_A_PASS, Group, Line, plan_batches

Items = Sequence[Sequence[Line]]
MANY = 10_000
"""Rows no test comes near."""


def tokens(seed: object, count: int, words: int = 1_000) -> tuple[int, ...]:
    return tuple(random.Random(repr(seed)).choices(range(words), k=count))


def item(context: tuple[int, ...], *scored: int) -> list[Line]:
    """A question with one choice for each number of tokens; as `Line` has it, the last one is never read."""
    choices = [tokens((len(context), at, count), count) for at, count in enumerate(scored)]
    return [Line((*context, *choice)[:-1], choice) for choice in choices]


def nodes(items: Items, batch: Sequence[int], prefix: int) -> int:
    """Distinct tokens of a batch beyond the shared prefix, counted by walking down a tree of dictionaries."""
    count, root = 0, {}
    for read in (line.read for i in batch for line in items[i]):
        place: dict[int, Any] = root
        for depth, token in enumerate(read):
            count += token not in place and depth >= prefix
            place = place.setdefault(token, {})
    return count


@st.composite
def blocks(draw: st.DrawFn) -> list[list[Line]]:
    """Questions of a few subjects, with shared beginnings of any length, or none; some choices alike, some contexts
    different for each choice, some questions asked twice."""
    rng = random.Random(draw(st.integers(0, 10**6)))
    subjects = [tokens(rng.random(), draw(st.sampled_from((0, 1, 31, 64, 70, 150, 400)))) for _ in range(3)]
    words = draw(st.sampled_from((1, 2, 1_000)))  # with few words even unrelated texts begin alike
    made = []
    for _ in range(draw(st.integers(1, 12))):
        context = (*rng.choice(subjects), *tokens(rng.random(), rng.choice((1, 3, rng.randint(20, 300))), words))
        if rng.random() < 0.2:
            contexts = [(*context, at) for at in range(2)]
            made.append([line for each in contexts for line in item(each, rng.randint(1, 9))])
        else:
            made.append(item(context, *(rng.choice((1, 1, 2, 9, 50)) for _ in range(rng.choice((1, 1, 2, 5))))))
    return made + rng.sample(made, k=rng.randint(0, min(2, len(made))))


budgets = st.sampled_from((1, 64, 100, 300, 1_000))
rows = st.sampled_from((1, 6, 40, MANY))


@given(blocks(), budgets, rows, st.booleans())
def test_every_item_is_in_exactly_one_pack(items: Items, budget: int, most: int, split_long: bool) -> None:
    batches = [batch for group in plan_batches(items, budget, most, split_long=split_long) for batch in group.batches]
    assert sorted(i for batch in batches for i in batch) == list(range(len(items)))
    assert all(batches)


@given(blocks(), budgets, rows, st.booleans())
def test_every_line_goes_on_from_its_groups_trunk(items: Items, budget: int, most: int, split_long: bool) -> None:
    """No place that is asked for a next token lies inside the shared prefix, so every branch has all of its own."""
    for group in plan_batches(items, budget, most, split_long=split_long):
        for line in (line for batch in group.batches for i in batch for line in items[i]):
            assert line.read[: len(group.prefix)] == group.prefix
            assert len(line.read) - line.scored >= len(group.prefix)


@given(blocks(), budgets, rows, st.booleans())
def test_a_pack_is_within_its_bounds_unless_it_is_one_item(
    items: Items, budget: int, most: int, split_long: bool
) -> None:
    for group in plan_batches(items, budget, most, split_long=split_long):
        for batch in group.batches:
            if len(batch) > 1:
                assert nodes(items, batch, len(group.prefix)) <= budget
                assert sum(line.scored for i in batch for line in items[i]) <= most


@given(blocks(), budgets, rows, st.booleans())
def test_trunks_are_aligned(items: Items, budget: int, most: int, split_long: bool) -> None:
    prefixes = [group.prefix for group in plan_batches(items, budget, most, split_long=split_long)]
    assert all(len(prefix) % ALIGNMENT == 0 for prefix in prefixes)
    assert prefixes.count(()) <= 1


@given(blocks(), budgets, rows)
def test_a_trunk_of_many_is_worth_a_pass(items: Items, budget: int, most: int) -> None:
    for group in plan_batches(items, budget, most):
        members = [i for batch in group.batches for i in batch]
        if group.prefix and len(members) > 1:
            assert len(group.prefix) >= WORTH_A_PASS
            assert nodes(items, members, 0) > budget  # what fits into a pass needs no other one


@given(blocks(), budgets, rows, st.booleans())
def test_the_same_lines_make_the_same_plan(items: Items, budget: int, most: int, split_long: bool) -> None:
    again = [[Line((*line.read,), line.targets, line.truncated_tokens) for line in lines] for lines in items]
    assert plan_batches(items, budget, most, split_long=split_long) == plan_batches(
        again, budget, most, split_long=split_long
    )


@given(blocks(), budgets, rows, st.randoms(use_true_random=False))
def test_a_plan_is_made_of_texts_and_not_of_places(items: Items, budget: int, most: int, rng: random.Random) -> None:
    """In another order the same texts share passes, so a number depends on its block and not on the shuffle."""
    assume(len({tuple(sorted(line.read for line in lines)) for lines in items}) == len(items))
    order = list(range(len(items)))
    rng.shuffle(order)

    def texts(some: Items) -> list[tuple[tuple[int, ...], list[list[list[tuple[int, ...]]]]]]:
        return [
            (group.prefix, [[sorted(line.read for line in some[i]) for i in batch] for batch in group.batches])
            for group in plan_batches(some, budget, most)
        ]

    assert texts([items[i] for i in order]) == texts(items)


@given(blocks(), budgets, rows)
@example([item(tokens("only", 700), 1, 1)], 100, MANY)
def test_a_single_long_item_is_left_whole_where_it_is_to_be(items: Items, budget: int, most: int) -> None:
    """Written texts are read in pieces anyway; a shared prefix of one's own would be kept for nobody."""
    for group in plan_batches(items, budget, most, split_long=False):
        assert not group.prefix or sum(map(len, group.batches)) > 1


def test_a_trunk_ends_before_what_any_of_its_lines_is_asked_for() -> None:
    """A long answer, and a text whose beginning is another one's answer: what is shared goes further than it may."""
    text = tokens("text", 200)
    assert plan_batches([[Line(text[:-1], text[-100:])]], 64, MANY) == [Group(text[:96], ((0,),))]
    for first, second in ((1, 81), (81, 1)):  # 118 tokens that nobody asks for, down to the alignment
        items = [[Line(text[:end], text[end + 1 - scored : end + 1])] for end, scored in ((198, first), (199, second))]
        assert plan_batches(items, 150, MANY) == [Group(text[:96], ((0, 1),))]


# ---- what benchmarks look like


def test_nothing_to_plan() -> None:
    assert plan_batches([], 512, MANY) == []


def test_short_questions_share_one_pass_and_no_trunk() -> None:
    items = [item(tokens(i, 30), 3, 5, 2) for i in range(4)]
    (group,) = plan_batches(items, 512, MANY)
    assert group.prefix == () and len(group.batches) == 1


def test_subjects_with_long_worked_examples_have_a_trunk_each() -> None:
    """MMLU with five shots: what a subject's questions share is computed once, to a multiple of the alignment."""
    shared = [tokens(("examples", subject), 500 + subject) for subject in range(3)]
    items = [item((*shared[i % 3], *tokens(i, 80 + i)), 1, 1, 1, 1) for i in range(24)]
    groups = plan_batches(items, 512, MANY)
    assert [(group.prefix, sorted(i for batch in group.batches for i in batch)) for group in groups] == [
        (shared[subject][:480], list(range(subject, 24, 3))) for subject in sorted(range(3), key=lambda s: shared[s])
    ]
    for group in groups:
        assert len(group.batches) == 2  # eight items of 80 to 103 tokens, and 20 to 22 of the shared ones again


def test_questions_with_drawn_examples_share_nothing() -> None:
    """GSM8K and ARC: other worked examples before every question. Each is its own shared prefix, and nobody else's."""
    items = [item(tokens(i, 900), 20, 4) for i in range(5)]
    groups = plan_batches(items, 512, MANY)
    assert sorted(group.batches for group in groups) == [((i,),) for i in range(5)]
    assert all(len(group.prefix) == 896 for group in groups)
    assert plan_batches(items, 512, MANY, split_long=False) == [
        Group((), tuple((i,) for i in sorted(range(5), key=lambda i: items[i][0].read)))
    ]


def test_one_huge_item_among_small_ones() -> None:
    small = [item(tokens(i, 20), 2, 2) for i in range(3)]
    huge = item(tokens("huge", 5_000), 3, 4)
    loose, own = plan_batches([*small, huge], 512, MANY)
    assert loose.prefix == () and sorted(i for batch in loose.batches for i in batch) == [0, 1, 2]
    assert own == Group(huge[0].read[:4_992], ((3,),))


def test_a_huge_item_whose_contexts_differ_at_once_has_no_trunk() -> None:
    """Winogrande: another context for each choice, and so next to nothing its lines share."""
    lines = [line for at in range(2) for line in item((at, *tokens("long", 600)), 5)]
    assert plan_batches([lines], 512, MANY) == [Group((), ((0,),))]


def test_a_shared_beginning_that_is_little_of_the_whole_is_no_trunk() -> None:
    """A description of 70 tokens before passages of 400: each passage is better off whole."""
    items = [item((*tokens("description", 70), *tokens(i, 400)), 1, 1) for i in range(4)]
    prefixes = [len(group.prefix) for group in plan_batches(items, 300, MANY)]
    assert prefixes == [448] * 4  # 469 of its own, down to the alignment


@pytest.mark.parametrize(("most", "batches"), [(MANY, 1), (8, 2), (4, 4), (1, 4)])
def test_rows_of_the_vocabulary_are_bounded(most: int, batches: int) -> None:
    items = [item(tokens(i, 10), 1, 3) for i in range(4)]
    (group,) = plan_batches(items, 512, most)
    assert len(group.batches) == batches
