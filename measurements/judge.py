"""How good and how fast the local judge is on labelled messages.

    python measurements/judge.py [EXCHANGES.jsonl ...] [--conversations CONVERSATIONS.jsonl] [--errors]

Records as `python -m tutor assess` and `replay` read them, plus their labels. With no file: the sets of other
writers in tests/data/messages. Shares come with 95% Wilson intervals. Messages are judged exactly as in the
app (tutor/judge/assessment.py).
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sklearn.metrics import cohen_kappa_score

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from engine import score_interval  # noqa: E402
from labs import case_of, load_lab  # noqa: E402
from tutor import REQUIRED, SUBSTANTIVE, Assessment, Message  # noqa: E402
from tutor.judge import LocalJudge, assess  # noqa: E402

SETS = sorted((ROOT / "tests" / "data" / "messages").glob("*.jsonl"))
CATEGORIES = ("swap", "fits_any", "edited_copy", "own_repeat")  # hollow ones of which each has its own bar or hole


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("exchanges", nargs="*", type=Path, default=SETS)
    parser.add_argument("--conversations", type=Path)
    parser.add_argument("--errors", action="store_true", help="name the messages judged wrong, by id and kind")
    given = parser.parse_args()
    begun = time.perf_counter()
    judge = LocalJudge()
    print(f"loaded in {time.perf_counter() - begun:.1f} s")
    for file in given.exchanges:
        records = _read(file)
        _say(records[0], (), judge)
        begun = time.perf_counter()
        found = [_say(record, _earlier(record), judge) for record in records]
        each = 1000 * (time.perf_counter() - begun) / len(records)
        print(f"\n{file.stem} ({each:.0f} ms a message)")
        _report(records, found)
        if given.errors:
            for record, one in zip(records, found, strict=True):
                if one.substantive != _counts(record):
                    print(f"  {record.get('id')}: is {record['why']}, judged {one.why} by {one.judge}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\npeak {peak:.0f} MiB, torch loaded: {'torch' in sys.modules}")
    if given.conversations:
        _replay(_read(given.conversations), judge)


def _read(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]


def _counts(record: dict[str, Any]) -> bool:
    return record["why"] in SUBSTANTIVE


def _earlier(record: dict[str, Any]) -> tuple[str, ...]:
    return tuple(record.get("earlier", record.get("history", ())))


def _belief(record: dict[str, Any]) -> str | None:
    return record.get("belief", record.get("misconception"))


def _say(record: dict[str, Any], earlier: tuple[str, ...], judge: LocalJudge) -> Assessment:
    lab = load_lab(record["lab"])
    case = case_of(lab, record.get("case") or record["scenario"])
    message = Message(lab=lab, case=case, tutor=record["tutor"], learner=record["learner"], earlier=earlier)
    return assess(message, judge)


def _report(records: list[dict[str, Any]], found: list[Assessment]) -> None:
    pairs = list(zip(records, found, strict=True))
    truth, said = [_counts(record) for record in records], [one.substantive for one in found]
    _share("accuracy", [one == other for one, other in zip(truth, said, strict=True)])
    _share("recall", [one.substantive for record, one in pairs if _counts(record)])
    _share("false pass", [one.substantive for record, one in pairs if not _counts(record)])
    print(f"kappa: {cohen_kappa_score(truth, said):.3f}")
    orders = [one.substantive for record, one in pairs if record["why"] == "injection"]
    print(f"injections that pass: {sum(orders)} of {len(orders)}")
    for category in CATEGORIES:
        passed = [one.substantive for record, one in pairs if record.get("category") == category]
        if passed:
            _share(f"{category} that pass", passed)
    refused = [(record, one) for record, one in pairs if not _counts(record) and not one.substantive]
    _share("reason for not counting", [one.why == record["why"] for record, one in refused])
    _concepts_and_beliefs(pairs)
    groups: dict[str, list[bool]] = defaultdict(list)
    for record, one in pairs:
        groups[record["lab"]].append(one.substantive == _counts(record))
        groups[record.get("language", record.get("lang", "en"))].append(one.substantive == _counts(record))
    print("right: " + "; ".join(f"{name} {sum(ok)} of {len(ok)}" for name, ok in sorted(groups.items())))


def _concepts_and_beliefs(pairs: list[tuple[dict[str, Any], Assessment]]) -> None:
    both = only = missed = 0
    for record, one in pairs:
        truth, named = set(record["concepts"] or ()), set(one.concepts)
        both, only, missed = both + len(truth & named), only + len(named - truth), missed + len(truth - named)
    print(f"concepts: micro-F1 {2 * both / max(1, 2 * both + only + missed):.3f}")
    held = [one.misconception == _belief(record) for record, one in pairs if _belief(record)]
    extra = sum(bool(one.misconception) for record, one in pairs if not _belief(record))
    print(f"beliefs held: {sum(held)} of {len(held)} named; named where there is none: {extra}")
    denied = [record.get("category") == "denial" or bool(record.get("denies")) for record, _ in pairs]
    read = [bool(one.misconception) for (_, one), is_denial in zip(pairs, denied, strict=True) if is_denial]
    if read:
        _share("denials read as the belief", read)


def _share(name: str, marks: Sequence[bool]) -> None:
    if not marks:
        return
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
