"""`python -m engine battle`: fight a battle and say what may be concluded."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import get_args

from engine import report, runs
from engine.analysis import analyse, forecasts
from engine.battles import FORM, Battle, BattleResult, Forecast, OutcomeProbabilities, Seal
from engine.battles.battle import Stop
from engine.cli.options import add_shared, check_given, chosen
from engine.cli.output import write_json
from engine.cli.progress import follow, stopped_by_interrupt
from engine.errors import BattleFailed, CallerMistake
from engine.harness.config import Normalisation
from engine.stats import DiscordanceEstimate, detectable_gap
from engine.stats.verdict import Estimand

REQUEST = ("a", "b", "task", "limit", "seed", "shots", "margin", "level", "stop", "estimand", "device", "dtype")
SETTINGS = ("normalisation", "unconditional", "extraction", "template", "system", "multiturn", "thinking")


def add_options(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add("--a", metavar="MODEL", help="contender A: a short name or an address (see: models)")
    add("--b", metavar="MODEL", help="contender B")
    add_shared(command, "--task", "--limit", "--seed")
    add("--shots", type=int, metavar="K", help="worked examples; the task's own number when left out")
    add("--normalisation", choices=get_args(Normalisation), help="sum is lm-eval's acc, characters acc_norm")
    add("--unconditional", action="store_true", help="score each choice without its question as well")
    add("--template", choices=("plain", "chat"), help="chat: in the model's own template")
    add("--system", metavar="TEXT", help="what stands before everything")
    add("--multiturn", action="store_true", help="each worked example is a turn of the conversation")
    add("--thinking", type=int, metavar="N", help="tokens a model may reason for first; 0 for none")
    add("--extraction", metavar="RULE", help="the rule that reads a written answer")
    add(
        "--stop",
        choices=get_args(Stop),
        default="planned",
        help="planned: all items; adaptive: as soon as an always-valid interval has decided (default %(default)s)",
    )
    add(
        "--target",
        dest="estimand",
        choices=get_args(Estimand),
        default="skill",
        help="what that interval speaks of: all such questions, or this benchmark's own (default %(default)s)",
    )
    add_shared(command, "--device", "--dtype")
    add("--forecast", metavar="P", help=f"what you expect, sealed before the run and graded: {FORM}")
    add("--hypothesis", default="", metavar="TEXT", help="why you expect it, sealed with the forecast")
    add("--resume", metavar="BATTLE_ID", help="go on with a battle that was stopped or interrupted")
    add_shared(command, "--margin", "--level", "--json")


def run(options: argparse.Namespace) -> None:
    if options.resume:
        if options.forecast or options.hypothesis:
            raise CallerMistake("A battle that has begun takes no forecast: leave out --forecast and --hypothesis.")
        runs.resume(options.resume)
    battle_id = options.resume or _start(options)
    with stopped_by_interrupt([battle_id], f"To go on: python -m engine battle --resume {battle_id}"):
        follow(battle_id)
    result = runs.result(battle_id)
    parts = analyse(result).decomposition
    if options.json:
        write_json(options.json, {**report.as_json(result), "split": parts and report.as_json(parts)})
    if result.verdict is None or parts is None:
        raise BattleFailed(
            f"Battle {battle_id} has {len(result.pairs)} complete pairs of {result.battle.n}: too few for a verdict. "
            f"First failure: {result.failures[0][1].message if result.failures else 'none recorded'}."
        )
    print(*report.explain(result.verdict))
    for caveat in result.verdict.caveats:
        print(f"Note: {caveat}")
    for sentence in report.sentences(parts):
        print(f"Gap split: {sentence}")
    if result.failures:
        print(f"{len(result.failures)} answers could not be scored and are left out of the {result.verdict.n} pairs.")
    for line in _forecast_lines(result):
        print(line)


def _start(options: argparse.Namespace) -> str:
    """The battle's id; what its items can show, and the seal of a forecast, are said before the run."""
    check_given(options, "A battle", "a", "b", "task")
    request = _request(options)
    battle = runs.plan(request)
    print(_outlook(battle, runs.pilot(request)), file=sys.stderr)
    if battle.forecast:
        print(f"seal {Seal.of(battle).digest}", file=sys.stderr)
    return runs.start(battle)


def _request(options: argparse.Namespace) -> runs.BattleRequest:
    settings = {name: value for name in SETTINGS if (value := getattr(options, name)) not in (None, False)}
    if options.hypothesis and not options.forecast:
        raise CallerMistake(f"--hypothesis needs a forecast that can be graded: add --forecast {FORM}")
    forecast = None
    if options.forecast:
        forecast = Forecast(probabilities=OutcomeProbabilities.read(options.forecast), hypothesis=options.hypothesis)
    return runs.BattleRequest(**chosen(options, REQUEST), settings=settings, forecast=forecast)


def _outlook(battle: Battle, pilot: DiscordanceEstimate | None) -> str:
    """What so many items can show."""
    share = pilot.likely if pilot else 0.30
    known = f"as on the {pilot.n:,} items of their last battle here" if pilot else "an assumption"
    return (
        f"{battle.n:,} items find a gap of {100 * detectable_gap(battle.n, discordance=share):.1f} points in four "
        f"battles of five, if the two differ on {share:.0%} of the items ({known})."
    )


def _forecast_lines(result: BattleResult) -> Iterator[str]:
    """Prediction against result, for a battle with a forecast."""
    if not (score := forecasts.score_forecast(result)):
        return
    if forecast := result.battle.forecast:
        if forecast.hypothesis:
            yield f"Hypothesis: {' '.join(forecast.hypothesis.split())}"
        yield f"Forecast: {report.prediction(forecast.probabilities, result.names)}."
    if isinstance(score, forecasts.ForecastScore):
        yield f"Outcome: {report.outcome_named(score.outcome, result.names)}."
    yield " ".join(report.sentences(score))
    if result.seal:
        yield f"Seal: {result.seal.digest} ({'intact' if result.seal.intact else 'broken'})."
