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
from typing import Literal

from engine.errors import CallerMistake
from engine.harness.comparability import Comparability
from engine.logs.comparability import comparability
from engine.logs.detection import place_and_selector, read_log
from engine.logs.log import Log
from engine.logs.pairing import Aligned, RowPair, align
from engine.stats.multiplicity import AdjustedVerdicts, adjusted, adjusted_winner, holm
from engine.stats.paired import Winner
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


@dataclass(frozen=True, slots=True, kw_only=True)
class EveryPair:
    """Several models on the same items, each against each.

    p_values  of the pairs' gaps; they allow for the number of pairs (Holm 1979)
    """

    verdicts: tuple[LogVerdict, ...]
    p_values: tuple[float, ...]

    @property
    def outcomes(self) -> tuple[Winner, ...]:
        """What each pair comes to among so many: a winner alone may be none here."""
        pairs = zip(self.verdicts, self.p_values, strict=True)
        return tuple(adjusted_winner(pair.verdict, p_value) for pair, p_value in pairs)


def verdict_of_files(
    a: Path | str, b: Path | str, *, level: float = 0.95, margin: float = 0.02, common: bool = False
) -> Verdict:
    """The verdict between two files over the same items, in any of the formats `engine.logs` reads.

    a, b           paths; `FILE::SELECTOR` where a file holds several logs
    level, margin  as in `compare`
    common         as in `verdict_of_logs`

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

    a, b           the logs
    level, margin  as in `compare`
    clusters       what items that are not independent share: `cluster` or `group` of the logs, `none`, or `auto` for
                   the logs' clusters where some item shares one
    common         judge the items that are in both logs when they are not over the same ones

    Raises:
        Mismatch: the logs are not over the same items.
        CallerMistake: fewer than two pairs, or clusters that are not there.
    """
    aligned = align(a, b, common=common)
    labels = _labels(aligned.pairs, clusters)
    verdict = _verdict(aligned.pairs, labels, level, margin, aligned.names)
    by_group: dict[str, list[RowPair]] = {}
    for pair in aligned.pairs:
        by_group.setdefault(pair[0].group or pair[1].group, []).append(pair)
    notes = (*aligned.notes, *dict.fromkeys((*a.notes, *b.notes)))
    groups: dict[str, Verdict] = {}
    if len(by_group) > 1:
        within: Clusters = "none" if clusters in ("none", "group") else "auto"
        for name, pairs in by_group.items():
            if len(pairs) >= 2:
                groups[name] = _verdict(pairs, _labels(pairs, within), level, margin, aligned.names)
        if single := [name for name, pairs in by_group.items() if len(pairs) < 2]:
            notes += (f"{len(single):,} groups have a single item and no verdict of their own.",)
    return LogVerdict(
        verdict=replace(verdict, caveats=(*verdict.caveats, *notes)),
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
    """The verdicts between all pairs of several logs, whose p-values are Holm's (Holm 1979).

    logs                             two or more, over the same items
    level, margin, clusters, common  as in `verdict_of_logs`, which also says what is raised
    """
    verdicts = tuple(
        verdict_of_logs(a, b, level=level, margin=margin, clusters=clusters, common=common)
        for a, b in combinations(logs, 2)
    )
    p_values = tuple(holm({number: pair.verdict.p_value for number, pair in enumerate(verdicts)}).values())
    return EveryPair(verdicts=verdicts, p_values=p_values)


def _verdict(
    pairs: Sequence[RowPair], labels: list[str] | None, level: float, margin: float, names: tuple[str, str]
) -> Verdict:
    a, b = [x.score for x, _ in pairs], [y.score for _, y in pairs]
    return compare(a, b, level=level, margin=margin, clusters=labels, names=names)  # type: ignore[arg-type]


def _labels(pairs: Sequence[RowPair], clusters: Clusters) -> list[str] | None:
    """A label for each pair; an item without one stands alone. None where nothing is shared."""
    if clusters == "none":
        return None
    names = [x.group or y.group if clusters == "group" else x.cluster or y.cluster for x, y in pairs]
    labels = [f"in {label}" if label else f"alone {number}" for number, label in enumerate(names)]
    if len(set(filter(None, names))) >= 2 and len(set(labels)) < len(labels):
        return labels
    if clusters == "auto":
        return None
    raise CallerMistake(
        f"The logs name no {clusters} that several items share, beside another one: leave --clusters out, or add a "
        f"column `{clusters}`."
    )
