"""`python -m engine verdict`: the verdict between stored logs of per-item results."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import get_args

from engine import report
from engine.cli.options import add_shared, chosen
from engine.cli.output import answer, mean_gap, signed_interval, winner_name
from engine.errors import CallerMistake
from engine.logs import Aligned, Contents, Log, comparability, contents, decomposition, judging, place_and_selector
from engine.logs.lm_eval.read_results import PrintedScore, printed_pair
from engine.report import Register, figures
from engine.stats import AdjustedVerdicts, GapDecomposition, Verdict, Winner
from engine.stats.published import PublishedGap, published_gap

TWO_LOGS = "A verdict needs two logs, A.jsonl B.jsonl, or one file that holds several models"


def add_options(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add(
        "logs",
        nargs="*",
        metavar="LOG",
        help="two or more logs, or one that holds several models; FILE::NAME chooses a model, metric, filter or scorer",
    )
    add(
        "--clusters",
        choices=get_args(judging.Clusters),
        default="auto",
        help="what items that belong together share; auto: the logs' own clusters where there are any",
    )
    add("--common", action="store_true", help="judge the items that are in both logs if others are in one only")
    add("--register", choices=get_args(Register), default="plain", help="for whom it is told (default %(default)s)")
    scores = command.add_argument_group("published scores without logs")
    scores.add_argument("--published", nargs=2, metavar=("A", "B"), help="two scores in percent, as printed: 85.0 85.8")
    scores.add_argument("--n", type=int, metavar="N", help="items, of A alone with --n-b")
    scores.add_argument("--n-b", type=int, metavar="M", help="items of B where it was asked another number")
    scores.add_argument("--correlation", type=float, metavar="R", help="assume the same items, and how answers agree")
    add_shared(command, "--margin", "--level", "--json")


def run(options: argparse.Namespace) -> None:
    """Raises CallerMistake where the logs cannot be read, chosen or paired, or the published scores make no sense."""
    if options.published:
        return _published_scores(options)
    lone = [f"--{name.replace('_', '-')}" for name in ("n", "n_b", "correlation") if getattr(options, name) is not None]
    if lone:
        raise CallerMistake(f"{' and '.join(lone)} can only stand with published scores: add --published A B.")
    if pair := printed_pair([place_and_selector(name) for name in options.logs]):
        return _printed_scores(options, *pair)
    logs = _logs(options.logs)
    asked = chosen(options, ("level", "margin", "clusters", "common"))
    if len(logs) > 2:
        pairs = judging.every_pair([log for log, _ in logs], **asked)
        return answer(_pair_lines(pairs), report.as_json(pairs), options.json)
    (a, beside_a), (b, beside_b) = logs
    found = judging.verdict_of_logs(a, b, **asked)
    others = decomposition.other_scorings(found.aligned, beside_a, beside_b)
    parts = decomposition.decompose_logs(found.verdict, found.aligned, others)
    content = {**report.as_json(found), "split": report.as_json(parts)}
    return answer(_lines(found, options.register, parts), content, options.json)


def _logs(given: Sequence[str]) -> list[tuple[Log, Contents]]:
    """The logs that are meant, each with all that its file holds."""
    if not given:
        raise CallerMistake(f"{TWO_LOGS}. See: python -m engine verdict --help")
    if len(given) > 1:
        places = [place_and_selector(name) for name in given]
        return [(held.pick(str(path), name), held) for path, name in places for held in [contents(str(path), path)]]
    path, selector = place_and_selector(given[0])
    if not path.exists():
        raise CallerMistake(f"The file {path} cannot be read: No such file or directory. {TWO_LOGS}.")
    held = contents(str(path), path)
    if selector or held.kind != "model" or len(held.logs) < 2:
        log = held.pick(str(path), selector)
        raise CallerMistake(f"{TWO_LOGS}; {log.title} is one log: name the other one too.")
    return [(log, held) for log in held.logs.values()]


def _published_scores(options: argparse.Namespace) -> None:
    if options.logs or options.n is None:
        way = "leave out either the logs or --published" if options.logs else "add --n, the number of items"
        raise CallerMistake(f"Published scores are judged without logs, by their number of items: {way}.")
    a, b = options.published
    found = published_gap(a, b, options.n, **chosen(options, ("n_b", "level", "correlation")))
    answer(_published_lines(found, options.register), report.as_json(found), options.json)


def _printed_scores(options: argparse.Namespace, a: PrintedScore, b: PrintedScore) -> None:
    """Two results of lm-eval without their samples: printed scores, of which it is said how they were made."""
    found = published_gap(
        a.percent, b.percent, a.n, n_b=None if a.n == b.n else b.n, level=options.level, names=(a.log.name, b.log.name)
    )
    compared = comparability(Aligned(a=a.log, b=b.log, pairs=(), by="id"))
    errors = [f"{100 * score.error:.2f} points" if score.error is not None else "not stated" for score in (a, b)]
    lines = [
        *_published_lines(found, options.register),
        f"Standard errors as stated: {' and '.join(errors)}.",
        f"Comparability: {compared.sentence}",
    ]
    content = {"logs": {"a": asdict(a), "b": asdict(b)}, "comparability": asdict(compared)}
    answer(lines, {**report.as_json(found), **content}, options.json)


def _published_lines(found: PublishedGap, register: Register) -> tuple[str, ...]:
    return (*report.explain(found, register), *(f"Note: {caveat}" for caveat in found.caveats))


def _lines(found: judging.LogVerdict, register: Register, parts: GapDecomposition) -> Iterator[str]:
    judged = found.verdict
    yield " ".join(report.explain(judged, register))
    yield from (f"Note: {caveat}" for caveat in judged.caveats)
    if found.clusters:
        yield f"Clusters: {judged.n:,} items in {found.clusters:,} clusters, which are what is independent."
    yield from (f"Gap split: {sentence}" for sentence in report.sentences(parts))
    yield f"Comparability: {found.comparability.sentence}"
    if found.groups:
        yield from _group_lines(found.groups)


HEAD = "  items      A      B     gap         interval only A only B         p  p (Holm)  verdict"


def _group_lines(groups: AdjustedVerdicts) -> Iterator[str]:
    width = max(5, *map(len, groups.verdicts))
    a, b = groups.names
    yield f"By group (A is {a}, B is {b}; gap A minus B in points):"
    yield f"{'group':{width}} {HEAD}"
    for name, judged in groups.verdicts.items():
        yield f"{name or '(none)':{width}} {_row(judged, groups.p_values[name], groups.outcomes[name])}"
    mean = mean_gap(groups)
    yield f"The mean of the {len(groups.verdicts)} groups' gaps is {mean}, on other items of these same groups."
    yield f"Holm's p-value allows for their number: it takes back {len(groups.taken_back)} winners."


def _pair_lines(pairs: judging.EveryPair) -> Iterator[str]:
    width = max(len(name) for found in pairs.verdicts for name in found.verdict.names)
    yield f"{'A':{width}} {'B':{width}} {HEAD}"
    for found, p_holm, outcome in zip(pairs.verdicts, pairs.p_values, pairs.outcomes, strict=True):
        a, b = found.verdict.names
        yield f"{a:{width}} {b:{width}} {_row(found.verdict, p_holm, outcome)}"
    level = figures.exact_percent(pairs.verdicts[0].verdict.interval.level)
    yield (
        f"Gaps are A minus B in points; each {level} interval is of its own pair. Holm's p-value "
        f"allows for the {len(pairs.verdicts)} pairs."
    )
    notes = [f"Note: {caveat}" for found in pairs.verdicts for caveat in found.verdict.caveats]
    yield from dict.fromkeys([*notes, *(f"Comparability: {found.comparability.sentence}" for found in pairs.verdicts)])


def _row(judged: Verdict, p_holm: float, outcome: Winner) -> str:
    """The cells under HEAD."""
    only_a, only_b = (judged.discordant.a_only, judged.discordant.b_only) if judged.discordant else ("-", "-")
    return (
        f"{judged.n:>7,} {100 * judged.a_score:>6.1f} {100 * judged.b_score:>6.1f} {100 * judged.gap:>+7.1f} "
        f"{signed_interval(judged.interval):>16} {only_a:>6} {only_b:>6} {judged.p_value:>9.2g} {p_holm:>9.2g}  "
        f"{winner_name(outcome, judged)}"
    )
