"""A battle as the files lm-eval 0.4.13 writes with `--log_samples --output_path FOLDER`, a run for each side."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

from engine.battles.battle import SIDES, Side
from engine.battles.result import BattleResult
from engine.errors import CallerMistake
from engine.logs.lm_eval.write_results import published_name, results
from engine.logs.lm_eval.write_samples import sample_lines

_UNFIT = re.compile(r'["<>:/|\\?*\[\]]+|^\.+$')  # what lm-eval replaces in a folder's name, and dots alone
WITHOUT_TEXTS = "left out: `doc` holds the item's id, and prompts, choices and written targets are null"
WITH_TEXTS = "those of the benchmark, under its own licence"


def export(result: BattleResult, folder: Path, *, with_texts: bool = False) -> dict[Side, str]:
    """Writes both sides and returns each as `verdict` takes it: its folder and the battle's own metric.

    A battle has the same file names every time, so a second export replaces the first.

    result      the battle, as far as it has come
    folder      where the files are put, each side's in a folder of its own
    with_texts  put in the benchmark's texts: they are under its licence, not ours

    Raises:
        NoSource, CallerMistake: nothing is answered, the benchmark is not here, or a file cannot be written.
    """
    if not result.battle.answered(result.a, result.b):
        raise CallerMistake(f"Battle {result.battle.id} has no item that both sides answered: let it run first.")
    names = {side: _UNFIT.sub("__", published_name(result.battle.contender(side))) for side in SIDES}
    date = datetime.fromtimestamp(result.created, UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
    date = date.replace(":", "-")
    logs = {}
    for side, name in names.items():
        place = folder / name if names["a"] != names["b"] else folder / side / name
        samples = sample_lines(result, side, with_texts=with_texts)
        summary = results(result, side, samples) | {"model_name_sanitized": name}
        summary["noise_floor"]["texts"] = WITH_TEXTS if with_texts else WITHOUT_TEXTS
        for task, lines in samples.items():
            content = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
            _write(place / f"samples_{task}_{date}.jsonl", content)
        _write(place / f"results_{date}.json", json.dumps(summary, indent=2, ensure_ascii=False))
        logs[side] = f"{place}::{summary['noise_floor']['metric']}"
    return logs


def _write(file: Path, content: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
    except OSError as error:
        raise CallerMistake(f"The file {file} cannot be written: {error.strerror}.") from error
