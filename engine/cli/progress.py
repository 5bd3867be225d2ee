"""A battle that is being run, on standard error: a progress bar until it is over, and what an interrupt does."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from tqdm import tqdm

from engine import runs
from engine.errors import BattleFailed, CallerMistake, EngineError

POLL = 0.5


def follow(battle_id: str, resume: str = "") -> None:
    """Draws the progress bar until the battle is over.

    battle_id  of a battle that was started
    resume     the command that goes on with it, if that is not the battle's own

    Raises:
        CallerMistake: the battle is refused, or waits for disk space.
        BattleFailed: it failed or was stopped.
    """
    resume = resume or f"battle --resume {battle_id}"
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
                raise CallerMistake(f"{progress.phase}. Free some space, then: python -m engine {resume}")
            time.sleep(POLL)
            progress = runs.watch(battle_id)
        bar.update(progress.done - bar.n)
    if progress.state == "failed":
        raise (CallerMistake if progress.exit_code == CallerMistake.exit_code else BattleFailed)(progress.message)
    if progress.state == "stopped":
        raise BattleFailed(f"The battle was stopped. To go on: python -m engine {resume}")


def follow_each(battle_ids: Iterable[str], resume: str) -> None:
    """Follows battles that belong together; one that failed is printed, and costs the others nothing.

    battle_ids  in the order they are run
    resume      the command that goes on with all of them
    """
    for battle_id in battle_ids:
        try:
            follow(battle_id, resume)
        except EngineError as error:
            if runs.result(battle_id).state != "failed":
                raise
            print(error, file=sys.stderr)


@contextmanager
def stopped_by_interrupt(battle_ids: Sequence[str], way_on: str) -> Iterator[None]:
    """An interrupt inside stops the battles, the last first so that none begins, and leaves with exit code 130.

    battle_ids  in the order they are run
    way_on      the sentence that says how to go on with them
    """
    try:
        yield
    except KeyboardInterrupt:
        for battle_id in reversed(battle_ids):
            runs.stop(battle_id)
        print(f"\nStopped. {way_on}", file=sys.stderr)
        sys.exit(130)
