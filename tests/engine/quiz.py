"""A task that lists its options and a model that reads them, so that it shows what an order or a wording did."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

from engine import Item, Task
from engine.models.interface import Logliks, Ranking
from engine.tasks.sources import Row
from tests.conftest import Shelf, ToyModel, toy_task

LETTERS = ("A", "B", "C")


def quiz_row(number: int, what: str = "question") -> Row:
    texts = ["near", "far"]
    texts.insert(number % 3, "right")
    return {"text": f"{what} {number}", "texts": texts, "gold": number % 3}


def quiz_item(index: int, row: Row) -> Item:
    options = tuple(f"{letter}. {text}" for letter, text in zip(LETTERS, row["texts"], strict=True))
    return Item(
        id=str(index),
        index=index,
        contexts=("\n".join((f"Question: {row['text']}", *options, "Answer:")),),
        choices=LETTERS,
        gold=row["gold"],
        answer=LETTERS[row["gold"]],
        options=options,
    )


def quiz_reverse(row: Row) -> Row:
    return {**row, "texts": row["texts"][::-1], "gold": 2 - row["gold"]}


def quiz(n: int = 32, *, shots: int = 9, **other: Any) -> Task:
    examples = [quiz_row(i, "example") for i in range(shots)]
    given = {"rows": map(quiz_row, range(n)), "shots": examples, "item": quiz_item, "reverse": quiz_reverse}
    return toy_task("quiz", **(given | {"shots_from": (Shelf(tuple(examples)),)} | other))


class Reader(ToyModel):
    """Gives each option a sum of its own by its text, wherever it stands: best where it knows the question."""

    def __init__(self, knows: Callable[[int, str], bool], name: str = "reader") -> None:
        super().__init__(name)
        self.knows = knows
        self.sizes: list[int] = []

    def rank(self, items: Sequence[Ranking], skip: Collection[str] = ()) -> Iterator[Any]:
        self.sizes.append(len(items))

        def answer(item: Ranking) -> Logliks:
            text = item.pairs[0][0]
            number = int(re.findall(r"question (\d+)", text)[-1])
            shown = [line[3:] for line in text.splitlines() if line[1:3] == ". "][-3:]
            worth = {"right": -1.0 if self.knows(number, text) else -3.0, "near": -2.0, "far": -4.0}
            return Logliks(item_id=item.item_id, sums=tuple(worth[o] for o in shown), tokens=3, seconds=0.25)

        yield from self._batches(items, skip, answer)
