"""Many token sequences as one row: whatever they share at the front is computed once.

The sequences of a batch are laid out as a forest of prefix trees, flattened into a single row. A token sees
its ancestors and nothing else, so its hidden state is what it would be in its own sequence, alone. The
choices of a question share its context, questions share their worked examples, and nothing is padded.
Numpy only: this module knows neither torch nor models.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class PrefixTree:
    """L distinct nodes for the sequences they came from."""

    tokens: NDArray[np.int64]
    """(L,) token of each node."""
    positions: NDArray[np.int64]
    """(L,) depth of each node: its position in its own sequence."""
    sees: NDArray[np.bool_]
    """(L, L) whether row's node attends to column's node: itself and its ancestors."""
    paths: tuple[NDArray[np.int64], ...]
    """For each sequence as given, the nodes along it."""


def flatten(sequences: Sequence[tuple[int, ...]]) -> PrefixTree:
    """The prefix forest of non-empty token sequences."""
    order = sorted(range(len(sequences)), key=lambda i: sequences[i])
    tokens: list[int] = []
    positions: list[int] = []
    paths: list[NDArray[np.int64]] = [np.empty(0, np.int64)] * len(sequences)
    previous: tuple[int, ...] = ()
    path: list[int] = []
    for i in order:
        sequence = sequences[i]
        shared = common_prefix(previous, sequence)
        path = path[:shared] + list(range(len(tokens), len(tokens) + len(sequence) - shared))
        tokens.extend(sequence[shared:])
        positions.extend(range(shared, len(sequence)))
        paths[i] = np.array(path, np.int64)
        previous = sequence
    sees = np.zeros((len(tokens), len(tokens)), np.bool_)
    for nodes in paths:
        sees[np.ix_(nodes, nodes)] |= np.tri(len(nodes), dtype=np.bool_)
    return PrefixTree(np.array(tokens, np.int64), np.array(positions, np.int64), sees, tuple(paths))


def common_prefix(first: Sequence[int], second: Sequence[int]) -> int:
    """Number of tokens both begin with. Slices are compared, halving where they differ, which is C's work."""
    low, high = 0, min(len(first), len(second))
    if first[:high] == second[:high]:
        return high
    while high - low > 1:
        middle = (low + high) // 2
        if first[low:middle] == second[low:middle]:
            low = middle
        else:
            high = middle
    return low


def size(sequences: Sequence[tuple[int, ...]], after: tuple[int, ...] = ()) -> int:
    """Distinct nodes of the forest, not counting what a sequence shares with `after`, its left neighbour."""
    total = 0
    for sequence in sorted(sequences):
        total += len(sequence) - common_prefix(after, sequence)
        after = sequence
    return total
