"""The verdict between stored logs: per-item results that somebody measured before, here or elsewhere.

`engine.logs` reads and pairs them and says how comparable they are; this judges the pairs. Two logs of several groups
(tasks, subjects) are judged as a whole and group by group, several models in one file each against each; where many
verdicts stand side by side their p-values are Holm's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any, Literal

from engine.battles.result import verdict_json
from engine.errors import CallerMistake
from engine.harness.comparability import Comparability
from engine.logs import Aligned, Log, align, comparability, place_and_selector, read_log
from engine.logs.pairing import RowPair
from engine.stats.multiplicity import AdjustedVerdicts, adjusted, holm
from engine.stats.verdict import Verdict, compare

Clusters = Literal["auto", "none", "group", "cluster"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogVerdict:
    """What two logs show.

    verdict     over all pairs; its caveats also say what was left out and what had to be done to read the logs
    clusters    how many groups of items that belong together the verdict counts with; None where each stands alone
    groups      the verdict on each group by itself and on all of them together; None where there is one group only
    """

    verdict: Verdict
    aligned: Aligned
    comparability: Comparability
    clusters: int | None
    groups: AdjustedVerdicts | None

    def to_json(self) -> dict[str, Any]:
        """As the command line writes it. Scores, gaps and intervals are fractions, A minus B."""
        aligned, judged = self.aligned, self.verdict
        a_failed, b_failed, both_failed = aligned.unscored
        return {
            "n": judged.n,
            "a": {"name": judged.names[0], "score": judged.a_score},
            "b": {"name": judged.names[1], "score": judged.b_score},
            **verdict_json(judged),
            "logs": {side: _log_json(log) for side, log in (("a", aligned.a), ("b", aligned.b))},
            "matched_by": aligned.by,
            "left_out": {
                "only_a": aligned.only_a,
                "only_b": aligned.only_b,
                "unscored_a": a_failed,
                "unscored_b": b_failed,
                "unscored_both": both_failed,
            },
            "clusters": self.clusters,
            "comparability": {
                "grade": self.comparability.grade,
                "compared": self.comparability.compared,
                "sentence": self.comparability.sentence,
                "settings": [
                    {"setting": c.setting, "a": c.a, "b": c.b, "outcome": c.outcome, "reason": c.reason}
                    for c in self.comparability.checks
                ],
            },
            "groups": [
                {
                    "group": name,
                    "n": one.n,
                    "a": one.a_score,
                    "b": one.b_score,
                    **verdict_json(one),
                    "p_holm": self.groups.p_values[name],
                    "winner_holm": self.groups.outcomes[name],
                }
                for name, one in self.groups.verdicts.items()
            ]
            if self.groups
            else [],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class EveryPair:
    """Several models on the same items, each against each; `p_values` allow for the number of pairs (Holm 1979)."""

    verdicts: tuple[LogVerdict, ...]
    p_values: tuple[float, ...]

    def to_json(self) -> dict[str, Any]:
        together = zip(self.verdicts, self.p_values, strict=True)
        return {"pairs": [{**found.to_json(), "p_holm": p_value} for found, p_value in together]}


def verdict_of_files(
    a: Path | str, b: Path | str, *, level: float = 0.95, margin: float = 0.02, common: bool = False
) -> Verdict:
    """The verdict between two files over the same items, in any of the formats `engine.logs` reads.

    a, b  paths; `FILE::SELECTOR` where a file holds several logs

    Raises:
        Mismatch: the files hold different items; the message says how many and shows some.
        CallerMistake: a file that cannot be read, or several logs in it and none chosen.
    """
    logs = [read_log(str(path), path, selector) for path, selector in map(place_and_selector, (str(a), str(b)))]
    return verdict_of_logs(*logs, level=level, margin=margin, common=common).verdict


def verdict_of_logs(
    a: Log,
    b: Log,
    *,
    level: float = 0.95,
    margin: float = 0.02,
    clusters: Clusters = "auto",
    common: bool = False,
) -> LogVerdict:
    """The verdict between two logs.

    clusters  what items that are not independent share: `cluster` or `group` of the logs, `none`, or `auto` for the
              logs' clusters where some item shares one
    common    judge the items that are in both logs when they are not over the same ones

    Raises:
        Mismatch: the logs are not over the same items.
        CallerMistake: fewer than two pairs, or clusters that are not there.
    """
    aligned = align(a, b, common=common)
    labels = _labels(aligned.pairs, clusters)
    judged = _judged(aligned.pairs, labels, level, margin, aligned.names)
    by_group: dict[str, list[RowPair]] = {}
    for pair in aligned.pairs:
        by_group.setdefault(pair[0].group or pair[1].group, []).append(pair)
    notes = (*aligned.notes, *dict.fromkeys((*a.notes, *b.notes)))
    groups: dict[str, Verdict] = {}
    if len(by_group) > 1:
        within: Clusters = "none" if clusters in ("none", "group") else "auto"
        for name, pairs in by_group.items():
            if len(pairs) >= 2:
                groups[name] = _judged(pairs, _labels(pairs, within), level, margin, aligned.names)
        if alone := [name for name, pairs in by_group.items() if len(pairs) < 2]:
            notes += (f"{len(alone):,} groups have a single item and no verdict of their own.",)
    return LogVerdict(
        verdict=replace(judged, caveats=(*judged.caveats, *notes)),
        aligned=aligned,
        comparability=comparability(aligned),
        clusters=len(set(labels)) if labels else None,
        groups=adjusted(groups) if len(groups) > 1 else None,
    )


def every_pair(
    logs: Sequence[Log],
    *,
    level: float = 0.95,
    margin: float = 0.02,
    clusters: Clusters = "auto",
    common: bool = False,
) -> EveryPair:
    """The verdicts between all pairs of several logs. Raises what `verdict_of_logs` does."""
    verdicts = tuple(
        verdict_of_logs(a, b, level=level, margin=margin, clusters=clusters, common=common)
        for a, b in combinations(logs, 2)
    )
    p_values = tuple(holm({pair: found.verdict.p_value for pair, found in enumerate(verdicts)}).values())
    return EveryPair(verdicts=verdicts, p_values=p_values)


def _judged(
    pairs: Sequence[RowPair], labels: list[str] | None, level: float, margin: float, names: tuple[str, str]
) -> Verdict:
    a, b = [x.score for x, _ in pairs], [y.score for _, y in pairs]
    return compare(a, b, level=level, margin=margin, clusters=labels, names=names)  # type: ignore[arg-type]


def _labels(pairs: Sequence[RowPair], clusters: Clusters) -> list[str] | None:
    """A label for each pair; an item without one stands alone. None where nothing is shared."""
    if clusters == "none":
        return None
    found = [x.group or y.group if clusters == "group" else x.cluster or y.cluster for x, y in pairs]
    labels = [f"in {label}" if label else f"alone {number}" for number, label in enumerate(found)]
    if len(set(filter(None, found))) >= 2 and len(set(labels)) < len(labels):
        return labels
    if clusters == "auto":
        return None
    raise CallerMistake(
        f"The logs name no {clusters} that several items share, beside another one: leave --clusters out, or add a "
        f"column `{clusters}`."
    )


def _log_json(log: Log) -> dict[str, Any]:
    return {"file": log.file, "selector": log.selector, "format": log.format, "settings": dict(log.settings)}
