"""What came of a battle: the plan, every outcome, and the verdict that follows from them.

A computed view of the ledger, never stored: scores, verdict and comparability are derived anew each time, so
a better analysis applies to old battles too. Its words and its JSON are the report room's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import fmean

from engine.battles.battle import SIDES, Battle, ItemFailure, ItemResult, Outcome, Side
from engine.battles.prepared import battle_items
from engine.battles.seal import Seal
from engine.harness.comparability import Setting
from engine.harness.config import HarnessConfig
from engine.models.registry import title_of
from engine.stats.groups import Aggregates, aggregates
from engine.stats.sequential import compare_anytime
from engine.stats.verdict import Verdict, compare
from engine.tasks.registry import load_task
from engine.tasks.task import Item, Task


@dataclass(frozen=True, kw_only=True)
class BattleResult:
    """A plan with all its outcomes so far; what follows from them is computed when it is first asked for."""

    battle: Battle
    state: str
    a: Mapping[str, Outcome]
    b: Mapping[str, Outcome]
    environment: Mapping[str, Mapping[str, str]]
    notices: tuple[str, ...]
    seconds: float | None
    """From the first start to the end, waiting included; None while it is open."""
    created: float
    seal: Seal | None = None
    """Of the plan, if it came with a forecast."""

    @cached_property
    def task(self) -> Task:
        return load_task(self.battle.task).with_items(self.battle.item_ids)

    @cached_property
    def items(self) -> Mapping[str, Item]:
        """The battle's items by id, in its order. Raises CallerMistake where this machine has them otherwise or not."""
        return battle_items(self.battle)

    @property
    def names(self) -> tuple[str, str]:
        """The contenders' titles, which are the same where one model meets itself."""
        return title_of(self.battle.a.model), title_of(self.battle.b.model)

    @property
    def gap(self) -> float:
        """Mean difference of the scores over complete pairs, A minus B."""
        return fmean(a.score - b.score for _, a, b in self.pairs)

    @cached_property
    def pairs(self) -> list[tuple[str, ItemResult, ItemResult]]:
        """Items both sides have a score for, in the battle's order, as far as all before them are answered."""
        both = ((item, self.a[item], self.b[item]) for item in self.battle.answered(self.a, self.b))
        return [(i, x, y) for i, x, y in both if isinstance(x, ItemResult) and isinstance(y, ItemResult)]

    @property
    def discordant_items(self) -> list[tuple[str, ItemResult, ItemResult]]:
        """Items that one side has right and the other wrong: all the evidence there is about the gap."""
        return [pair for pair in self.pairs if pair[1].score != pair[2].score]

    @property
    def failures(self) -> list[tuple[Side, ItemFailure]]:
        sides: tuple[tuple[Side, Mapping[str, Outcome]], ...] = (("a", self.a), ("b", self.b))
        return [(side, o) for side, outcomes in sides for o in outcomes.values() if isinstance(o, ItemFailure)]

    @property
    def anytime(self) -> bool:
        """Whether the verdict must hold whenever one stops: by an adaptive rule, by hand, or not yet."""
        return self.battle.stop == "adaptive" or not len(self.a) == len(self.b) == self.battle.n

    @cached_property
    def verdict(self) -> Verdict | None:
        """None while fewer than two pairs are complete: there is nothing to say yet, not even 'undecided'.

        A planned battle that came to its end is judged by the methods for a fixed number of items. One that was
        stopped, by its own rule or by hand, is judged by those that hold whenever one stops.
        """
        pairs = self.pairs
        if len(pairs) < 2:
            return None
        a, b = [x.score for _, x, _ in pairs], [y.score for _, _, y in pairs]
        level, margin, names, population = self.battle.level, self.battle.margin, self.names, self.task.size
        if not self.anytime:
            return compare(a, b, level=level, margin=margin, names=names, population=population)
        verdict = compare_anytime(
            a, b, level=level, margin=margin, names=names, population=population, estimand=self.battle.estimand
        )
        if len(pairs) + len(self.failures) >= self.battle.n or (
            self.battle.stop == "adaptive" and verdict.winner != "undecided"
        ):
            return verdict
        early = (
            f"{len(pairs):,} of the {self.battle.n:,} planned items are in, so this rests on an interval that is valid "
            "at any moment; it is wider than one for a number of items fixed beforehand."
        )
        return replace(verdict, caveats=(*verdict.caveats, early))

    @property
    def aggregates(self) -> Aggregates | None:
        """Scores over the groups of items and over all of them, on complete pairs; None without groups."""
        groups: dict[str, list[tuple[float, float]]] = {}
        for item, a, b in self.pairs:
            group, slash, _ = item.rpartition("/")
            if slash:
                groups.setdefault(group, []).append((a.score, b.score))
        return aggregates(groups) if groups else None

    def macro(self, side: Side) -> float | None:
        """Mean of the groups' scores over complete pairs (micro is the plain score); None without groups."""
        means = self.aggregates
        return (means.a if side == "a" else means.b).macro.score if means else None

    @property
    def settings(self) -> list[Setting]:
        """The settings that decide whether two scores may be compared, as they were in this battle.

        What the machine adds (precision, device, library) is not stated before the battle has run.
        """
        a, b = self.battle.a.harness, self.battle.b.harness
        ran_a, ran_b = (self.environment.get(side, {}) for side in SIDES)
        items = f"the same {len(self.pairs):,}"
        return [
            Setting(name="Items", a=items, b=items, why="other items are another exam"),
            *(Setting(name=name, a=stated(a), b=stated(b), why=why) for name, stated, why in _ASKED),
            *(Setting(name=name, a=ran_a.get(key), b=ran_b.get(key), why=why) for name, key, why in _RAN),
        ]


def _reasoning(harness: HarnessConfig) -> str:
    if harness.thinking is None:
        return "as the template has it"
    return f"up to {harness.thinking:,} tokens" if harness.thinking else "switched off"


def _decoding(harness: HarnessConfig) -> str:
    if harness.decoding is None:
        return "none: choices are ranked"
    kind = "greedy" if harness.decoding.temperature == 0 else f"temperature {harness.decoding.temperature}"
    return f"{kind}, at most {harness.decoding.max_tokens} tokens"


_ASKED: tuple[tuple[str, Callable[[HarnessConfig], str], str], ...] = (
    ("Worked examples", lambda harness: str(harness.shots), "examples teach the form of the answer"),
    ("Prompt template", lambda harness: harness.template, "wording alone can move a score by points"),
    ("System prompt", lambda harness: harness.system or "none", "what stands first colours all that follows"),
    (
        "Examples as turns",
        lambda harness: "yes" if harness.multiturn else "no",
        "a conversation shows how answers look",
    ),
    ("Reasoning", _reasoning, "a model that may think first answers other questions right"),
    ("Wording", lambda harness: harness.prompt_variant, "the same question in other words gets other answers"),
    ("Order of options", lambda harness: harness.option_order, "some models prefer a letter to an answer"),
    ("Answer rule", lambda harness: harness.extraction, "a stricter rule finds fewer answers"),
    ("Normalisation", lambda harness: harness.normalisation, "length counts against long choices unless divided out"),
    ("Decoding", _decoding, "sampling and token limits change what is written"),
)
"""Settings of a harness: the name, how a harness states it, what a difference does to a score."""
_RAN = (
    ("Precision", "dtype", "rounding flips close calls"),
    ("Device", "device", "kernels round differently"),
    ("transformers", "transformers", "another version may tokenize or mask differently"),
)
"""What the machine added: the name, the key in the environment, what a difference does to a score."""
