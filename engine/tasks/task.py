"""A task: where its items come from, how a model is asked, how an answer is scored.

Definitions follow lm-evaluation-harness 0.4.13 to the character, because a number is only comparable with
published ones when it was made the same way. The parts every task shares are here; what is particular to
one benchmark is in `catalogue/`. Nothing here knows of models or tokens.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from engine.harness.config import Decoding, HarnessConfig, Normalisation
from engine.tasks.generated import Generated
from engine.tasks.sources import ItemSource, Row, first_present

OptionOrder = Literal["given", "reversed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One question of a benchmark, as the model meets it and as a person reads it."""

    id: str
    """The publisher's own id where there is one; stable whatever source the item was read from."""
    index: int
    """Row in the official split of its group: what lm-eval's `--samples` counts by."""
    group: str = ""
    """Subject or category; drawn subsets keep the groups' proportions. Empty: the task has none."""
    contexts: tuple[str, ...]
    """What stands before a choice: one text for all choices, or one for each (Winogrande)."""
    choices: tuple[str, ...] = ()
    """Continuations that are ranked, without the delimiter; empty where the model writes its answer."""
    gold: int | None = None
    """Index of the right choice."""
    golds: tuple[int, ...] = ()
    """All true choices, where the score is the share of the probability that is theirs; else empty."""
    answer: str = ""
    """The worked answer as a few-shot example shows it."""
    reference: str = ""
    """What a scorer compares with, where that is not the worked answer."""
    options: tuple[str, ...] = ()
    """The choices as a person reads them, where `choices` are bare letters or a shared suffix."""

    @classmethod
    def written(
        cls,
        index: int,
        context: str,
        answer: str,
        *,
        id: str = "",
        group: str = "",
        reference: str = "",
        options: Sequence[str] = (),
    ) -> Item:
        """An item whose answer the model writes.

        index      row in the official split of its group, from 0
        context    what stands before the answer
        answer     the worked answer as a few-shot example shows it
        id         the publisher's own; without one it is the item's place, `index` or `group/index`
        group      subject or category, where the task has any
        reference  what a scorer compares with, where that is not the worked answer
        options    the answers it may choose from, where the question lists any
        """
        return cls(
            id=id or (f"{group}/{index}" if group else str(index)),
            index=index,
            group=group,
            contexts=(context,),
            answer=answer,
            reference=reference,
            options=tuple(options),
        )

    @classmethod
    def ranked(
        cls,
        index: int,
        context: str,
        choices: Sequence[str],
        gold: int,
        *,
        id: str = "",
        group: str = "",
        options: Sequence[str] = (),
    ) -> Item:
        """An item whose choices are ranked after one text; its worked answer is the right choice.

        index, context, id, group  as in `written`
        choices                    continuations, without the delimiter
        gold                       index of the right one
        options                    the choices as a person reads them, where `choices` are bare letters
        """
        item = cls.written(index, context, choices[gold], id=id, group=group, options=options)
        return replace(item, choices=tuple(choices), gold=gold)

    def context(self, choice: int) -> str:
        return self.contexts[choice if len(self.contexts) > 1 else 0]

    @property
    def example(self) -> tuple[str, str]:
        """The item as a worked example: its question and its answer."""
        return self.context(self.gold or 0), self.answer

    @property
    def expected(self) -> str:
        return self.reference or self.answer

    def readable(self, choice: int) -> str:
        return (self.options or self.choices)[choice]


def exact_match(answer: str, item: Item) -> float:
    return float(answer == item.expected)


@dataclass(frozen=True, slots=True)
class Scorer:
    """How the answer in a written text is extracted, and scored."""

    extract: Callable[[str], str | None]
    """From the model's text to its answer; None where there is none in the form asked for."""
    score: Callable[[str, Item], float] = exact_match
    """What that answer is worth, 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Task:
    """A benchmark in one way of asking. `catalogue/` has a file each; the recipe to add one is in CONTRIBUTING.md.

    There is one object for each, so its items can be remembered by it.
    """

    name: str
    title: str
    about: str
    """One plain sentence for a person who chooses."""
    licence: str
    size: int | None
    """Items in the official split; a source with another count is refused. None: there is no end to them, they are
    generated as they are drawn."""
    chance: float
    """Expected score of guessing, 0 to 1."""
    item: Callable[[int, Row], Item]
    """Builds an item from its index in its group and a row in the hub's columns."""
    items_from: Sequence[ItemSource]
    reverse: Callable[[Row], Row] | None = None
    """The row with its listed options in the opposite order, gold with them; None where none are listed."""
    shots_from: Sequence[ItemSource] = ()
    shots: int = 0
    """Worked examples by default, as lm-eval has it."""
    sampler: Literal["draw", "first"] = "draw"
    """draw: a seeded sample that moves on from item to item; first: the same first ones for all."""
    draws_one_more: bool = False
    """lm-eval draws n + 1 and drops the item itself where evaluation and examples share a split name
    (test_split unset and fewshot_split unset compare equal). The examples differ from the second on."""
    description: Callable[[str], str] = field(default=lambda group: "")
    """Text before everything else, from the group's name."""
    normalisation: Normalisation = "sum"
    """Which of lm-eval's accuracies this app reports by default: sum is acc, characters is acc_norm."""
    decoding: Decoding | None = None
    """Set where the model writes its answer."""
    delimiter: str = " "
    """Between a question and its answer, and before a choice that is ranked."""
    extractions: Mapping[str, Scorer] = field(default_factory=dict)
    """Named scorers of what a model wrote; the first is the default."""
    runs_code: bool = False
    """Whether its scorer runs what the model wrote: refused, as there is no sandbox to run it in."""

    @property
    def writes(self) -> bool:
        """Whether the model writes its answer (otherwise choices are ranked)."""
        return self.decoding is not None

    @property
    def present(self) -> bool:
        return first_present(self.items_from) is not None

    def advice(self, shots: int) -> str:
        """How to get the items, or the worked examples if any are asked for; empty where all is on this machine."""
        wanted = (("items", self.items_from), *((("worked examples", self.shots_from),) if shots else ()))
        return " ".join(
            f"Its {what} are not on this machine: {'; or '.join(source.advice() for source in sources)}."
            for what, sources in wanted
            if first_present(sources) is None
        )

    @property
    def generator(self) -> Generated:
        """What generates the items of a task without a split of its own."""
        return next(source for source in self.items_from if isinstance(source, Generated))

    def with_items(self, ids: Iterable[str]) -> Task:
        """The task whose items are these, where they are generated; itself where it has a split of its own."""
        return _with_items(self, tuple(ids)) if self.size is None else self

    def harness(self, **settings: object) -> HarnessConfig:
        """The task's own way of asking, with some settings replaced."""
        defaults: dict[str, object] = {
            "shots": self.shots,
            "normalisation": self.normalisation,
            "extraction": next(iter(self.extractions), "argmax"),
            "decoding": self.decoding,
        }
        return HarnessConfig(**(defaults | settings))  # type: ignore[arg-type]


@functools.lru_cache(maxsize=16)
def _with_items(task: Task, ids: tuple[str, ...]) -> Task:
    generator = task.generator
    return task if generator.ids == ids else replace(task, items_from=[replace(generator, ids=ids)])
