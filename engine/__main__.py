"""`python -m engine`: battles, verdicts, and what there is to fight with, without a browser.

Results go to standard output, progress to standard error. Exit codes: 0 done, 2 a mistake of the caller,
1 a battle that failed, 130 interrupted (the battle is stopped and can be resumed).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn, get_args

from engine import report, runs
from engine.analysis import analyse, repeats, robustness
from engine.analysis.forecasts import ForecastScore, record, score_forecast, scored_battles
from engine.battles.battle import Battle, Stop
from engine.battles.forecast import FORM, Card, Forecast
from engine.battles.result import BattleResult
from engine.battles.seal import Seal
from engine.cli import suite
from engine.cli import verdict as verdict_command
from engine.device import DEVICES
from engine.errors import BattleFailed, CallerMistake, EngineError
from engine.harness.config import Normalisation
from engine.logs import lm_eval
from engine.models.registry import PACKAGED
from engine.stats.power import DiscordanceEstimate, detectable_gap
from engine.stats.verdict import Target, Verdict
from engine.tasks.registry import TASKS, load_task
from engine.tasks.sources import first_present

POLL = 0.5
SETTINGS = ("normalisation", "unconditional", "extraction", "template", "system", "multiturn", "thinking")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise CallerMistake(f"{message[:1].upper()}{message[1:]}. See: {self.prog} --help")


def parser() -> argparse.ArgumentParser:
    top = _Parser(prog="python -m engine", description="Real battles between two models, and honest verdicts.")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("models", help="the models that are here, and the forms of address for others")
    commands.add_parser("tasks", help="the benchmarks: items, chance level, and whether their data are here")

    battle = commands.add_parser("battle", help="fight a battle and say what may be concluded")
    battle.add_argument("--a", metavar="MODEL", help="contender A: a short name or an address (see: models)")
    battle.add_argument("--b", metavar="MODEL", help="contender B")
    battle.add_argument("--task", metavar="TASK", help="the benchmark (see: tasks)")
    battle.add_argument("--limit", type=int, metavar="N", help="items to draw; all when left out")
    battle.add_argument("--seed", type=int, default=0, help="of the draw of items (default %(default)s)")
    battle.add_argument("--shots", type=int, metavar="K", help="worked examples; the task's own number when left out")
    battle.add_argument(
        "--normalisation", choices=get_args(Normalisation), help="sum is lm-eval's acc, characters acc_norm"
    )
    battle.add_argument("--unconditional", action="store_true", help="score each choice without its question as well")
    battle.add_argument("--template", choices=("plain", "chat"), help="chat: in the model's own template")
    battle.add_argument("--system", metavar="TEXT", help="what stands before everything")
    battle.add_argument("--multiturn", action="store_true", help="each worked example is a turn of the conversation")
    battle.add_argument("--thinking", type=int, metavar="N", help="tokens a model may reason for first; 0 for none")
    battle.add_argument("--extraction", metavar="RULE", help="the rule that reads a written answer")
    battle.add_argument(
        "--stop",
        choices=get_args(Stop),
        default="planned",
        help="planned: all items; adaptive: as soon as an always-valid interval has decided (default %(default)s)",
    )
    battle.add_argument(
        "--target",
        choices=get_args(Target),
        default="skill",
        help="what that interval speaks of: all such questions, or this benchmark's own (default %(default)s)",
    )
    battle.add_argument("--device", default="auto", choices=DEVICES, help="default %(default)s")
    battle.add_argument("--dtype", default="auto", help="auto, float32, bfloat16 or float16 (default %(default)s)")
    battle.add_argument("--forecast", metavar="P", help=f"what you expect, sealed before the run and graded: {FORM}")
    battle.add_argument("--hypothesis", default="", metavar="TEXT", help="why you expect it, sealed with the forecast")
    battle.add_argument("--resume", metavar="BATTLE_ID", help="go on with a battle that was stopped or interrupted")
    _verdict_options(battle)

    battery = commands.add_parser("battery", help="fight over a preset of benchmarks and judge them together")
    suite.add_battery_options(battery)
    _verdict_options(battery)

    again = commands.add_parser("readings", help="a battle's stored answers read by every rule, and how sure they were")
    suite.add_readings_options(again)

    itself = commands.add_parser("noise", help="how far the score of one model moves when only the settings change")
    itself.add_argument("--model", metavar="MODEL", help="a short name or an address (see: models)")
    itself.add_argument("--task", metavar="TASK", help="the benchmark (see: tasks)")
    itself.add_argument("--limit", type=int, default=200, metavar="N", help="items to draw (default %(default)s)")
    itself.add_argument("--seed", type=int, default=0, help="of the draw of items (default %(default)s)")
    itself.add_argument("--parts", default=",".join(repeats.SOURCES), help="what to measure (default %(default)s)")
    itself.add_argument("--device", default="auto", choices=DEVICES, help="default %(default)s")
    itself.add_argument("--dtype", default="auto", help="auto, float32, bfloat16 or float16 (default %(default)s)")
    itself.add_argument("--level", type=float, default=0.95, help="confidence level (default %(default)s)")
    itself.add_argument("--resume", metavar="ID", help="go on with a measurement that was stopped or interrupted")
    itself.add_argument("--json", type=Path, metavar="FILE", help="write the whole report there")

    forecasts = commands.add_parser("forecasts", help="how the forecasts made here did, one by one and together")
    forecasts.add_argument("--json", type=Path, metavar="FILE", help="write all of it there")

    _export_options(commands.add_parser("export", help="write a battle as the files lm-eval writes, a run a side"))
    verdict = commands.add_parser("verdict", help="the verdict between stored logs of per-item results")
    verdict_command.add_options(verdict)
    _verdict_options(verdict)
    return top


def _export_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("battle", metavar="BATTLE_ID")
    command.add_argument("folder", type=Path, metavar="FOLDER")
    command.add_argument("--with-texts", action="store_true", help="with the benchmark's texts, under its own licence")


def _verdict_options(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--margin", type=float, default=0.02, help="gaps below this count as none (default %(default)s)"
    )
    command.add_argument("--level", type=float, default=0.95, help="confidence level (default %(default)s)")
    command.add_argument("--json", type=Path, metavar="FILE", help="write the whole result there")


def models() -> None:
    for card in PACKAGED.values():
        here = "here" if card.present else f"missing; to get it: {card.advice()}"
        print(f"{card.address:24} {card.parameters or 0:>13,} parameters  {card.licence}  [{here}]")
        print(f"{'':24} {card.about}")
    print(
        "\nAlso: hf:org/name@revision (the hub), a folder with a config.json, a .gguf file,\n"
        "openai:model@https://host/v1 (any OpenAI-compatible endpoint; the key is read from OPENAI_API_KEY)"
    )


def tasks() -> None:
    for name in TASKS:
        task = load_task(name)
        source = first_present(task.items_from)
        here = source.label if source else f"missing; {'; or '.join(s.advice() for s in task.items_from)}"
        size = "any" if task.size is None else f"{task.size:,}"
        print(f"{name:28} {size:>6} items  chance {task.chance:>5.1%}  {task.shots}-shot  [{here}]")
        print(f"{'':28} {task.about}")


def battle(options: argparse.Namespace) -> None:
    if options.resume:
        if options.forecast or options.hypothesis:
            raise CallerMistake("A battle that has begun takes no forecast: leave out --forecast and --hypothesis.")
        battle_id = options.resume
        runs.resume(battle_id)
    else:
        missing = [f"--{name}" for name in ("a", "b", "task") if not getattr(options, name)]
        if missing:
            raise CallerMistake(f"A battle needs {' and '.join(missing)}. See: python -m engine battle --help")
        planned = runs.plan(_request(options))
        _outlook(planned, runs.pilot(_request(options)))
        if planned.card:
            print(f"seal {Seal.of(planned).digest}", file=sys.stderr)
        battle_id = runs.start(planned)
    try:
        _follow(battle_id)
    except KeyboardInterrupt:
        runs.stop(battle_id)
        print(f"\nStopped. To go on: python -m engine battle --resume {battle_id}", file=sys.stderr)
        sys.exit(130)
    result = runs.result(battle_id)
    verdict = result.verdict
    parts = analyse(result).decomposition
    if options.json:
        _write(options.json, {**report.as_json(result), "split": parts and report.as_json(parts)})
    if verdict is None or parts is None:
        raise BattleFailed(
            f"Battle {battle_id} has {len(result.pairs)} complete pairs of {result.battle.n}: too few for a verdict. "
            f"First failure: {result.failures[0][1].message if result.failures else 'none recorded'}."
        )
    _say(verdict)
    for sentence in report.sentences(parts):
        print(f"Gap split: {sentence}")
    if result.failures:
        print(f"{len(result.failures)} answers could not be scored and are left out of the {verdict.n} pairs.")
    _say_card(result)


def _outlook(planned: Battle, pilot: DiscordanceEstimate | None) -> None:
    """What so many items can show, said before the run."""
    share = pilot.likely if pilot else 0.30
    known = f"as on the {pilot.n:,} items of their last battle here" if pilot else "an assumption"
    print(
        f"{planned.n:,} items find a gap of {100 * detectable_gap(planned.n, discordance=share):.1f} points in four "
        f"battles of five, if the two differ on {share:.0%} of the items ({known}).",
        file=sys.stderr,
    )


def _request(options: argparse.Namespace) -> runs.BattleRequest:
    names = ("a", "b", "task", "limit", "seed", "shots", "margin", "level", "stop", "target", "device", "dtype")
    settings = {name: value for name in SETTINGS if (value := getattr(options, name)) not in (None, False)}
    forecast = None
    if options.forecast:
        forecast = Card(forecast=Forecast.read(options.forecast), hypothesis=options.hypothesis)
    elif options.hypothesis:
        raise CallerMistake(f"--hypothesis needs a forecast that can be graded: add --forecast {FORM}")
    return runs.BattleRequest(**{name: getattr(options, name) for name in names}, settings=settings, forecast=forecast)


def measure_noise(options: argparse.Namespace) -> None:
    parts = options.parts.split(",")
    if options.resume:
        family_id = options.resume
        repeats.resume(family_id)
    else:
        missing = [f"--{name}" for name in ("model", "task") if not getattr(options, name)]
        if missing:
            raise CallerMistake(f"Noise needs {' and '.join(missing)}. See: python -m engine noise --help")
        asked = {name: getattr(options, name) for name in ("task", "limit", "seed", "level", "device", "dtype")}
        family_id = repeats.start(
            repeats.plan_repeats_of_model(runs.BattleRequest(a=options.model, b=options.model, **asked), parts)
        )
    print(f"measurement {family_id}", file=sys.stderr)
    try:
        for battle_id in [entry.battle.id for entry in repeats.entries(family_id)]:
            _follow_one_of_many(battle_id, f"noise --resume {family_id}")
    except KeyboardInterrupt:
        repeats.stop(family_id)
        print(f"\nStopped. To go on: python -m engine noise --resume {family_id}", file=sys.stderr)
        sys.exit(130)
    found = robustness.report(family_id, parts)
    if options.json:
        _write(options.json, report.as_json(found))
    print(*report.sentences(found), sep="\n")


def _follow_one_of_many(battle_id: str, again: str) -> None:
    """A battle that failed is told of, and costs the others nothing."""
    try:
        _follow(battle_id, again)
    except EngineError as error:
        if runs.result(battle_id).state != "failed":
            raise
        print(error, file=sys.stderr)


def _follow(battle_id: str, again: str = "") -> None:
    """Draws the progress bar until the battle is over; a battle that ended badly becomes its error.

    again  the command that goes on with it, if that is not the battle's own
    """
    from tqdm import tqdm

    again = again or f"battle --resume {battle_id}"
    progress = runs.watch(battle_id)
    print(f"battle {battle_id}", file=sys.stderr)
    with tqdm(total=2 * progress.battle.n, unit=" answers", file=sys.stderr, dynamic_ncols=True) as bar:
        seen_notices = 0
        while progress.open:
            bar.update(progress.done - bar.n)
            waiting = f"{progress.ahead} ahead in the queue" if progress.ahead else progress.phase
            speed = f"{progress.items_a_second:.2f} items/s" if progress.items_a_second else ""
            bar.set_postfix_str(", ".join(part for part in (waiting, speed) if part))
            for notice in progress.notices[seen_notices:]:
                bar.write(notice, file=sys.stderr)
            seen_notices = len(progress.notices)
            if progress.short_of_disk:
                raise CallerMistake(f"{progress.phase}. Free some space, then: python -m engine {again}")
            time.sleep(POLL)
            progress = runs.watch(battle_id)
        bar.update(progress.done - bar.n)
    if progress.state == "failed":
        raise (CallerMistake if progress.exit_code == CallerMistake.exit_code else BattleFailed)(progress.message)
    if progress.state == "stopped":
        raise BattleFailed(f"The battle was stopped. To go on: python -m engine {again}")


def _say(verdict: Verdict) -> None:
    print(*report.explain(verdict))
    for caveat in verdict.caveats:
        print(f"Note: {caveat}")


def _say_card(result: BattleResult) -> None:
    """Prediction against result, for a battle with a card."""
    if not (score := score_forecast(result)):
        return
    if card := result.battle.card:
        if card.hypothesis:
            print(f"Hypothesis: {' '.join(card.hypothesis.split())}")
        print(f"Forecast: {report.prediction(card.forecast, result.names)}.")
    if isinstance(score, ForecastScore):
        print(f"Outcome: {report.outcome_named(score.outcome, result.names)}.")
    print(*report.sentences(score))
    if result.seal:
        print(f"Seal: {result.seal.digest} ({'intact' if result.seal.intact else 'broken'}).")


def forecasts(options: argparse.Namespace) -> None:
    scores = scored_battles()
    together = record([score for _, score in scores if isinstance(score, ForecastScore)])
    told = []
    for entry, score in scores:
        battle = entry.battle
        date = datetime.fromtimestamp(entry.created, UTC).date().isoformat()
        print(f"{date} {battle.id} {battle.task}, {battle.a.name} against {battle.b.name}:", *report.sentences(score))
        head = {"battle_id": battle.id, "date": date, "task": battle.task, "a": battle.a.name, "b": battle.b.name}
        told.append({**head, **report.forecast_json(battle.card, entry.seal, score)})
    print(*report.sentences(together), sep="\n")
    if options.json:
        _write(options.json, {"record": report.as_json(together), "forecasts": told})


def _write(file: Path, content: Mapping[str, Any]) -> None:
    try:
        file.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise CallerMistake(f"The file {file} cannot be written: {error.strerror}.") from error


def _told(options: argparse.Namespace) -> verdict_command.Told:
    if options.command == "battery":
        return suite.battery(options, _follow_one_of_many)
    if options.command == "readings":
        return suite.read_again(options)
    return verdict_command.verdict(options)


def main(arguments: Sequence[str] | None = None) -> int:
    try:
        options = parser().parse_args(arguments)
        if options.command == "models":
            models()
        elif options.command == "tasks":
            tasks()
        elif options.command == "battle":
            battle(options)
        elif options.command == "noise":
            measure_noise(options)
        elif options.command == "forecasts":
            forecasts(options)
        elif options.command == "export":
            result = runs.result(options.battle)
            print(*lm_eval.export(result, options.folder, with_texts=options.with_texts).values(), sep="\n")
        else:
            told = _told(options)
            if options.json:
                _write(options.json, told.content)
            print(*told.lines, sep="\n")
    except EngineError as error:
        print(f"{error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
