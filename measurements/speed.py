"""How fast the local model is beside lm-eval 0.4.13's hf backend: same weights, same requests, same machine, in turn.

    python measurements/speed.py [--tasks mmlu,...] [--models smollm2-135m-instruct,...] [--synthetic 1B,3B,8B]
                               [--minutes 9] [--repeats 3] [--items N] [--lm-eval PYTHON] [--json FILE]

Each model is opened in two processes that wait for each other (measurements/speed_worker.py): ours, and lm-eval in an
interpreter that has it (--lm-eval, or NOISEFLOOR_LM_EVAL). Both are given the very strings a battle would ask; that
those are lm-eval's own is the parity test's business. lm-eval's best batch size is found first, on a few items.

Where the time allowed does not reach for all items, lm-eval works on some of them, evenly spread, and its time is
scaled by tokens: it shares nothing between items, so a token costs it the same in any company. Ours always does all.
The floor is what the operations needed would take at the rate of this machine's matrix products, the median of several
just before and just after each turn of ours: 2 x parameters x distinct tokens; and once more, `used`, with what is
really computed: no embedding table, an output row only where a token is asked for, and attention. The first flatters a
model with a large vocabulary.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from engine import load_items, load_task  # noqa: E402
from engine.battles.requests import ranking  # noqa: E402
from engine.tasks.rendering import render  # noqa: E402
from engine.tasks.scoring.normalisation import normalised  # noqa: E402

Row = dict[str, Any]
TASKS = ("mmlu", "arc_challenge", "hellaswag", "arc_easy", "gsm8k")
MODELS = ("smollm2-135m-instruct", "gemma-3-270m")
SUBJECTS = ("anatomy", "astronomy", "international_law", "machine_learning")
"""Of MMLU, whole: 520 items, together about as long as the median subject's."""
SHOTS = {"mmlu": 5, "arc_challenge": 25, "gsm8k": 5}
ITEMS = {
    "cpu": {"mmlu": 520, "arc_challenge": 100, "hellaswag": 200, "arc_easy": 200, "gsm8k": 24},
    "cuda": {"mmlu": 520, "arc_challenge": 400, "hellaswag": 1000, "arc_easy": 1000, "gsm8k": 128},
}
BATCHES = {"cpu": (1, 4, 8, 16, 32), "cuda": (1, 4, 8, 16, 32, 64, 128)}
PILOT = {"cpu": 12_000, "cuda": 120_000}
"""Tokens of lm-eval's that its batch sizes are tried on."""
PILOT_TEXTS, PILOT_NEW = {"cpu": 16, "cuda": 128}, 32
CLOSE = 1e-3
FEWEST = 8
"""Items of lm-eval's below which nothing is said."""
AIMS = {"mmlu": 6.0, "arc_challenge": 25.0, "hellaswag": 2.6, "arc_easy": 2.0, "gsm8k": 2.0}
SYNTHETIC_AIM, FLOOR_AIM, RATE_AIM = 5.0, 0.75, 0.5


class Failed(Exception):
    """A side could not do what it was told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One task's requests: (context, choice) pairs of each item, or a text for the model to go on from."""

    task: str
    title: str
    requests: tuple[Any, ...]
    choices: tuple[tuple[str, ...], ...]
    normalisation: str
    decoding: Row | None

    @property
    def n(self) -> int:
        return len(self.requests)


def work_of(name: str, limit: int) -> Work:
    task = load_task(name)
    if name == "arc_challenge":
        task = dataclasses.replace(task, sampler="first")  # as boards ask it that share their examples between items
    harness = task.harness(shots=SHOTS.get(name, 0))
    items = [item for item in load_items(task) if name != "mmlu" or item.group in SUBJECTS][:limit]
    rendered = render(task, harness)
    requests = tuple(
        rendered[i.id].prompt(harness) if task.writes else ranking(rendered[i.id], harness).pairs for i in items
    )
    return Work(
        task=name,
        title=f"{task.title} {harness.shots}-shot",
        requests=requests,
        choices=tuple(item.choices for item in items),
        normalisation=task.normalisation,
        decoding={"until": task.decoding.until, "max_tokens": task.decoding.max_tokens} if task.decoding else None,
    )


class Side:
    """A worker process; orders go to it and answers come back, one at a time."""

    def __init__(self, python: str, kind: str) -> None:
        self.kind = kind
        self._log = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115 - as long as the process
        self._process = subprocess.Popen(
            [python, str(ROOT / "measurements" / "speed_worker.py"), kind],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, text=True,
            env=os.environ | {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "LMEVAL_LOG_LEVEL": "ERROR"},
        )  # fmt: skip

    def ask(self, do: str, **order: Any) -> Row:
        assert self._process.stdin and self._process.stdout
        with contextlib.suppress(BrokenPipeError):
            print(json.dumps({"do": do, **order}), file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        if not line:
            if self._process.wait() < 0:
                raise Failed(f"the process of {self.kind} was killed: the time was over, or the memory")
            self._log.seek(0)
            raise Failed(f"the process of {self.kind} ended: {self._log.read()[-600:].strip()}")
        found: Row = json.loads(line)
        if "error" in found:
            raise Failed(f"{self.kind}: {found['error']}")
        return found

    def end(self) -> None:
        self._process.kill()
        self._process.communicate()
        self._log.close()


@contextlib.contextmanager
def opened(given: argparse.Namespace, model: str, size: str, deadline: float) -> Iterator[tuple[Side, Side, Row, Row]]:
    """Both sides with the model in them, and what they say of it; ended at the deadline whatever they are doing."""
    sides = [Side(sys.executable, "ours"), Side(given.lm_eval, "lm-eval")]
    timer = threading.Timer(max(0.0, deadline - time.monotonic()), lambda: [side._process.kill() for side in sides])
    timer.daemon = True
    timer.start()
    try:
        ours = sides[0].ask("open", model=model, synthetic=size, device=given.device, dtype=given.dtype)
        same = {name: ours[name] for name in ("folder", "device", "dtype")}
        yield sides[0], sides[1], ours, sides[1].ask("open", synthetic=size, **same)
    finally:
        timer.cancel()
        for side in sides:
            side.end()


def spread(n: int, m: int) -> list[int]:
    """m of n places, evenly."""
    return [i * n // m for i in range(m)] if m < n else list(range(n))


def best_batch(
    theirs: Side, work: Work, needs: Row, facts: Row, *, batches: Sequence[int], allowed: float
) -> tuple[int, float, Row]:
    """lm-eval's best of these batch sizes, the seconds an item takes it (or a token, where it ranks), and all tried.

    Short of time it is tried on fewer items, but never less thoroughly: a rival at a bad setting is no measure.
    """
    device, costs, longest = facts["device"], needs["costs"], needs["longest"]
    few = PILOT_TEXTS[device] if work.decoding else max(2, round(PILOT[device] / statistics.mean(costs)))
    order: Row = {"items": spread(work.n, 2), "max_tokens": PILOT_NEW}
    theirs.ask("run", batch=1, **order | {"items": [0]})  # whatever is only done once
    an_item = theirs.ask("run", batch=4, **order)["seconds"] / min(2, work.n)
    if an_item * len(batches) > allowed:
        raise Failed(f"no time to find lm-eval's best batch size ({an_item:.1f} s an item, {allowed:.0f} s for it)")
    order["items"] = items = spread(work.n, max(2, min(few, int(allowed / len(batches) / an_item))))
    most = len(items) * (1 if work.decoding else max(map(len, work.choices)))
    tried: Row = {}
    for batch in batches:
        slower = sum(seconds > min(tried.values()) for seconds in list(tried.values())[-2:]) if tried else 0
        logits = 0 if work.decoding or device != "cpu" else 8 * batch * longest * facts["vocabulary"]
        if tried and (slower == 2 or batch >= 2 * most or logits > 0.5 * _free()):
            break
        try:
            tried[batch] = theirs.ask("run", batch=batch, **order)["seconds"]
        except Failed as error:
            if "out of memory" not in str(error):
                raise
            break
    if not tried:
        raise Failed("lm-eval has no memory for a batch of 1")
    best = min(tried, key=tried.__getitem__)
    return best, tried[best] / (len(items) if work.decoding else sum(costs[i] for i in items)), tried


def _free() -> int:
    """Bytes of memory to be had; the kernel kills whoever asks for more."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable:"))


def measure(sides: tuple[Side, Side], work: Work, facts: Row, given: argparse.Namespace, seconds: float) -> Row:
    """One row of the table, in about so many seconds."""
    begun = time.monotonic()
    ours, theirs = sides
    order = {"requests": work.requests, "decoding": work.decoding}
    theirs.ask("take", **order)
    needs = ours.ask("take", **order)
    costs = needs["costs"]
    batches = [given.batch] if given.batch else BATCHES[facts["device"]]
    allowed = (0.1 if given.batch else 0.4) * seconds
    batch, price, tried = best_batch(theirs, work, needs, facts, batches=batches, allowed=allowed)
    new = work.decoding["max_tokens"] if work.decoding else 0
    our_order = {"items": list(range(work.n)), "block": given.block, "max_tokens": new}
    few = spread(work.n, PILOT_TEXTS[facts["device"]])
    warm = ours.ask("run", **our_order | {"items": few, "max_tokens": PILOT_NEW})
    share = work.n / len(few) if work.decoding else needs["needed"] / warm["positions"]
    growth = 2 if work.decoding else 1  # the pilot's texts are cut short
    a_turn, our_turn = 0.9 * (begun + seconds - time.monotonic()) / given.repeats, growth * share * warm["seconds"]
    each = price * growth * (1 if work.decoding else statistics.mean(costs))
    fit = min(work.n, given.their_items or work.n, int((a_turn - our_turn) / each))
    if fit < min(FEWEST, work.n):
        least = time.monotonic() - begun + given.repeats * (our_turn + FEWEST * each)
        raise Failed(f"{seconds:.0f} s are not enough, {least:.0f} s would be (lm-eval takes {each:.2f} s an item)")
    chosen = spread(work.n, fit)
    scale = work.n / fit if work.decoding else sum(costs) / sum(costs[i] for i in chosen)
    turns, rates = [], []
    for _ in range(given.repeats):
        turn_began = time.monotonic()
        rates += ours.ask("matmul")["rates"]
        mine = ours.ask("run", **our_order)
        rates += ours.ask("matmul")["rates"]
        turns.append((mine, theirs.ask("run", batch=batch, items=chosen, max_tokens=new)))
        if 2 * time.monotonic() - turn_began > begun + seconds:
            break  # another turn like this one would not fit, and a shared machine is not always as fast
    known = needs | {"batch": batch, "tried": tried, "rate": statistics.median(rates), "facts": facts}
    return summary(work, turns, chosen, scale, known | {"best rate": max(rates)})


def summary(work: Work, turns: Sequence[tuple[Row, Row]], chosen: Sequence[int], scale: float, known: Row) -> Row:
    """The figures of a task from its turns; `scale` is what lm-eval's share of the work is to be multiplied by."""
    ours, theirs = turns[-1]
    needs = {name: ours.get(name, known.get(name)) for name in ("request tokens", "needed", "asked", "attention")}
    mine = statistics.median(turn["seconds"] for turn, _ in turns)
    ratios = [scale * other["seconds"] / own["seconds"] for own, other in turns]
    facts, rate = known["facts"], known["rate"]
    every = 2 * facts["parameters"] * needs["needed"]
    used = 2 * facts["body"] * needs["needed"] + 2 * facts["row"] * needs["asked"] + needs["attention"]
    return {
        "task": work.title,
        "name": work.task,
        "items": work.n,
        "lm-eval items": len(chosen),
        **needs,
        "computed": ours["positions"],
        "lm-eval computed": round(scale * theirs["positions"]),
        "items/s": work.n / mine,
        "lm-eval items/s": work.n / (scale * statistics.median(turn["seconds"] for _, turn in turns)),
        "batch": known["batch"],
        "ratio": statistics.median(ratios),
        "least": min(ratios),
        "most": max(ratios),
        "of the floor": every / rate / mine,
        "of the floor, used": used / rate / mine,
        "matmul TFLOP/s": rate / 1e12,
        "best matmul TFLOP/s": known["best rate"] / 1e12,
        "peak MiB": max(turn["peak"] for turn, _ in turns),
        "lm-eval peak MiB": max(turn["peak"] for _, turn in turns),
        "seconds": [(own["seconds"], other["seconds"]) for own, other in turns],
        "tried": known["tried"],
        "notices": ours.get("notices", []),
        **agreement(work, [ours["values"][i] for i in chosen], theirs["values"], chosen),
    }


def agreement(work: Work, ours: Sequence[Any], theirs: Sequence[Any], chosen: Sequence[int]) -> Row:
    """How far the sums are apart and which predictions differ (by acc and by the task's own way), or equal texts.

    A flip is clear where lm-eval's two best choices are further apart than rounding explains.
    """
    if work.decoding:
        return {"texts equal": sum(a == b for a, b in zip(ours, theirs, strict=True)), "texts": len(chosen)}
    flips = clear = 0
    for i, a, b in zip(chosen, ours, theirs, strict=True):
        for way in {"sum", work.normalisation}:
            first, second = (normalised(sums, work.choices[i], way) for sums in (a, b))
            best = max(range(len(second)), key=second.__getitem__)
            if max(range(len(first)), key=first.__getitem__) != best:
                flips += 1
                clear += second[best] - sorted(second)[-2] > CLOSE
    apart = max(abs(x - y) for a, b in zip(ours, theirs, strict=True) for x, y in zip(a, b, strict=True))
    return {"difference": apart, "flips": flips, "clear flips": clear}


COLUMNS = {
    "model": lambda row: row["model"],
    "task": lambda row: row["task"],
    "items (lm-eval's)": lambda row: f"{row['items']:,} ({row['lm-eval items']:,})",
    "tokens: requested": lambda row: f"{row['request tokens']:,}",
    "needed": lambda row: f"{row['needed']:,}",
    "computed": lambda row: f"{row['computed']:,}",
    "by lm-eval": lambda row: f"{row['lm-eval computed']:,}",
    "items/s": lambda row: f"{row['items/s']:.2f}",
    "lm-eval (batch)": lambda row: f"{row['lm-eval items/s']:.2f} ({row['batch']})",
    "ratio (least-most)": lambda row: f"**{row['ratio']:.2f}** ({row['least']:.2f}-{row['most']:.2f})",
    "agreement": lambda row: (
        f"{row['texts equal']} of {row['texts']} texts equal"
        if "texts" in row
        else f"{row['difference']:.1e}, {row['flips']} flips ({row['clear flips']} clear)"
    ),
    "of the floor (used)": lambda row: f"{row['of the floor']:.0%} ({row['of the floor, used']:.0%})",
    "peak MiB (lm-eval)": lambda row: f"{row['peak MiB']:,.0f} ({row['lm-eval peak MiB']:,.0f})",
}


def markdown(rows: Sequence[Row]) -> str:
    lines = [COLUMNS, ["---"] * len(COLUMNS), *([show(row) for show in COLUMNS.values()] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def criteria(rows: Sequence[Row], device: str) -> dict[str, bool]:
    """What was aimed at, and whether it was reached."""
    lines = {}
    for row in rows:
        if row["synthetic"] != (device == "cuda"):
            continue
        aim = SYNTHETIC_AIM if row["synthetic"] else AIMS[row["name"]]
        where = f"{row['model']}, {row['task']}"
        lines[f"{where}: at least {aim} times lm-eval ({row['ratio']:.2f})"] = row["ratio"] >= aim
        if row["name"] == "mmlu" and (device == "cpu" or row["model"].endswith("8B")):
            aim = FLOOR_AIM if device == "cpu" else RATE_AIM
            share = row["of the floor"]
            lines[f"{where}: at least {aim:.0%} of the compute floor ({share:.0%})"] = share >= aim
    return lines


def main(arguments: list[str] | None = None) -> Row:
    given = _arguments(arguments)
    deadline = time.monotonic() + 60 * given.minutes
    contenders = [(model, "", given.tasks) for model in given.models]
    contenders += [(given.tokenizer, size, ["mmlu"]) for size in given.synthetic]
    left = sum(len(tasks) for *_, tasks in contenders)
    rows: list[Row] = []
    found: Row = {"date": date.today().isoformat(), "rows": rows, "environments": {}, "left out": []}
    for model, size, tasks in contenders:
        name = f"random Llama {size}" if size else model
        left -= len(tasks)
        try:
            with opened(given, model, size, deadline) as (ours, theirs, facts, others):
                found["environments"][name] = {"ours": facts, "lm-eval": others}
                for done, task in enumerate(tasks):
                    work = work_of(task, given.items or ITEMS[facts["device"]][task])
                    share = (deadline - time.monotonic() - 5) / (left + len(tasks) - done)
                    try:
                        row = measure((ours, theirs), work, facts, given, share)
                    except Failed as error:
                        found["left out"].append(f"{name}, {task}: {error}")
                        continue
                    rows.append({"model": name, "synthetic": bool(size), **row})
                    print(f"{name}, {task}: {row['ratio']:.2f}", file=sys.stderr, flush=True)
        except Failed as error:
            found["left out"].append(f"{name}: {error}")
    device = next((each["ours"]["device"] for each in found["environments"].values()), "cpu")
    found["criteria"] = criteria(rows, device)
    print(markdown(rows), *_environments(found), sep="\n")
    for line, met in found["criteria"].items():
        print(f"{'met' if met else 'MISSED'}: {line}")
    for line in found["left out"]:
        print(f"not measured: {line}")
    if given.json:
        given.json.write_text(json.dumps(found, indent=1), encoding="utf-8")
    return found


def _environments(found: Row) -> Iterator[str]:
    yield f"\nMeasured {found['date']}, {os.cpu_count()} cores, load average {os.getloadavg()[0]:.2f} at the end."
    for name, each in found["environments"].items():
        ours, other = each["ours"], each["lm-eval"]
        yield (
            f"- {name}: {ours['parameters']:,} parameters, {ours['dtype']} on {ours['machine']}, {ours['threads']} "
            f"threads, {ours['scoring']}; torch {ours['torch']}, transformers {ours['transformers']}; lm-eval "
            f"{other['lm_eval']} with torch {other['torch']}, transformers {other['transformers']}, {other['dtype']}"
        )


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)

    def names(text: str) -> list[str]:
        return [name for name in text.split(",") if name]

    parser.add_argument("--tasks", type=names, default=TASKS, help=",".join(TASKS))
    parser.add_argument("--models", type=names, default=MODELS, help="addresses; empty for none")
    parser.add_argument("--synthetic", type=names, default=(), help="random Llamas for MMLU: 10M, 1B, 3B, 8B")
    parser.add_argument("--tokenizer", default=MODELS[0], help="address whose tokenizer the random models get")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--dtype", default="auto", help="float32 on a CPU, bfloat16 on a GPU that has it")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--items", type=int, help="of each task; else whole MMLU subjects and 24 to 1,000")
    parser.add_argument("--their-items", type=int, help="at most so many for lm-eval, evenly spread")
    parser.add_argument("--batch", type=int, help="lm-eval's batch size, if it is not to be looked for")
    parser.add_argument("--block", type=int, default=0, help="items ours sees at a time, 32 in a battle; 0: all")
    parser.add_argument("--lm-eval", default=os.environ.get("NOISEFLOOR_LM_EVAL", sys.executable), metavar="PYTHON")
    parser.add_argument("--minutes", type=float, default=9, help="all of it ends in this time")
    parser.add_argument("--json", type=Path, help="also write every figure to this file")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
