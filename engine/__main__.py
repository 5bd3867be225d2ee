"""`python -m engine`: battles, verdicts, and what there is to fight with, without a browser.

Results go to standard output, progress to standard error. Exit codes: 0 done, 2 a mistake of the caller,
1 a battle that failed, 130 interrupted (the battle is stopped and can be resumed).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from engine import arena
from engine.device import DEVICES
from engine.errors import BattleFailed, CallerMistake, EngineError
from engine.models import PACKS
from engine.result import verdict_json
from engine.sources import found
from engine.stored import verdict_of_files
from engine.tasks import TASKS, load_task
from engine.verdict import Verdict

POLL = 0.5


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
    battle.add_argument("--normalisation", choices=("sum", "characters"), help="acc or acc_norm in lm-eval's words")
    battle.add_argument("--extraction", metavar="RULE", help="the rule that reads a written answer")
    battle.add_argument("--device", default="auto", choices=DEVICES, help="default %(default)s")
    battle.add_argument("--dtype", default="auto", help="auto, float32, bfloat16 or float16 (default %(default)s)")
    battle.add_argument("--resume", metavar="BATTLE_ID", help="go on with a battle that was stopped or interrupted")
    _verdict_options(battle)

    verdict = commands.add_parser("verdict", help="the verdict between two files of stored per-item results")
    verdict.add_argument("file_a", type=Path, metavar="A.jsonl")
    verdict.add_argument("file_b", type=Path, metavar="B.jsonl")
    _verdict_options(verdict)
    return top


def _verdict_options(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--margin", type=float, default=0.02, help="gaps below this count as none (default %(default)s)"
    )
    command.add_argument("--level", type=float, default=0.95, help="confidence level (default %(default)s)")
    command.add_argument("--json", type=Path, metavar="FILE", help="write the whole result there")


def models() -> None:
    for card in PACKS.values():
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
        source = found(task.items_from)
        here = (
            type(source).__name__.lower() if source else f"missing; {'; or '.join(s.advice() for s in task.items_from)}"
        )
        print(f"{name:14} {task.size:>6,} items  chance {task.chance:>5.1%}  {task.shots}-shot  [{here}]")
        print(f"{'':14} {task.about}")


def battle(options: argparse.Namespace) -> None:
    if options.resume:
        battle_id = options.resume
        arena.resume(battle_id)
    else:
        missing = [f"--{name}" for name in ("a", "b", "task") if not getattr(options, name)]
        if missing:
            raise CallerMistake(f"A battle needs {' and '.join(missing)}. See: python -m engine battle --help")
        battle_id = arena.start(arena.plan(_challenge(options)))
    try:
        _follow(battle_id)
    except KeyboardInterrupt:
        arena.stop(battle_id)
        print(f"\nStopped. To go on: python -m engine battle --resume {battle_id}", file=sys.stderr)
        sys.exit(130)
    result = arena.result(battle_id)
    verdict = result.verdict
    if options.json:
        _write(options.json, result.to_json())
    if verdict is None:
        raise BattleFailed(
            f"Battle {battle_id} has {len(result.pairs)} complete pairs of {result.battle.n}: too few for a verdict. "
            f"First failure: {result.failures[0][1].message if result.failures else 'none recorded'}."
        )
    _say(verdict)
    if result.failures:
        print(f"{len(result.failures)} answers could not be scored and are left out of the {verdict.n} pairs.")


def _challenge(options: argparse.Namespace) -> arena.Challenge:
    names = ("a", "b", "task", "limit", "seed", "shots", "margin", "level", "device", "dtype")
    settings = {n: getattr(options, n) for n in ("normalisation", "extraction") if getattr(options, n)}
    return arena.Challenge(**{name: getattr(options, name) for name in names}, settings=settings)


def _follow(battle_id: str) -> None:
    """Draws the progress bar until the battle is over; a battle that ended badly becomes its error."""
    from tqdm import tqdm

    progress = arena.watch(battle_id)
    print(f"battle {battle_id}", file=sys.stderr)
    with tqdm(total=2 * progress.battle.n, unit=" answers", file=sys.stderr, dynamic_ncols=True) as bar:
        seen_notices = 0
        while progress.open:
            bar.update(progress.done - bar.n)
            waiting = f"{progress.ahead} battles ahead" if progress.ahead else progress.phase
            speed = f"{progress.items_a_second:.2f} items/s" if progress.items_a_second else ""
            bar.set_postfix_str(", ".join(part for part in (waiting, speed) if part))
            for notice in progress.notices[seen_notices:]:
                bar.write(notice, file=sys.stderr)
            seen_notices = len(progress.notices)
            if progress.short_of_disk:
                raise CallerMistake(
                    f"{progress.phase}. Free some space, then: python -m engine battle --resume {battle_id}"
                )
            time.sleep(POLL)
            progress = arena.watch(battle_id)
        bar.update(progress.done - bar.n)
    if progress.state == "failed":
        raise (CallerMistake if progress.exit_code == CallerMistake.exit_code else BattleFailed)(progress.message)
    if progress.state == "stopped":
        raise BattleFailed(f"The battle was stopped. To go on: python -m engine battle --resume {battle_id}")


def _say(verdict: Verdict) -> None:
    print(verdict.sentence)
    for caveat in verdict.caveats:
        print(f"Note: {caveat}")


def _write(file: Path, content: dict[str, Any]) -> None:
    try:
        file.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise CallerMistake(f"The file {file} cannot be written: {error.strerror}.") from error


def main(arguments: Sequence[str] | None = None) -> int:
    try:
        options = parser().parse_args(arguments)
        if options.command == "models":
            models()
        elif options.command == "tasks":
            tasks()
        elif options.command == "battle":
            battle(options)
        else:
            verdict = verdict_of_files(options.file_a, options.file_b, level=options.level, margin=options.margin)
            if options.json:
                _write(options.json, {"n": verdict.n, **_sides(verdict), **verdict_json(verdict)})
            _say(verdict)
    except EngineError as error:
        print(f"{error}", file=sys.stderr)
        return error.exit_code
    return 0


def _sides(verdict: Verdict) -> dict[str, Any]:
    return {
        "a": {"name": verdict.names[0], "score": verdict.a_score},
        "b": {"name": verdict.names[1], "score": verdict.b_score},
    }


if __name__ == "__main__":
    sys.exit(main())
