"""What is computed together: which items go on from one shared prefix, and which share a forward pass.

A plan is a function of the lines alone, in the order given, so the same block of a battle is always computed in the
same passes and its numbers are the same to the bit, whatever of it was written down before. No torch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.models.local import prefix_tree

WORTH_A_PASS = 64
"""Shared tokens from which a pass of their own pays."""
ALIGNMENT = 32
"""Shared prefixes end at multiples of this, so that blocks of one benchmark come to the same one and find it kept."""


@dataclass(frozen=True, slots=True)
class Line:
    """One text as tokens: the model reads `read` and is asked for its last `scored` next tokens, `targets`."""

    read: tuple[int, ...]
    targets: tuple[int, ...]
    truncated_tokens: int = 0
    """Tokens dropped at the front because the model cannot read as many."""

    @property
    def scored(self) -> int:
        return len(self.targets)


@dataclass(frozen=True, slots=True)
class Group:
    """Items that go on from one shared prefix, in batches of one forward pass each."""

    prefix: tuple[int, ...]
    batches: tuple[tuple[int, ...], ...]
    """Indices of items."""


@dataclass(frozen=True, slots=True)
class _Item:
    index: int
    reads: tuple[tuple[int, ...], ...]
    rows: int
    prefix: int
    """Tokens all its lines begin with and none of them is asked for."""


def plan_batches(
    items: Sequence[Sequence[Line]], budget: int, max_rows: int, *, split_long: bool = True
) -> list[Group]:
    """Groups of items with the longest shared prefixes, in batches of at most `budget` distinct tokens.

    items       the lines of each: a text a choice, or one prompt
    budget      distinct tokens computed at a time
    max_rows    places a pass may ask for next tokens: each costs a row as wide as the vocabulary
    split_long  an item larger than the budget, a batch of its own, has what its lines share as its prefix
    """
    measured = sorted((_lengths(index, lines) for index, lines in enumerate(items)), key=lambda item: item.reads)
    groups: list[Group] = []
    loose: list[_Item] = []
    for shared, members in _neighbours(measured):
        single = len(members) == 1 and not split_long
        fits = prefix_tree.size([read for item in members for read in item.reads]) <= budget
        prefix = 0 if single or fits else shared - shared % ALIGNMENT
        if prefix:
            batches = tuple(_batches_of(members, prefix, budget, max_rows))
            groups.append(Group(members[0].reads[0][:prefix], batches))
        else:
            loose += members
    return [*([Group((), tuple(_batches_of(loose, 0, budget, max_rows)))] if loose else []), *groups]


def _lengths(index: int, lines: Sequence[Line]) -> _Item:
    reads = tuple(sorted(line.read for line in lines))
    unasked = min(len(line.read) - line.scored for line in lines)
    return _Item(index, reads, sum(line.scored for line in lines), _shared(reads[0], reads[-1], unasked))


def _shared(first: tuple[int, ...], second: tuple[int, ...], most: int) -> int:
    return min(most, prefix_tree.common_prefix(first, second))


def _neighbours(items: Sequence[_Item]) -> Iterator[tuple[int, list[_Item]]]:
    """Runs of sorted items with the length of the prefix all of them share, as long as it pays and is not halved."""
    run: list[_Item] = []
    length = 0
    for item in items:
        shared = _shared(run[0].reads[0], item.reads[0], min(length, item.prefix)) if run else 0
        if run and shared >= WORTH_A_PASS and 2 * shared >= length:
            run.append(item)
            length = shared
            continue
        if run:
            yield length, run
        run, length = [item], item.prefix
    if run:
        yield length, run


def _batches_of(items: Sequence[_Item], prefix: int, budget: int, max_rows: int) -> Iterator[tuple[int, ...]]:
    """Neighbours whose trees fill the budget together, the shared prefix left out."""
    batch: list[int] = []
    used = rows = 0
    last: tuple[int, ...] = ()
    for item in items:
        branches = [read[prefix:] for read in item.reads]
        tokens = prefix_tree.size(branches, after=last)
        if batch and (used + tokens > budget or rows + item.rows > max_rows):
            yield tuple(batch)
            batch, used, rows = [], 0, 0
            tokens = prefix_tree.size(branches)
        batch.append(item.index)
        used, rows = used + tokens, rows + item.rows
        last = branches[-1]
    if batch:
        yield tuple(batch)
