"""What came of a battle: the plan, every outcome, and the verdict that follows from them.

A computed view of the ledger, never stored: scores, verdict and comparability are derived anew each time, so
a better analysis applies to old battles too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from statistics import fmean
from typing import Any

from engine.battles.battle import SIDES, Battle, ItemFailure, ItemResult, Outcome, Side
from engine.battles.prepared import battle_items
from engine.battles.seal import Seal
from engine.harness.comparability import Setting
from engine.harness.config import HarnessConfig
from engine.models.registry import find
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
    """Of the plan, if it came with a card."""

    @cached_property
    def task(self) -> Task:
        return load_task(self.battle.task).with_items(self.battle.item_ids)

    @cached_property
    def items(self) -> Mapping[str, Item]:
        """The battle's items by id, in its order. Raises CallerMistake where this machine has them otherwise or not."""
        return battle_items(self.battle)

    @property
    def names(self) -> tuple[str, str]:
        """The contenders' titles, which are the same where one model fights itself."""
        return find(self.battle.a.model).title, find(self.battle.b.model).title

    @property
    def distinct_names(self) -> tuple[str, str]:
        a, b = self.names
        return (a, b) if a != b else (f"{a} (A)", f"{b} (B)")

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
        target = self.battle.target
        verdict = compare_anytime(a, b, level=level, margin=margin, names=names, population=population, target=target)
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
    def grade(self) -> Any:
        """How the card's forecast did, or why that is not said; None for a battle without a card."""
        from engine.analysis.forecasts import scored

        if self.battle.card is None and self.seal is None:
            return None
        verdict = self.verdict
        return scored(self.battle.card, self.seal, self.state, verdict.winner if verdict else None)

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
        found = self.aggregates
        return (found.a if side == "a" else found.b).macro.score if found else None

    @property
    def settings(self) -> list[Setting]:
        """The settings that decide whether two scores may be compared, as they were in this battle.

        What the machine adds (precision, device, library) is not stated before the battle has run.
        """
        a, b = self.battle.a.harness, self.battle.b.harness
        ran = {side: self.environment.get(side, {}) for side in SIDES}
        lines: list[tuple[str, str | None, str | None, str]] = [
            ("Items", *2 * (f"the same {len(self.pairs):,}",), "other items are another exam"),
            ("Worked examples", str(a.shots), str(b.shots), "examples teach the form of the answer"),
            ("Prompt template", a.template, b.template, "wording alone can move a score by points"),
            ("System prompt", a.system or "none", b.system or "none", "what stands first colours all that follows"),
            ("Examples as turns", _yes(a.multiturn), _yes(b.multiturn), "a conversation shows how answers look"),
            ("Reasoning", _reasoning(a), _reasoning(b), "a model that may think first answers other questions right"),
            ("Wording", a.wording, b.wording, "the same question in other words gets other answers"),
            ("Order of options", a.option_order, b.option_order, "some models prefer a letter to an answer"),
            ("Answer rule", a.extraction, b.extraction, "a stricter rule finds fewer answers"),
            (
                "Normalisation",
                a.normalisation,
                b.normalisation,
                "length counts against long choices unless divided out",
            ),
            ("Decoding", _decoding(a), _decoding(b), "sampling and token limits change what is written"),
        ]
        lines += [
            (label, ran["a"].get(key), ran["b"].get(key), why)
            for label, key, why in (
                ("Precision", "dtype", "rounding flips close calls"),
                ("Device", "device", "kernels round differently"),
                ("transformers", "transformers", "another version may tokenize or mask differently"),
            )
        ]
        return [Setting(name=name, a=of_a, b=of_b, why=why) for name, of_a, of_b, why in lines]

    def to_json(self) -> dict[str, Any]:
        """The result as the command line writes it. Scores, gaps and intervals are fractions, A minus B."""
        from engine.analysis.calibration import calibration  # these know the result, not the other way round
        from engine.analysis.forecasts import card_json
        from engine.battles.rescoring import rescorings

        verdict, grade, grouped = self.verdict, self.grade, self.aggregates
        head: dict[str, Any] = {
            "battle_id": self.battle.id,
            "task": self.battle.task,
            "state": self.state,
            "n": len(self.pairs),
            "planned": self.battle.n,
            "stop": self.battle.stop,
            "a": self._side("a", verdict.a_score if verdict else None),
            "b": self._side("b", verdict.b_score if verdict else None),
            "seed": self.battle.seed,
        }
        items = [
            {
                "id": item,
                "group": item.rpartition("/")[0],
                **{side: _outcome_json(o) for side, o in (("a", self.a.get(item)), ("b", self.b.get(item))) if o},
            }
            for item in self.battle.item_ids
        ]
        return {
            **head,
            **(
                verdict_json(verdict) if verdict else {"winner": None, "sentence": "Fewer than two pairs are complete."}
            ),
            **({"card": card_json(self.battle.card, self.seal, grade)} if grade else {}),
            **({"aggregates": grouped.to_json()} if grouped else {}),
            "readings": [reading.to_json() for reading in rescorings(self)],
            "calibration": {side: calibration(self, side).to_json() for side in SIDES},
            "failures": [
                {"side": side, "id": f.item_id, "reason": f.reason, "message": f.message} for side, f in self.failures
            ],
            "notices": list(self.notices),
            "seconds": self.seconds,
            "date": datetime.fromtimestamp(self.created, UTC).date().isoformat(),
            "environment": {side: dict(self.environment.get(side, {})) for side in SIDES},
            "items": items,
        }

    def _side(self, side: Side, score: float | None) -> dict[str, Any]:
        contender = self.battle.contender(side)
        macro = self.macro(side)
        return {
            "name": contender.name,
            "score": score,
            **({"macro": macro} if macro is not None else {}),
            "shots": contender.harness.shots,
            "normalisation": contender.harness.normalisation,
            "extraction": contender.harness.extraction,
            "fingerprint": contender.harness.fingerprint,
        }


def _yes(setting: bool) -> str:
    return "yes" if setting else "no"


def _reasoning(harness: HarnessConfig) -> str:
    if harness.thinking is None:
        return "as the template has it"
    return f"up to {harness.thinking:,} tokens" if harness.thinking else "switched off"


def _decoding(harness: Any) -> str:
    if harness.decoding is None:
        return "none: choices are ranked"
    kind = "greedy" if harness.decoding.temperature == 0 else f"temperature {harness.decoding.temperature}"
    return f"{kind}, at most {harness.decoding.max_tokens} tokens"


def _outcome_json(outcome: Outcome) -> dict[str, Any]:
    if isinstance(outcome, ItemFailure):
        return {"correct": None, "score": None, "failure": outcome.reason}
    shown: dict[str, Any] = {"correct": _right(outcome.score), "score": outcome.score, "choice": outcome.choice}
    if outcome.text is None:
        more = {"scored": list(outcome.scored), "alone": list(outcome.alone)}
        return {**shown, "logliks": list(outcome.logliks), **{name: kept for name, kept in more.items() if kept}}
    return {**shown, "logliks": [], "text": outcome.text, "answer": outcome.answer}


def _right(score: float) -> bool | None:
    """None for part of a point, which is neither."""
    return bool(score) if score in (0.0, 1.0) else None


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """The verdict's part of the command line's JSON, the same for battles and for stored results."""
    interval = verdict.interval
    return {
        "gap": verdict.gap,
        "interval": {
            "low": interval.low,
            "high": interval.high,
            "level": interval.level,
            "method": interval.method,
        },
        "discordant": verdict.discordant and {"a_only": verdict.discordant.a_only, "b_only": verdict.discordant.b_only},
        "p_value": verdict.p_value,
        "p_method": verdict.p_method,
        "p_equal": verdict.p_equal,
        "margin": verdict.margin,
        "target": verdict.target,
        "winner": verdict.winner,
        "detectable_gap": verdict.detectable_gap,
        "items_needed": verdict.items_needed,
        "sentence": verdict.sentence,
        "sentences": list(verdict.sentences),
        "caveats": list(verdict.caveats),
    }
