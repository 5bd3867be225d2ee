"""`python -m engine verdict`: what the command line makes of stored logs, as lines to read and as JSON."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, get_args

from engine import report
from engine.errors import CallerMistake
from engine.logs import Aligned, Contents, Log, comparability, contents, place_and_selector
from engine.logs.decomposition import decompose_logs, other_scorings
from engine.logs.judging import Clusters, EveryPair, LogVerdict, every_pair, verdict_of_logs
from engine.logs.lm_eval.read_results import PrintedScore, printed_pair
from engine.report import Register
from engine.report.figures import exact_percent
from engine.stats.decomposition import GapDecomposition
from engine.stats.multiplicity import AdjustedVerdicts
from engine.stats.paired import Winner
from engine.stats.published import published_gap
from engine.stats.verdict import Verdict

TWO_LOGS = "A verdict needs two logs, A.jsonl B.jsonl, or one file that holds several models"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An answer of the command: what is printed, and what is written where JSON is asked for."""

    lines: tuple[str, ...]
    content: Mapping[str, Any]


def add_options(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "logs",
        nargs="*",
        metavar="LOG",
        help="two or more logs, or one that holds several models; FILE::NAME chooses a model, metric, filter or scorer",
    )
    command.add_argument(
        "--clusters",
        choices=get_args(Clusters),
        default="auto",
        help="what items that belong together share; auto: the logs' own clusters where there are any",
    )
    command.add_argument(
        "--common", action="store_true", help="judge the items that are in both logs if others are in one only"
    )
    command.add_argument(
        "--register", choices=get_args(Register), default="plain", help="for whom it is told (default %(default)s)"
    )
    scores = command.add_argument_group("published scores without logs")
    scores.add_argument("--published", nargs=2, metavar=("A", "B"), help="two scores in percent, as printed: 85.0 85.8")
    scores.add_argument("--n", type=int, metavar="N", help="items, of A alone with --n-b")
    scores.add_argument("--n-b", type=int, metavar="M", help="items of B where it was asked another number")
    scores.add_argument("--correlation", type=float, metavar="R", help="assume the same items, and how answers agree")


def verdict(options: argparse.Namespace) -> Told:
    """Raises CallerMistake where the logs cannot be read, chosen or paired, or the published scores make no sense."""
    if options.published:
        return _published(options)
    lone = [f"--{name.replace('_', '-')}" for name in ("n", "n_b", "correlation") if getattr(options, name) is not None]
    if lone:
        raise CallerMistake(f"{' and '.join(lone)} can only stand with published scores: add --published A B.")
    if pair := printed_pair([place_and_selector(one) for one in options.logs]):
        return _printed(options, *pair)
    logs = _logs(options.logs)
    asked: dict[str, Any] = {name: getattr(options, name) for name in ("level", "margin", "clusters", "common")}
    if len(logs) == 2:
        (a, beside_a), (b, beside_b) = logs
        found = verdict_of_logs(a, b, **asked)
        parts = decompose_logs(found.verdict, found.aligned, other_scorings(found.aligned, beside_a, beside_b))
        lines = (*_lines(found, options.register, parts), *_group_lines(found.groups))
        return Told(lines=lines, content={**report.as_json(found), "split": report.as_json(parts)})
    pairs = every_pair([log for log, _ in logs], **asked)
    return Told(lines=tuple(_pair_lines(pairs)), content=report.as_json(pairs))


def _logs(given: Sequence[str]) -> list[tuple[Log, Contents]]:
    """The logs that are meant, each with all that its file holds."""
    if not given:
        raise CallerMistake(f"{TWO_LOGS}. See: python -m engine verdict --help")
    if len(given) > 1:
        places = [place_and_selector(one) for one in given]
        return [(found.pick(str(path), name), found) for path, name in places for found in [contents(str(path), path)]]
    path, selector = place_and_selector(given[0])
    if not path.exists():
        raise CallerMistake(f"The file {path} cannot be read: No such file or directory. {TWO_LOGS}.")
    found = contents(str(path), path)
    if selector or found.kind != "model" or len(found.logs) < 2:
        log = found.pick(str(path), selector)
        raise CallerMistake(f"{TWO_LOGS}; {log.title} is one log: name the other one too.")
    return [(log, found) for log in found.logs.values()]


def _published(options: argparse.Namespace) -> Told:
    if options.logs or options.n is None:
        way = "leave out either the logs or --published" if options.logs else "add --n, the number of items"
        raise CallerMistake(f"Published scores are judged without logs, by their number of items: {way}.")
    given = {name: getattr(options, name) for name in ("n_b", "level", "correlation")}
    a, b = options.published
    found = published_gap(a, b, options.n, **given)
    lines = (*report.explain(found, options.register), *(f"Note: {caveat}" for caveat in found.caveats))
    return Told(lines=lines, content=report.as_json(found))


def _printed(options: argparse.Namespace, a: PrintedScore, b: PrintedScore) -> Told:
    """Two results of lm-eval without their samples: printed scores, of which it is said how they were made."""
    found = published_gap(
        a.percent, b.percent, a.n, n_b=None if a.n == b.n else b.n, level=options.level, names=(a.log.name, b.log.name)
    )
    compared = comparability(Aligned(a=a.log, b=b.log, pairs=(), by="id"))
    errors = [f"{100 * one.error:.2f} points" if one.error is not None else "not stated" for one in (a, b)]
    lines = [*report.explain(found, options.register), *(f"Note: {caveat}" for caveat in found.caveats)]
    lines += [f"Standard errors as stated: {' and '.join(errors)}.", f"Comparability: {compared.sentence}"]
    content = {"logs": {side: asdict(one) for side, one in (("a", a), ("b", b))}, "comparability": asdict(compared)}
    return Told(lines=tuple(lines), content={**report.as_json(found), **content})


def _lines(found: LogVerdict, register: Register, parts: GapDecomposition) -> list[str]:
    judged = found.verdict
    lines = [" ".join(report.explain(judged, register)), *(f"Note: {caveat}" for caveat in judged.caveats)]
    if found.clusters:
        lines.append(f"Clusters: {judged.n:,} items in {found.clusters:,} clusters, which are what is independent.")
    lines += [f"Gap split: {sentence}" for sentence in report.sentences(parts)]
    return [*lines, f"Comparability: {found.comparability.sentence}"]


def _group_lines(groups: AdjustedVerdicts | None) -> list[str]:
    if groups is None:
        return []
    width = max(5, *map(len, groups.verdicts))
    a, b = groups.names
    rows = [
        f"{name or '(none)':{width}} {_figures(one)} {groups.p_values[name]:>9.2g}  "
        f"{_named(groups.outcomes[name], one)}"
        for name, one in groups.verdicts.items()
    ]
    low, high = 100 * groups.interval.low, 100 * groups.interval.high
    mean = f"{100 * groups.gap:+.1f} points ({exact_percent(groups.level)} interval {low:+.1f} to {high:+.1f})"
    return [
        f"By group (A is {a}, B is {b}; gap A minus B in points):",
        f"{'group':{width}} {_HEAD} {'p (Holm)':>9}  verdict",
        *rows,
        f"The mean of the {len(rows)} groups' gaps is {mean}, on other items of these same groups.",
        f"Holm's p-value allows for their number: it takes back {len(groups.taken_back)} winners.",
    ]


_HEAD = f"{'items':>7} {'A':>6} {'B':>6} {'gap':>7} {'interval':>16} {'only A':>6} {'only B':>6} {'p':>9}"


def _figures(one: Verdict) -> str:
    only_a, only_b = (one.discordant.a_only, one.discordant.b_only) if one.discordant else ("-", "-")
    interval = f"{100 * one.interval.low:+.1f} to {100 * one.interval.high:+.1f}"
    return (
        f"{one.n:>7,} {100 * one.a_score:>6.1f} {100 * one.b_score:>6.1f} {100 * one.gap:>+7.1f} {interval:>16} "
        f"{only_a:>6} {only_b:>6} {one.p_value:>9.2g}"
    )


def _named(outcome: Winner, judged: Verdict) -> str:
    """The outcome with the winner's name; a winner that was taken back is told as such."""
    if outcome in ("a", "b"):
        return judged.names[outcome == "b"]
    return outcome if outcome == judged.winner else f"{outcome} (a winner alone, none among so many)"


def _pair_lines(pairs: EveryPair) -> list[str]:
    width = max(len(name) for found in pairs.verdicts for name in found.verdict.names)
    lines = [f"{'A':{width}} {'B':{width}} {_HEAD} {'p (Holm)':>9}  verdict"]
    for found, p_value, outcome in zip(pairs.verdicts, pairs.p_values, pairs.outcomes, strict=True):
        (a, b), winner = found.verdict.names, _named(outcome, found.verdict)
        lines.append(f"{a:{width}} {b:{width}} {_figures(found.verdict)} {p_value:>9.2g}  {winner}")
    level = exact_percent(pairs.verdicts[0].verdict.interval.level)
    lines.append(
        f"Gaps are A minus B in points; each {level} interval is of its own pair. Holm's p-value "
        f"allows for the {len(pairs.verdicts)} pairs."
    )
    told = [f"Note: {caveat}" for found in pairs.verdicts for caveat in found.verdict.caveats]
    told += [f"Comparability: {found.comparability.sentence}" for found in pairs.verdicts]
    return [*lines, *dict.fromkeys(told)]
