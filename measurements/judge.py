"""How good and how fast the local judge is on labelled messages.

    python measurements/judge.py EXCHANGES.jsonl [CONVERSATIONS.jsonl]

Records as `python -m tutor assess` and `replay` read them, plus their labels. With no file: the built-in exam of 80.
Shares come with 95% Wilson intervals. Messages are judged exactly as in the app (tutor/judge/assessment.py).
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from engine import score_interval  # noqa: E402
from labs import case_of, load_lab  # noqa: E402
from tutor import REQUIRED, Assessment, Message  # noqa: E402
from tutor.judge import LocalJudge, assess  # noqa: E402

EXAM = ROOT / "tutor" / "judge" / "exam.jsonl"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("exchanges", nargs="?", type=Path, default=EXAM)
    parser.add_argument("conversations", nargs="?", type=Path)
    parser.add_argument("--errors", action="store_true", help="name the messages judged wrong, by id and kind")
    given = parser.parse_args()
    begun = time.perf_counter()
    judge = LocalJudge()
    print(f"loaded in {time.perf_counter() - begun:.1f} s")
    records = _read(given.exchanges)
    _say(records[0], (), judge)
    begun = time.perf_counter()
    found = [_say(record, tuple(record.get("history", ())), judge) for record in records]
    each = 1000 * (time.perf_counter() - begun) / len(records)
    _report(records, found)
    if given.errors:
        for record, one in zip(records, found, strict=True):
            if one.substantive != record["substantive"]:
                print(f"  {record['id']}: is {record['why']}, judged {one.why} by {one.judge}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{each:.0f} ms a message, peak {peak:.0f} MiB, torch loaded: {'torch' in sys.modules}")
    if given.conversations:
        _replay(_read(given.conversations), judge)


def _read(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]


def _say(record: dict[str, Any], earlier: tuple[str, ...], judge: LocalJudge) -> Assessment:
    lab = load_lab(record["lab"])
    case = case_of(lab, record["scenario"])
    message = Message(lab=lab, case=case, tutor=record["tutor"], learner=record["learner"], earlier=earlier)
    return assess(message, judge)


def _report(records: list[dict[str, Any]], found: list[Assessment]) -> None:
    right = [one.substantive == record["substantive"] for record, one in zip(records, found, strict=True)]
    sound = [one.substantive for record, one in zip(records, found, strict=True) if record["substantive"]]
    hollow = [one.substantive for record, one in zip(records, found, strict=True) if not record["substantive"]]
    orders = [one.substantive for record, one in zip(records, found, strict=True) if record["why"] == "injection"]
    _share("accuracy", right)
    _share("recall", sound)
    _share("false pass", hollow)
    print(f"injections that pass: {sum(orders)} of {len(orders)}")
    both = only = missed = 0
    for record, one in zip(records, found, strict=True):
        truth, named = set(record["concepts"]), set(one.concepts)
        both, only, missed = both + len(truth & named), only + len(named - truth), missed + len(truth - named)
    print(f"concepts: micro-F1 {2 * both / (2 * both + only + missed):.3f}")
    beliefs = [one.misconception for record, one in zip(records, found, strict=True) if record["misconception"]]
    truths = [record["misconception"] for record in records if record["misconception"]]
    hits = sum(one == truth for one, truth in zip(beliefs, truths, strict=True))
    extra = sum(
        bool(one.misconception) for record, one in zip(records, found, strict=True) if not record["misconception"]
    )
    print(f"beliefs: {hits} of {len(truths)} named; named where there is none: {extra}")
    groups: dict[str, list[bool]] = defaultdict(list)
    for record, ok in zip(records, right, strict=True):
        groups[record["lab"]].append(ok)
        groups["English" if record.get("lang", record.get("language")) == "en" else "other languages"].append(ok)
    print("; ".join(f"{name} {sum(ok)} of {len(ok)}" for name, ok in sorted(groups.items())))


def _share(name: str, marks: list[bool]) -> None:
    interval = score_interval(sum(marks), len(marks))
    print(f"{name}: {sum(marks) / len(marks):.3f} [{interval.low:.3f}, {interval.high:.3f}] (n = {len(marks)})")


def _replay(conversations: list[dict[str, Any]], judge: LocalJudge) -> None:
    whole = 0
    for talk in conversations:
        said: list[str] = []
        counted, wrong = 0, []
        for turn in talk["turns"]:
            counted += _say({**talk, **turn}, tuple(said), judge).substantive
            said.append(turn["learner"])
            expected = turn["expected"]
            if (counted, counted >= REQUIRED) != (expected["substantive_so_far"], expected["complete"]):
                wrong.append(turn["turn"])
        whole += not wrong
        print(f"  {talk['id']}: " + (f"differs at turn {wrong[0]}" if wrong else "right at every turn"))
    print(f"conversations: {whole} of {len(conversations)} right at every turn")


if __name__ == "__main__":
    main()
