"""`python -m labs check FOLDER`: whether labs of your own are sound, before a learner meets them.

Loads every lab of the folder, draws a hundred fresh cases of each and measures its claim on the recordings. A sound lab
is a line on standard output, with a line below it for each thing that would make it better; a mistake is a line on
standard error. Exit codes: 0 all are sound, 2 one is not.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from engine import CallerMistake, load_task
from labs.curriculum import OURS
from labs.fresh import fresh_case
from labs.lab import Lab, read_lab
from labs.marking import without_key
from labs.measurement import measured, recorded_scores

DRAWS = 100
EXPECTED = 3  # expectations of a question: with fewer the tutor soon has nothing left to ask about
FILES = ("lab.toml", "cases.toml", "lesson.md")


def parser() -> argparse.ArgumentParser:
    """The options of `python -m labs`."""
    top = argparse.ArgumentParser(prog="python -m labs", description="Labs of your own; see docs/write-a-lab.md.")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    check = commands.add_parser("check", help="load every lab of a folder and draw fresh cases of each")
    check.add_argument("folder", type=Path, metavar="FOLDER", help="a folder of labs, or one lab")
    return top


def check(folder: Path) -> int:
    """Checks them all, whatever the first one is like: the number of labs with a mistake."""
    unsound = 0
    for lab in folders(folder):
        try:
            print(report(lab))
            for note in notes(lab):
                print(f"{lab.name}: note: {note}")
        except CallerMistake as mistake:
            unsound += 1
            print(f"{lab.name}: {mistake}", file=sys.stderr)
    return unsound


def folders(folder: Path) -> list[Path]:
    """The labs of a pack, or the one lab that the folder is. A folder with any of the three files is meant as a lab.

    Raises:
        CallerMistake: there is no such folder, or no lab in it.
    """
    if not folder.is_dir():
        raise CallerMistake(f"{folder} is not a folder. Give a lab, or a folder that holds labs.")
    if _is_lab(folder):
        return [folder.resolve()]
    labs = [each for each in sorted(folder.iterdir()) if each.is_dir() and _is_lab(each)]
    if not labs:
        raise CallerMistake(f"{folder} holds no lab. A lab is a folder with {', '.join(FILES)}.")
    return labs


def report(folder: Path) -> str:
    """One line about a sound lab.

    Raises:
        CallerMistake: what to mend, with the file and the field.
    """
    lab = read_lab(folder)
    if lab.slug != folder.name:
        raise CallerMistake(f"{folder / 'lab.toml'}: field slug: a lab goes by its folder's name (it is {lab.slug!r}).")
    if folder.resolve().parent != OURS and (OURS / folder.name / "lab.toml").exists():
        raise CallerMistake(f"{folder}: a lab of the product has this name and would hide yours. Rename the folder.")
    _check_measurement(folder, lab)
    counts = {
        "concepts": len(lab.concepts),
        "misconceptions": len(lab.misconceptions),
        "cases": len(lab.cases),
        "questions": sum(len(case.questions) for case in lab.cases),
        "templates": len(lab.templates),
    }
    if lab.templates:
        counts[f"different fresh cases of {DRAWS}"] = len({_drawn(folder, lab, seed) for seed in range(DRAWS)})
    return f"{lab.slug}: sound; {', '.join(f'{what}: {n}' for what, n in counts.items())}"


def notes(folder: Path) -> Iterator[str]:
    """What a sound lab works without and would be better with."""
    lab = read_lab(folder)
    asked = [(f"{case.id}.{question.id}", question) for case in lab.cases for question in case.questions]
    asked += [(f"{each.id}.{question.id}", question) for each in lab.templates for question in each.questions]
    expected = {name: len(question.expect) for name, question in asked}
    expected |= {f"transfer.{place}": len(each.expect) for place, each in enumerate(lab.transfer, start=1)}
    for name, number in expected.items():
        if number < EXPECTED:
            yield f"{name} has {number} of {EXPECTED} expectations; they show the tutor what an answer states."
    for belief in lab.misconceptions:
        if not belief.denied:
            yield f"misconceptions.{belief.id} has no `denied` forms; whoever denies it may seem to hold it."
    for case, rows in without_key(lab).items():
        lacking = "any row" if len(rows) == len(lab.exercise.rows) else ", ".join(rows)
        yield f"the case {case} says nothing under `sheet` of {lacking}, so the exercise does not answer there."


def _drawn(folder: Path, lab: Lab, seed: int) -> str:
    """The text of one fresh case; whatever breaks here would break in front of a learner."""
    try:
        return fresh_case(lab, seed).text
    except Exception as error:
        reason = str(error)
        if not isinstance(error, CallerMistake):
            reason = " ".join(f"{type(error).__name__}: {error}".split())
        template = lab.templates[seed % len(lab.templates)].id
        raise CallerMistake(
            f"{folder / 'cases.toml'}: fresh case {template}-{seed} cannot be made. {reason}"
        ) from error


def _check_measurement(folder: Path, lab: Lab) -> None:
    """Reads the number off the recordings, as it would be in front of a learner."""
    if lab.measurement is None:
        return
    try:
        for battle in lab.measurement.battles:
            load_task(battle.task)
        measured(lab.measurement, [recorded_scores(battle.recording) for battle in lab.measurement.battles])
    except CallerMistake as error:
        raise CallerMistake(f"{folder / 'lab.toml'}: field measurement: {error}") from error


def _is_lab(folder: Path) -> bool:
    return any((folder / name).is_file() for name in FILES)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    options = parser().parse_args(arguments)
    try:
        return 2 if check(options.folder) else 0
    except CallerMistake as mistake:
        print(mistake, file=sys.stderr)
        return mistake.exit_code


if __name__ == "__main__":
    sys.exit(main())
