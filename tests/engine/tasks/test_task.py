"""Which items are drawn, and what stands before them: the two things that make a score comparable."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import CallerMistake, NoSource, Unknown
from engine.harness.config import HarnessConfig
from engine.tasks.items import digest, load_items
from engine.tasks.rendering import few_shot_contexts, render
from engine.tasks.sampling import draw_subset
from engine.tasks.task import Item, Task
from tests.conftest import Shelf, toy_item, toy_rows, toy_task
from tests.engine.quiz import quiz

AddTask = Callable[[Task], Task]


def items_of(sizes: dict[str, int]) -> list[Item]:
    rows = toy_rows(sizes)
    return [replace(toy_item(i, row), id=f"{row['text']}") for i, row in enumerate(rows)]


# ---- the draw

groups = st.dictionaries(st.sampled_from("abcdefg"), st.integers(1, 30), min_size=1).filter(
    lambda sizes: sum(sizes.values()) >= 2
)


@given(groups, st.data(), st.integers(0, 5))
def test_groups_keep_their_share(sizes: dict[str, int], data: st.DataObject, seed: int) -> None:
    """Largest remainders: everyone gets the whole part, the largest fractions get what is left."""
    total = sum(sizes.values())
    limit = data.draw(st.integers(2, total))
    drawn = Counter(item.group for item in draw_subset(items_of(sizes), limit, seed))
    quota = {group: limit * n / total for group, n in sizes.items()}
    assert sum(drawn.values()) == limit
    assert all(drawn[group] - floor(quota[group]) in (0, 1) for group in sizes)
    rounded_up = [quota[g] % 1 for g in sizes if drawn[g] > floor(quota[g])]
    rounded_down = [quota[g] % 1 for g in sizes if drawn[g] == floor(quota[g])]
    assert not rounded_up or not rounded_down or min(rounded_up) >= max(rounded_down) - 1e-9


def test_the_draw_depends_on_the_seed_and_on_nothing_else() -> None:
    items = items_of({"sky": 30, "sea": 10})
    random.seed(99)
    first = draw_subset(items, 20, seed=7)
    random.seed(1)
    assert draw_subset(items, 20, seed=7) == first
    assert draw_subset(items, 20, seed=8) != first
    assert len(set(first)) == 20


def test_all_items_in_a_random_order_without_a_limit() -> None:
    items = items_of({"sky": 30, "sea": 10})
    drawn = draw_subset(items, None, seed=0)
    assert set(drawn) == set(items)
    assert list(drawn) != items


def test_any_beginning_of_the_order_is_a_fair_sample() -> None:
    """The last group does not wait for the end: over many seeds the first half holds half of it."""
    items = items_of({"sky": 20, "sea": 20})
    early = sum(item.group == "sea" for seed in range(200) for item in draw_subset(items, None, seed)[:20])
    assert abs(early / 200 - 10) < 0.5  # hypergeometric: standard deviation 1.6 a draw, 0.11 over 200


@pytest.mark.parametrize(
    ("limit", "words"), [(0, "too few"), (1, "too few"), (-3, "too few"), (41, "more than the 40 items")]
)
def test_a_limit_out_of_range_names_itself(limit: int, words: str) -> None:
    with pytest.raises(CallerMistake, match=words) as caught:
        draw_subset(items_of({"sky": 30, "sea": 10}), limit, seed=0)
    assert f"--limit {limit}" in str(caught.value)


def test_the_digest_notices_any_change() -> None:
    items = items_of({"sky": 3})
    other_text = [replace(items[0], contexts=("Q: question sky0 \nA:",)), *items[1:]]
    other_gold = [replace(items[0], gold=2), *items[1:]]
    assert digest(items) == digest(list(items))
    assert len({digest(items), digest(other_text), digest(other_gold), digest(items[::-1]), digest(items[:2])}) == 5


# ---- the items


def test_another_number_of_items_is_refused(add_task: AddTask) -> None:
    task = add_task(toy_task(size=41))
    with pytest.raises(CallerMistake, match=r"Toy has 41 items, but the source found holds 40\."):
        load_items(task)


def test_items_are_numbered_within_their_group(toy: Task) -> None:
    items = load_items(toy)
    assert [item.id for item in items[29:32]] == ["sky/29", "sea/0", "sea/1"]


# ---- worked examples

POOL = toy_rows({"sky": 6, "sea": 6}, "example")


def prompts(task: Task, harness: HarnessConfig) -> dict[str, str]:
    """What stands before each question in a plain text."""
    return {item: prelude.plain("") for item, prelude in few_shot_contexts(task, harness).items()}


def shown(prompt: str) -> list[str]:
    """The examples of a prompt, by their text."""
    return [block.removeprefix("Q: ").partition("\n")[0] for block in prompt.split("\n\n") if block]


def test_no_examples_only_the_description(add_task: AddTask) -> None:
    task = add_task(toy_task(description=lambda group: f"About the {group}.\n\n"))
    assert set(prompts(task, task.harness()).values()) == {"About the sky.\n\n", "About the sea.\n\n"}


def test_an_example_is_the_question_one_space_and_the_answer(add_task: AddTask) -> None:
    task = add_task(toy_task(shots=POOL, sampler="first"))
    assert prompts(task, task.harness(shots=1))["sea/3"] == "Q: example sea0\nA: red\n\n"


def test_first_shows_the_first_of_the_own_group_to_all(add_task: AddTask) -> None:
    task = add_task(toy_task(shots=POOL, sampler="first"))
    before = prompts(task, task.harness(shots=2))
    assert {tuple(shown(before[f"sky/{i}"])) for i in range(30)} == {("example sky0", "example sky1")}
    assert {tuple(shown(before[f"sea/{i}"])) for i in range(10)} == {("example sea0", "example sea1")}


ONE_POOL = toy_rows({"sky": 12}, "example")


def test_drawn_examples_are_lm_evals(add_task: AddTask) -> None:
    """lm-eval 0.4.13, api/samplers.py: one `random.Random(1234)` samples the pool anew for each document."""
    task = add_task(toy_task(rows=toy_rows({"sky": 9}), shots=ONE_POOL))
    rng = random.Random(1234)
    expected = [[doc["text"] for doc in rng.sample(ONE_POOL, 3)] for _ in range(9)]
    before = prompts(task, task.harness(shots=3))
    assert [shown(before[f"sky/{i}"]) for i in range(9)] == expected
    assert len({tuple(examples) for examples in expected}) > 1


def test_drawn_examples_where_lm_eval_draws_one_more(add_task: AddTask) -> None:
    """lm-eval's other case: n + 1 are sampled, the document itself is dropped, n are kept."""
    rows = toy_rows({"sky": 9})
    pool = rows + ONE_POOL  # the document itself can be among them
    task = add_task(toy_task(rows=rows, shots=pool, draws_one_more=True))
    rng = random.Random(1234)
    expected = [[doc["text"] for doc in rng.sample(pool, 4) if doc != row][:3] for row in rows]
    before = prompts(task, task.harness(shots=3))
    assert [shown(before[f"sky/{i}"]) for i in range(9)] == expected


def test_another_seed_draws_other_examples(add_task: AddTask) -> None:
    task = add_task(toy_task(shots=POOL))
    assert prompts(task, task.harness(shots=3)) != prompts(task, task.harness(shots=3, shots_seed=5))


def test_a_subset_gets_the_same_examples_as_the_full_run(add_task: AddTask) -> None:
    """`few_shot_contexts` never sees the subset; what it says of an item does not depend on the others chosen."""
    task = add_task(toy_task(shots=POOL))
    before = prompts(task, task.harness(shots=3))
    chosen = draw_subset(load_items(task), 5, seed=3)
    assert all(before[item.id] == prompts(task, task.harness(shots=3))[item.id] for item in chosen)
    assert before.keys() == {item.id for item in load_items(task)}


@pytest.mark.parametrize("sampler", ["first", "draw"])
def test_more_examples_than_there_are(add_task: AddTask, sampler: str) -> None:
    task = add_task(toy_task(shots=POOL, sampler=sampler))
    with pytest.raises(CallerMistake, match=r"has 6 worked examples to choose from, 7 were asked for.*--shots 6"):
        prompts(task, task.harness(shots=7))


def test_the_one_more_counts_too(add_task: AddTask) -> None:
    """Six in the pool, six asked for, seven drawn: that is one too many."""
    task = add_task(toy_task(rows=toy_rows({"sky": 9}), shots=POOL[:6], draws_one_more=True))
    with pytest.raises(CallerMistake, match="--shots 5 or fewer"):
        prompts(task, task.harness(shots=6))


def test_examples_that_are_not_here(add_task: AddTask) -> None:
    task = add_task(replace(toy_task(), shots_from=(Shelf(here=False),)))
    with pytest.raises(NoSource, match=r"Toy \(the worked examples\) is not on this machine.*put it on the shelf"):
        prompts(task, task.harness(shots=2))


def test_an_empty_pool_of_examples(add_task: AddTask) -> None:
    task = add_task(toy_task(shots=()))
    with pytest.raises(CallerMistake):
        prompts(task, task.harness(shots=2))


def test_a_group_without_examples(add_task: AddTask) -> None:
    task = add_task(toy_task(shots=toy_rows({"sky": 6}, "example")))
    with pytest.raises(CallerMistake):
        prompts(task, task.harness(shots=2))


# ---- a number is only comparable when everything else is equal


def test_settings_that_differ_have_different_fingerprints(toy: Task) -> None:
    plain, same, other = toy.harness(), toy.harness(shots=0), toy.harness(shots=1)
    assert plain.fingerprint == same.fingerprint != other.fingerprint
    assert plain.fingerprint.startswith("h3:")


# ---- the same question, put another way


def test_the_tasks_own_way_is_the_items_as_they_are(add_task: AddTask) -> None:
    task = add_task(quiz())
    assert [rendered.item for rendered in render(task, task.harness()).values()] == list(load_items(task))


def test_reversed_options_change_places_and_the_letters_stay(add_task: AddTask) -> None:
    task = add_task(quiz(shots=3, sampler="first"))
    turned = task.harness(option_order="reversed", shots=1)
    item = render(task, turned)["1"].item
    assert item.contexts == ("Question: question 1\nA. far\nB. right\nC. near\nAnswer:",)
    assert render(task, turned)["2"].item.gold == 0 and load_items(task)[2].gold == 2
    assert (
        prompts(task, turned)["1"] == "Question: example 0\nA. far\nB. near\nC. right\nAnswer: C\n\n"
    )  # the worked examples too, and their answers with them
    assert load_items(task)[1].contexts == ("Question: question 1\nA. near\nB. right\nC. far\nAnswer:",)


def test_short_labels_are_used_throughout(add_task: AddTask) -> None:
    task = add_task(quiz(shots=3, sampler="first", description=lambda group: "Quiz.\n\n"))
    short = task.harness(prompt_variant="short labels", shots=1)
    whole = prompts(task, short)["1"] + render(task, short)["1"].item.context(0)
    assert whole == (
        "Quiz.\n\nQ: example 0\nA. right\nB. near\nC. far\nA: A\n\nQ: question 1\nA. near\nB. right\nC. far\nA:"
    )


@pytest.mark.parametrize("shots", [0, 2])
def test_an_instruction_comes_before_everything(shots: int, add_task: AddTask) -> None:
    task = add_task(quiz(description=lambda group: "Quiz.\n\n"))
    plain, first = (prompts(task, task.harness(shots=shots, prompt_variant=w)) for w in ("task", "instruction first"))
    openings = {first[i].removesuffix(plain[i]) for i in plain}
    assert len(openings) == 1 and "exam" in openings.pop()


@pytest.mark.parametrize("settings", [{"prompt_variant": "short labels"}, {"option_order": "reversed"}])
def test_another_way_of_putting_it_draws_the_same_examples(settings: dict[str, str], add_task: AddTask) -> None:
    """Also where the draw looks whether an example is the item itself."""
    task = add_task(
        quiz(n=9, rows=(rows := quiz(9).items_from[0].held), shots_from=(Shelf(rows),), draws_one_more=True)
    )  # type: ignore[union-attr]
    plain, other = (prompts(task, task.harness(shots=3, **more)) for more in ({}, settings))
    numbers = {i: re.findall(r"question (\d)", text) for i, text in plain.items()}
    assert numbers == {i: re.findall(r"question (\d)", text) for i, text in other.items()}
    assert all(i not in found for i, found in numbers.items())


def test_a_way_there_is_not_is_refused(toy: Task) -> None:
    with pytest.raises(CallerMistake, match="Toy lists no options"):
        prompts(toy, toy.harness(option_order="reversed"))
    with pytest.raises(CallerMistake, match="'short labels' changes nothing in Toy"):
        prompts(toy, toy.harness(prompt_variant="short labels"))
    with pytest.raises(Unknown, match="Did you mean 'short labels'"):
        render(toy, toy.harness(prompt_variant="short label"))
