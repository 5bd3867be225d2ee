"""What takes long of a battle with many items, computed in a process of its own from what the ledger holds.

Stored texts are read again by every rule of the task, which are regular expressions and algebra on what a model wrote.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import TypeAdapter

from engine import runs
from engine.analysis.battle_analysis import analyse
from engine.isolation import IsolatedFunction, Limits, Pool, Waiting
from engine.report.battle import battle_json
from engine.stats.decomposition import GapDecomposition

_DECOMPOSITION: TypeAdapter[GapDecomposition | None] = TypeAdapter(GapDecomposition | None)


def decomposition(battle_id: str, *, owner: str, waiting: Waiting | None = None) -> GapDecomposition | None:
    """A battle's gap in its sources; None while there is no verdict.

    battle_id  in the ledger
    owner      for whom
    waiting    see `Pool.call`

    Raises:
        LimitExceeded: it takes too much.
    """
    return _DECOMPOSITION.validate_python(_POOL.call(PARTS, battle_id, owner=owner, waiting=waiting))


def battle_file(battle_id: str, *, paths: bool, owner: str, waiting: Waiting | None = None) -> str:
    """A battle as the command line writes it.

    battle_id  in the ledger
    paths      see `battle_json`
    owner      for whom
    waiting    see `Pool.call`

    Raises:
        LimitExceeded: it takes too much.
    """
    return str(_POOL.call(FILE, {"battle": battle_id, "paths": paths}, owner=owner, waiting=waiting))


PARTS = IsolatedFunction(
    name=f"{__name__}:isolated_decomposition",
    doing="Reading the stored answers by the other rules",
    instead="On your own machine: python -m engine readings BATTLE.",
    limits=Limits(memory=2 << 30, computing=60, time=180, turn=120),
)
FILE = IsolatedFunction(
    name=f"{__name__}:isolated_battle_file",
    doing="Writing down this battle",
    instead="On your own machine: python -m engine export BATTLE FOLDER.",
    limits=Limits(memory=2 << 30, computing=60, time=180, output=128 << 20, turn=120),
)
_POOL = Pool(size=1, functions=(PARTS, FILE), programs=True)


# ---- in the child


def isolated_decomposition(battle_id: str) -> Any:
    return _DECOMPOSITION.dump_python(analyse(runs.result(battle_id)).decomposition, mode="json")


def isolated_battle_file(request: dict[str, Any]) -> str:
    return json.dumps(battle_json(runs.result(request["battle"]), paths=request["paths"]), indent=1)
