"""Whether two logs are of one measurement: judged by what they state, and by the prompts of the paired items."""

from __future__ import annotations

from engine.harness.comparability import Comparability, compare_settings
from engine.logs.log import digest_kind
from engine.logs.pairing import Aligned


def comparability(aligned: Aligned) -> Comparability:
    """Judge two logs by what they state of themselves, and by the prompts of the paired items."""
    a, b = dict(aligned.a.settings), dict(aligned.b.settings)
    prompts = [(x.prompt, y.prompt) for x, y in aligned.pairs]
    if prompts and all(x and y and digest_kind(x) == digest_kind(y) for x, y in prompts):
        same = sum(x == y for x, y in prompts)
        a["prompts"] = f"{len(prompts):,} prompts"
        b["prompts"] = a["prompts"] if same == len(prompts) else f"{same:,} of them the same"
    return compare_settings(a, b, aligned.names, kind="logs")
